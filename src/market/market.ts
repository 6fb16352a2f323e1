import type { Exchange } from './exchange.js';

/** What is traded for what: `BTC` for `KRW`. Both parts upper case. */
export interface Pair {
  /** Base asset, e.g. `BTC`. */
  readonly symbol: string;
  /** Quote currency, e.g. `KRW`. */
  readonly currency: string;
}

/** A pair on one exchange. */
export interface Market extends Pair {
  readonly exchange: Exchange;
}

/** `BTC-KRW`. */
export function pairText(pair: Pair): string {
  return `${pair.symbol}-${pair.currency}`;
}

/** `UPBIT:BTC-KRW`; unique for a market, used as a map key and shown to people. */
export function marketKey(market: Market): string {
  return `${market.exchange}:${market.symbol}-${market.currency}`;
}
