import { COLLECT_GRAMMAR, type CollectPattern, parseCollect } from '../market/collect-pattern.js';
import type { Exchange } from '../market/exchange.js';
import { isMarketName, type Market, marketName, type Pair } from '../market/market.js';
import type { TimeWindow } from '../market/time-window.js';
import type { SequenceState } from '../store/store-types.js';
import { badInput } from './errors.js';

function shown(value: string): string {
  return JSON.stringify(value.length > 40 ? `${value.slice(0, 40)}…` : value);
}

/** A symbol or currency in upper case, trimmed; `argument` is its name. */
export function marketPart(argument: 'symbol' | 'currency', value: string): string {
  const part = marketName(value.trim());
  if (isMarketName(part, argument)) return part;
  throw badInput(
    argument,
    `must be a name of 1 to 40 printable characters without blanks, commas, colons or *, such as ${argument === 'symbol' ? 'BTC' : 'KRW'}; was ${shown(value)}`,
  );
}

/** Arguments that narrow a selection of markets; absent or null means any. */
interface MarketFilterArgs {
  readonly exchange?: Exchange | null | undefined;
  readonly symbol?: string | null | undefined;
  readonly currency?: string | null | undefined;
}

/** The pattern of arguments that narrow a selection; null = any. */
export function filterPattern({ exchange, symbol, currency }: MarketFilterArgs): CollectPattern {
  return {
    exchange: exchange ?? null,
    symbol: symbol === null || symbol === undefined ? null : marketPart('symbol', symbol),
    currency: currency === null || currency === undefined ? null : marketPart('currency', currency),
  };
}

/** As {@link filterPattern}, with undefined for any. */
export function marketFilter(args: MarketFilterArgs) {
  const { exchange, symbol, currency } = filterPattern(args);
  return {
    exchange: exchange ?? undefined,
    symbol: symbol ?? undefined,
    currency: currency ?? undefined,
  };
}

/** The pair that the arguments `symbol` and `currency` name. */
export function pairOf(args: Pair): Pair {
  return {
    symbol: marketPart('symbol', args.symbol),
    currency: marketPart('currency', args.currency),
  };
}

/** The market that the arguments `exchange`, `symbol` and `currency` name. */
export function marketOf(args: Market): Market {
  return { exchange: args.exchange, ...pairOf(args) };
}

/** A pattern of markets, one entry as in `COLLECT`. */
export function marketPattern(value: string): CollectPattern {
  const read = parseCollect(value);
  if (!read.ok) throw badInput('pattern', read.problems.join('; '));
  const [pattern] = read.patterns;
  if (pattern !== undefined && read.patterns.length === 1) return pattern;
  throw badInput('pattern', `must be one pattern, ${COLLECT_GRAMMAR}; was ${shown(value)}`);
}

/** How many levels a side to return: undefined for all, otherwise at least 1. */
export function checkedDepth(depth: number | null | undefined): number | undefined {
  if (depth === null || depth === undefined) return undefined;
  if (depth >= 1) return depth;
  throw badInput('depth', `must be 1 or more, or left out for all levels; was ${depth}`);
}

/** Smallest and largest interval between two books of a market that a client may set, ms. */
export const MIN_EVERY = 10;
export const MAX_EVERY = 3_600_000;

/** The interval in the argument `every`, ms; 0 when absent. */
export function checkedEvery(every: number | null | undefined): number {
  if (every === null || every === undefined) return 0;
  if (every >= MIN_EVERY && every <= MAX_EVERY) return every;
  throw badInput(
    'every',
    `must be from ${MIN_EVERY} to ${MAX_EVERY} milliseconds, or left out for every change; was ${every}`,
  );
}

/** The sequence to resume after in the argument `since`; undefined when absent. */
export function checkedSince(
  since: number | null | undefined,
  every: number | null | undefined,
  { newest, elsewhere = newest }: Pick<SequenceState, 'newest' | 'elsewhere'>,
): number | undefined {
  if (since === null || since === undefined) return undefined;
  if (every !== null && every !== undefined) {
    throw badInput('every', 'must be left out with since, which delivers every book');
  }
  if (since < 0) throw badInput('since', `must be a sequence; was ${since}`);
  if (since <= elsewhere) return since;
  throw badInput(
    'since',
    `must not be beyond the newest sequence, which is ${newest}; was ${since}`,
  );
}

/** Maximum speed of a replay. */
export const MAX_SPEED = 1_000;

/** The speed in the argument `speed`. */
export function checkedSpeed(speed: number): number {
  if (speed >= 0 && speed <= MAX_SPEED) return speed;
  throw badInput('speed', `must be from 0 (as fast as you read) to ${MAX_SPEED}; was ${speed}`);
}

/** Maximum number of markets in one subscription. */
export const MAX_MARKETS = 500;

/** The markets given by `markets` or `pattern`; exactly one of the two must be given. */
export function marketPatterns(args: {
  readonly markets?: readonly Market[] | null | undefined;
  readonly pattern?: string | null | undefined;
}): readonly CollectPattern[] {
  const { markets, pattern } = args;
  const listed = markets !== null && markets !== undefined;
  const named = pattern !== null && pattern !== undefined;
  if (listed === named) throw badInput('markets', 'give either markets or pattern');
  if (listed) {
    if (markets.length === 0) throw badInput('markets', 'must name at least one market');
    if (markets.length > MAX_MARKETS) {
      throw badInput(
        'markets',
        `must name at most ${MAX_MARKETS} markets; were ${markets.length}; a pattern such as UPBIT:*-KRW names many`,
      );
    }
    return markets.map(marketOf);
  }
  const result = parseCollect(pattern!);
  if (!result.ok) throw badInput('pattern', result.problems.slice(0, 3).join('; '));
  const { patterns } = result;
  if (patterns.length === 0)
    throw badInput('pattern', `must not be empty; write ${COLLECT_GRAMMAR}`);
  if (patterns.length <= MAX_MARKETS) return patterns;
  throw badInput('pattern', `must have at most ${MAX_MARKETS} parts; had ${patterns.length}`);
}

/** The time window in the arguments `from` and `to`, Unix ms. */
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

/** Name of a log event, as in the catalogue; absent or null becomes undefined, which means any. */
export function optionalEvent(value: string | null | undefined): string | undefined {
  if (value === null || value === undefined) return undefined;
  const event = value.trim().toUpperCase();
  if (EVENT.test(event)) return event;
  throw badInput(
    'event',
    `must be the name of a log event, such as WS_CONNECTED; was ${shown(value)}`,
  );
}
