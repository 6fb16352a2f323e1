import type { Market } from './market.js';
import { compareDecimal } from './decimal.js';
import type { Side, Sides } from './order-book.js';

/** The taker's side of a trade: `buy` took asks, `sell` took bids. */
export type TradeSide = 'buy' | 'sell';

/** The side of a book that a taker takes from. */
export function takenSide(side: TradeSide): Side {
  return side === 'buy' ? 'ask' : 'bid';
}

/**
 * How a trade was obtained: `LIVE` streamed as it happened, `SNAPSHOT` the last one on record when
 * the stream was subscribed (it may be hours old), `BACKFILL` from the exchange's REST history.
 */
export const TRADE_ORIGINS = ['LIVE', 'SNAPSHOT', 'BACKFILL'] as const;

/** See {@link TRADE_ORIGINS}. */
export type TradeOrigin = (typeof TRADE_ORIGINS)[number];

/**
 * Which of an exchange's ids an id is: `EXCHANGE` shared by its stream and its REST history,
 * `STREAM` given by the stream only, `REST` given by the history only and possibly shared by
 * several trades of a millisecond. Bithumb alone has the latter two.
 */
export const TRADE_ID_KINDS = ['EXCHANGE', 'STREAM', 'REST'] as const;

/** See {@link TRADE_ID_KINDS}. */
export type TradeIdKind = (typeof TRADE_ID_KINDS)[number];

/** A trade as an exchange reports it. */
export interface ReadTrade {
  /** The exchange's id, verbatim. */
  readonly tradeId: string;
  readonly idKind: TradeIdKind;
  readonly side: TradeSide;
  /** Decimal text, in the quote currency; greater than 0. */
  readonly price: string;
  /** Decimal text, in the base asset; greater than 0. */
  readonly volume: string;
  /** The exchange's own time of the trade, Unix ms. */
  readonly exchangeTimestamp: number;
  /** Resolution of that time, ms: 1, or 1000 where the exchange gives seconds. */
  readonly resolutionMs: number;
  /** When the exchange sent the message, Unix ms; null where it gives none. */
  readonly messageTimestamp: number | null;
}

/** A recorded trade. Immutable: the store and all readers share it. */
export interface Trade extends ReadTrade {
  readonly market: Market;
  /** When this program received it, Unix ms. */
  readonly timestamp: number;
  /** Receive number, from the same counter as the books'. */
  readonly sequence: number;
  readonly origin: TradeOrigin;
}

/**
 * The taker's side, inferred from a price and the book before the trade: a buyer takes an ask, at
 * or above the best one. Null where the price is inside the spread, or the book is crossed.
 */
export function touchedSide({ asks, bids }: Sides, price: string): TradeSide | null {
  const ask = asks[0]?.[0];
  const bid = bids[0]?.[0];
  if (ask === undefined || bid === undefined || compareDecimal(bid, ask) >= 0) return null;
  if (compareDecimal(price, ask) >= 0) return 'buy';
  return compareDecimal(price, bid) <= 0 ? 'sell' : null;
}

/** Compares two ids of one kind: as numbers where both are integers, otherwise as text. */
export function compareTradeIds(a: string, b: string): number {
  return a.length - b.length || compareText(a, b);
}

/** Order of a market's trades: exchange time, then comparable ids, then receipt. */
export function compareTrades(a: Trade, b: Trade): number {
  return (
    a.exchangeTimestamp - b.exchangeTimestamp ||
    (a.idKind === b.idKind ? compareTradeIds(a.tradeId, b.tradeId) : 0) ||
    a.sequence - b.sequence
  );
}

/** Order of trades of any markets: exchange time, then market, then as {@link compareTrades}. */
export function compareAllTrades(a: Trade, b: Trade): number {
  return (
    a.exchangeTimestamp - b.exchangeTimestamp ||
    compareMarkets(a.market, b.market) ||
    compareTrades(a, b)
  );
}

/** Trades further apart than this are looked up apart: a wild time among them does not span all between. */
const NEAR_MS = 86_400_000;

/** Trades in groups, by time, with a day at most from one to the next. */
export function nearInTime(trades: readonly ReadTrade[]): ReadTrade[][] {
  const groups: ReadTrade[][] = [];
  let before = -Infinity;
  for (const trade of [...trades].sort((a, b) => a.exchangeTimestamp - b.exchangeTimestamp)) {
    if (trade.exchangeTimestamp - before > NEAR_MS) groups.push([]);
    groups.at(-1)!.push(trade);
    before = trade.exchangeTimestamp;
  }
  return groups;
}

function compareMarkets(a: Market, b: Market): number {
  if (a === b) return 0;
  return (
    compareText(a.exchange, b.exchange) ||
    compareText(a.symbol, b.symbol) ||
    compareText(a.currency, b.currency)
  );
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/**
 * What identifies a trade in every message about it, whatever its id: an id that comes again with
 * different contents is another trade, and so are two trades with equal contents and different ids.
 */
export function tradeContents(trade: ReadTrade): string {
  const { exchangeTimestamp, price, volume, side } = trade;
  return `${exchangeTimestamp} ${price} ${volume} ${side}`;
}
