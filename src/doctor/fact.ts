import { compareDecimal, decimalFromWire } from '../market/decimal.js';
import type { Evidence, Group } from './evidence.js';

/** Whether what was seen agrees with a fact. */
export type Verdict = 'CONFIRMED' | 'CONTRADICTED' | 'NOT SEEN';

/** What was found about one fact. */
export interface Judgement {
  readonly verdict: Verdict;
  readonly seen: string;
}

/** One statement of docs/exchanges that collectors rely on, and how it is judged. */
export interface Fact<G extends Group = Group> {
  /** Its id there. */
  readonly id: string;
  readonly group: G;
  /** What it says, in brief. */
  readonly expected: string;
  judge(seen: Evidence[G]): Judgement;
}

/** What a fact says, and how it is judged by what was seen. */
export interface Claim<S> {
  readonly expected: string;
  readonly judge: (seen: S) => Judgement;
}

/** A fact's words and its judgement. */
export function is<S>(expected: string, judge: (seen: S) => Judgement): Claim<S> {
  return { expected, judge };
}

/** The facts of an exchange by group and id, in their order. */
export function facts(groups: {
  readonly [G in Group]?: Readonly<Record<string, Claim<Evidence[G]>>>;
}): readonly Fact[] {
  return Object.entries(groups).flatMap(([group, claims]) =>
    Object.entries(claims as Record<string, Claim<never>>).map(([id, claim]) => ({
      ...{ id, group: group as Group },
      ...claim,
    })),
  );
}

/** A fact that holds or does not. */
export function holds(ok: boolean, seen: string): Judgement {
  return { verdict: ok ? 'CONFIRMED' : 'CONTRADICTED', seen };
}

/** A fact about which nothing was seen. @param why in words */
export function unseen(why: string): Judgement {
  return { verdict: 'NOT SEEN', seen: why };
}

/** Whether all are as expected, else how many are not, with the first of them. */
export function allOf<T>(
  items: readonly T[],
  good: (item: T) => boolean,
  show: (item: T) => string,
  none = 'none came',
): Judgement {
  if (items.length === 0) return unseen(none);
  const wrong = items.filter((item) => !good(item));
  if (wrong.length === 0) return holds(true, `all ${items.length}, such as ${show(items[0]!)}`);
  return holds(false, `${wrong.length} of ${items.length} not, such as ${show(wrong[0]!)}`);
}

/** A nested member of a parsed value, or undefined. */
export function field(value: unknown, ...path: readonly (string | number)[]): unknown {
  return path.reduce<unknown>(
    (at, key) =>
      typeof at === 'object' && at !== null
        ? (at as Record<string | number, unknown>)[key]
        : undefined,
    value,
  );
}

/** The member at a place of each of some values. */
export function fieldsOf(values: readonly unknown[], ...path: readonly (string | number)[]) {
  return values.map((value) => field(value, ...path));
}

/** The elements of a value if it is an array, else none. */
export function elements(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? (value as unknown[]) : [];
}

/** Whether objects have exactly these keys, `optional` ones aside; in their order if `ordered`. */
export function keysAre(
  objects: readonly unknown[],
  required: readonly string[],
  { optional = [], ordered = false }: { optional?: readonly string[]; ordered?: boolean } = {},
): Judgement {
  const all = [...required, ...optional];
  const good = (object: unknown): boolean => {
    const keys = keysOf(object);
    if (!required.every((key) => keys.includes(key))) return false;
    if (!keys.every((key) => all.includes(key))) return false;
    return !ordered || keys.join() === all.filter((key) => keys.includes(key)).join();
  };
  const show = (object: unknown): string => {
    const keys = keysOf(object);
    const unknown = keys.filter((key) => !all.includes(key));
    const missing = required.filter((key) => !keys.includes(key));
    if (unknown.length > 0) return `unknown ${unknown.join(', ')}`;
    return missing.length > 0 ? `without ${missing.join(', ')}` : keys.join(', ');
  };
  return allOf(objects, good, show);
}

function keysOf(object: unknown): readonly string[] {
  return typeof object === 'object' && object !== null && !Array.isArray(object)
    ? Object.keys(object)
    : [];
}

/** Whether all texts have a form. */
export function textsAre(values: readonly unknown[], form: RegExp): Judgement {
  return allOf(
    values,
    (value) => typeof value === 'string' && form.test(value),
    (value) => JSON.stringify(value) ?? 'nothing',
  );
}

/** A number's text as Decimal text; null for anything else. */
export function decimalOf(value: unknown): string | null {
  try {
    return typeof value === 'string' ? decimalFromWire(value) : null;
  } catch {
    return null;
  }
}

/** Whether decimals, each given as the text that was sent, rise (`direction` 1) or fall (-1) all the way. */
export function steady(texts: readonly unknown[], direction: 1 | -1): boolean {
  const decimals = texts.map(decimalOf);
  return decimals.every((decimal, i) => {
    if (decimal === null) return false;
    const before = decimals[i - 1] ?? null;
    return before === null || compareDecimal(decimal, before) * direction > 0;
  });
}

/** The worst of several judgements of one fact: the first that contradicts, else one that saw something. */
export function together(...parts: readonly Judgement[]): Judgement {
  const wrong = parts.find(({ verdict }) => verdict === 'CONTRADICTED');
  if (wrong !== undefined) return wrong;
  const seen = parts.filter(({ verdict }) => verdict === 'CONFIRMED');
  if (seen.length === 0) return parts[0] ?? unseen('nothing came');
  return holds(true, seen.map((part) => part.seen).join('; '));
}
