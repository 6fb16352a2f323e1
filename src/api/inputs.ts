import { COLLECT_GRAMMAR, type CollectPattern, parseCollect } from '../market/collect-pattern.js';
import type { TimeWindow } from '../store/store-types.js';
import { badInput } from './errors.js';

const PART = /^[A-Z0-9]{1,20}$/;

function shown(value: string): string {
  return JSON.stringify(value.length > 40 ? `${value.slice(0, 40)}…` : value);
}

/** A symbol or currency in upper case without blanks around it; `argument` is its name. */
export function marketPart(argument: 'symbol' | 'currency', value: string): string {
  const part = value.trim().toUpperCase();
  if (PART.test(part)) return part;
  throw badInput(
    argument,
    `must be 1 to 20 letters A-Z or digits, such as ${argument === 'symbol' ? 'BTC' : 'KRW'}; was ${shown(value)}`,
  );
}

/** As {@link marketPart}; absent or null stays undefined, which means any. */
export function optionalMarketPart(
  argument: 'symbol' | 'currency',
  value: string | null | undefined,
): string | undefined {
  return value === null || value === undefined ? undefined : marketPart(argument, value);
}

/** A pattern of markets, one entry as in `COLLECT`. */
export function marketPattern(value: string): CollectPattern {
  const read = parseCollect(value);
  if (!read.ok) throw badInput('pattern', read.problems.join('; '));
  const [pattern] = read.patterns;
  if (pattern !== undefined && read.patterns.length === 1) return pattern;
  throw badInput('pattern', `must be one pattern, ${COLLECT_GRAMMAR}; was ${shown(value)}`);
}

/** How many levels of a side to give: undefined for all, else at least 1. */
export function checkedDepth(depth: number | null | undefined): number | undefined {
  if (depth === null || depth === undefined) return undefined;
  if (depth >= 1) return depth;
  throw badInput('depth', `must be 1 or more, or left out for all levels; was ${depth}`);
}

/** A time window out of the arguments `from` and `to`, Unix ms. */
export function timeWindow(args: {
  readonly from?: number | null | undefined;
  readonly to?: number | null | undefined;
}): TimeWindow {
  const from = args.from ?? undefined;
  const to = args.to ?? undefined;
  if (from !== undefined && to !== undefined && from > to) {
    throw badInput('to', 'must not be before from');
  }
  return { from, to };
}

const EVENT = /^[A-Z0-9_]{1,60}$/;

/** Name of a log event, as in the catalogue; absent or null stays undefined, which means any. */
export function optionalEvent(value: string | null | undefined): string | undefined {
  if (value === null || value === undefined) return undefined;
  const event = value.trim().toUpperCase();
  if (EVENT.test(event)) return event;
  throw badInput(
    'event',
    `must be the name of a log event, such as WS_CONNECTED; was ${shown(value)}`,
  );
}
