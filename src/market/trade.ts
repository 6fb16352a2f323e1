import type { Market } from './market.js';
import { compareDecimal } from './decimal.js';
import type { Side, Sides } from './order-book.js';

/** The side of the taker of a trade: `buy` took asks, `sell` took bids. */
export type TradeSide = 'buy' | 'sell';

/** The side of a book that a taker takes from. */
export function takenSide(side: TradeSide): Side {
  return side === 'buy' ? 'ask' : 'bid';
}

/**
 * How a trade came: `LIVE` as it happened, `SNAPSHOT` as the last one on record when the stream was
 * subscribed (it may be hours old), `BACKFILL` out of the exchange's REST history.
 */
export const TRADE_ORIGINS = ['LIVE', 'SNAPSHOT', 'BACKFILL'] as const;

/** See {@link TRADE_ORIGINS}. */
export type TradeOrigin = (typeof TRADE_ORIGINS)[number];

/**
 * Which of an exchange's ids an id is: `EXCHANGE` the one that its stream and its REST history share,
 * `STREAM` one that only the stream gives, `REST` one that only the history gives and that several
 * trades of a millisecond may share. Bithumb alone has the latter two.
 */
export const TRADE_ID_KINDS = ['EXCHANGE', 'STREAM', 'REST'] as const;

/** See {@link TRADE_ID_KINDS}. */
export type TradeIdKind = (typeof TRADE_ID_KINDS)[number];

/** A trade as an exchange reports it. */
export interface ReadTrade {
  /** The exchange's id, as it wrote it. */
  readonly tradeId: string;
  readonly idKind: TradeIdKind;
  readonly side: TradeSide;
  /** Decimal text, in the quote currency; more than 0. */
  readonly price: string;
  /** Decimal text, in the base asset; more than 0. */
  readonly volume: string;
  /** The exchange's own time of the trade, Unix ms. */
  readonly exchangeTimestamp: number;
  /** How fine that time is, ms: 1, or 1000 where the exchange gives seconds. */
  readonly resolutionMs: number;
  /** When the exchange sent the message, Unix ms; null where it does not say. */
  readonly messageTimestamp: number | null;
}

/** A recorded trade. Immutable: it is shared by the store and every reader. */
export interface Trade extends ReadTrade {
  readonly market: Market;
  /** When this program received it, Unix ms. */
  readonly timestamp: number;
  /** Receive number, of the same counter as those of the books. */
  readonly sequence: number;
  readonly origin: TradeOrigin;
}

/**
 * The side of the taker by a price and the book before the trade: who buys takes an ask, at the best
 * one or above it. Null where the price lies between the best ones, or these cross.
 */
export function touchedSide({ asks, bids }: Sides, price: string): TradeSide | null {
  const ask = asks[0]?.[0];
  const bid = bids[0]?.[0];
  if (ask === undefined || bid === undefined || compareDecimal(bid, ask) >= 0) return null;
  if (compareDecimal(price, ask) >= 0) return 'buy';
  return compareDecimal(price, bid) <= 0 ? 'sell' : null;
}

/** Order of two ids of one kind: as numbers, where both are whole numbers; else as texts. */
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

/** Order of trades of any markets: exchange time, then by market as {@link compareTrades}. */
export function compareAllTrades(a: Trade, b: Trade): number {
  return (
    a.exchangeTimestamp - b.exchangeTimestamp ||
    compareMarkets(a.market, b.market) ||
    compareTrades(a, b)
  );
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
 * What a trade is the same by in every message about it, whatever its id: an id that comes again with
 * other contents is another trade, and so are two trades with equal contents and other ids.
 */
export function tradeContents(trade: ReadTrade): string {
  const { exchangeTimestamp, price, volume, side } = trade;
  return `${exchangeTimestamp} ${price} ${volume} ${side}`;
}
