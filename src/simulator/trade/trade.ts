import type { BookLevel } from '../book/book.js';

/** What can be wrong with a single trade, by the name of the fault. */
export const TRADE_FAULTS = {
  hole: 'goes to no socket, REST has it',
  restHole: 'goes to the sockets, REST never has it',
  unreported: 'goes to no socket, REST never has it; candles count it',
  duplicate: 'goes to the sockets twice',
  late: 'goes to the sockets after the trades that follow it',
  wrongSide: 'the sockets show the other side, REST the right one',
  restDisagrees: 'REST shows another volume than the sockets',
  wildTime: 'REST shows it as twenty years older',
  unknownSide: 'its side is a word that does not exist',
  priceZero: 'its price is 0',
  idLeap: 'its id is far above those of its neighbours',
  idBack: 'its id is far below those of its neighbours',
  idReuse: 'it has the id of the trade before it',
} as const;

/** One of {@link TRADE_FAULTS}. */
export type TradeFault = keyof typeof TRADE_FAULTS;

/** Who crossed the spread. */
export type TakerSide = 'buy' | 'sell';

/** One trade as it happened, with what has become of it. */
export interface Trade {
  /** Its id on the sockets. */
  readonly id: string;
  /** Trade time at the resolution that the sockets show, Unix ms. */
  readonly ms: number;
  /** Side of the taker; null under the fault `unknownSide`. */
  readonly side: TakerSide | null;
  /** Price and volume of the trade. */
  readonly level: BookLevel;
  /** Made up as the past of a market when its trades were first requested. */
  readonly history: boolean;
  fault: TradeFault | null;
  /** Sockets to which it went out whole when it happened. */
  live: number;
  /** A REST reply had it. */
  rest: boolean;
}

/**
 * First id of a counter that stood at `id` on 2026-09-23, the day of the captures, and counts up to a
 * hundred trades a second: a simulator that is started again uses no id twice.
 */
export function firstTradeId(id: number): number {
  return id + Math.floor(Math.max(0, Date.now() - Date.UTC(2026, 8, 23)) / 10);
}

/** A trade as a feed shows it, which a fault may have changed. */
export interface ShownTrade {
  readonly id: string;
  readonly ms: number;
  readonly side: TakerSide | null;
  readonly level: BookLevel;
}

/** Price and volume traded within one minute, units of 1e-8. */
export interface Candle {
  /** Start, Unix ms. */
  readonly minute: number;
  readonly open: bigint;
  high: bigint;
  low: bigint;
  close: bigint;
  volume: bigint;
  /** Price times volume, units of 1e-8, the rest cut off. */
  amount: bigint;
  /** Time of its last trade, Unix ms. */
  last: number;
}

/** A trade in the ledger. Prices and volumes are canonical decimal text. */
export interface SentTrade {
  /** Id on the sockets. */
  id: string;
  /** Id by REST; another one on Bithumb. */
  restId: string;
  /** Trade time as the sockets show it, Unix ms. */
  ms: number;
  /** Side of the taker; null: it has none that exists. */
  side: TakerSide | null;
  price: string;
  volume: string;
  /** Belongs to the past that a market had when its trades were first requested. */
  history: boolean;
  /** What is wrong with it; null: nothing. */
  fault: TradeFault | null;
  /** Sockets to which it went out whole when it happened; first frames of subscriptions aside. */
  live: number;
  /** A REST reply had it. */
  rest: boolean;
}

/** Counts of a market's trades since they were first requested, not counting the past. */
export interface TradeTally {
  /** All that happened, whether they reached a client or not. */
  count: number;
  /** Those that went out whole to at least one socket when they happened. */
  live: number;
  /** Sum of all volumes, canonical decimal text. */
  volume: string;
  /** Id of the newest on the sockets; null: none yet. */
  lastId: string | null;
}

/** All trades that a simulator still keeps; nothing is kept of markets without a subscriber. */
export interface TradeLedger {
  /** Trades of a pair, in the order in which they happened, the newest some thousand. */
  of(pair: string): SentTrade[];
  /** Counts by pair. */
  markets(): ReadonlyMap<string, TradeTally>;
}

/** How many trades there are; may be changed while a simulator runs. */
export interface TradePace {
  /** Average trades per order, roughly; 0: only trades requested one by one. */
  fills: number;
  /** Trades kept per market, for REST and the ledger. */
  kept: number;
}
