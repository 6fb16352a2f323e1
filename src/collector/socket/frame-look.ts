import type { Oddity } from '../../market/oddity.js';

/** What an exchange's frames are known to contain. */
export interface KnownFrames {
  /** Names of all members, at any depth. */
  readonly keys: ReadonlySet<string>;
  /** Members that are times, with their possible numbers of digits. */
  readonly times: Readonly<Record<string, readonly number[]>>;
  /** Members that are lists of levels, with their maximum length; Infinity: any. */
  readonly levels: Readonly<Record<string, number>>;
}

/** Messages of a new connection that are inspected; after them, one in {@link EVERY}. */
const FIRST = 8;
const EVERY = 1024;

/** Whether the `n`-th message of a connection, from 0, is inspected: inspecting all would cost too much. */
export function isLookedAt(n: number): boolean {
  return n < FIRST || n % EVERY === 0;
}

/**
 * Looks for unknown parts in a message. Anything but a JSON object is ignored; nesting deeper than
 * the stack allows is left to the message reader, which rejects it.
 */
export function lookAt(
  text: string,
  known: KnownFrames,
  odd: (kind: Oddity, what: string, detail: string) => void,
): void {
  let message: unknown;
  try {
    message = JSON.parse(text);
  } catch {
    return;
  }
  const walk = (value: unknown): void => {
    if (Array.isArray(value)) return value.forEach(walk);
    if (typeof value !== 'object' || value === null) return;
    for (const [key, member] of Object.entries(value)) {
      if (!known.keys.has(key)) odd('UNKNOWN_KEY', key, `${key}: ${JSON.stringify(member)}`);
      const digits = known.times[key];
      if (digits !== undefined && (typeof member === 'number' || typeof member === 'string')) {
        const count = String(Math.trunc(Number(member))).length;
        if (!digits.includes(count)) odd('TIME_DIGITS', `${key} ${count}`, `${key}: ${member}`);
      }
      const most = known.levels[key];
      if (most !== undefined && Array.isArray(member) && member.length > most)
        odd('LEVEL_COUNT', `${key} ${member.length}`, `${member.length} in ${key}, not ${most}`);
      walk(member);
    }
  };
  try {
    walk(message);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
  }
}
