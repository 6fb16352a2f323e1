import { listed, markets, type MarketRow } from './markets.js';

/** A pair out of an address. */
export interface Pair {
  readonly symbol: string;
  readonly currency: string;
}

/** Reads `btc-krw`; null when it is no pair. */
export function readPair(text: string): Pair | null {
  const match = /^([^,:*]{1,40})-([^,:*-]{1,40})$/.exec(text.toUpperCase());
  return match === null ? null : { symbol: match[1]!, currency: match[2]! };
}

/** The markets of a pair, listed or recorded, on any exchange. */
export function marketsOf(pair: Pair): MarketRow[] {
  return [...markets.values()].filter(
    (row) => row.symbol === pair.symbol && row.currency === pair.currency,
  );
}

/** Whether it is certain that a pair does not exist: the lists are here and lack it. */
export function isUnknown(pair: Pair): boolean {
  return listed.value && marketsOf(pair).length === 0;
}
