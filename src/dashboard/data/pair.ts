import { listed, markets, type MarketRow } from './markets.js';

/** A pair from an address. */
export interface Pair {
  readonly symbol: string;
  readonly currency: string;
}

/** `BTC-KRW`. */
export const pairName = ({ symbol, currency }: Pair): string => `${symbol}-${currency}`;

/** Parses `btc-krw`, or `btc` for its KRW market; null when it is not a pair. */
export function readPair(text: string): Pair | null {
  const match = /^([^,:*]{1,40})-([^,:*-]{1,40})$|^([^,:*-]{1,40})$/.exec(text.toUpperCase());
  if (match === null) return null;
  return { symbol: match[1] ?? match[3]!, currency: match[2] ?? 'KRW' };
}

/** The markets of a pair, listed or recorded, on any exchange. */
export function marketsOf(pair: Pair): MarketRow[] {
  return [...markets.values()].filter(
    (row) => row.symbol === pair.symbol && row.currency === pair.currency,
  );
}

/** Whether a pair certainly does not exist: the lists are here and lack it. */
export function isUnknown(pair: Pair): boolean {
  return listed.value && marketsOf(pair).length === 0;
}
