import type { Redate, ClockReading } from './clock-reading.js';
import type { CollectPattern } from './collect-pattern.js';
import type { Exchange } from './exchange.js';
import type { Gap } from './gap.js';
import type {
  ExchangeRecord,
  ListedMarket,
  MarketRecord,
  WantedPattern,
  Wishes,
} from './managed-lists.js';
import type { Market, Pair } from './market.js';
import type { ReadTrade, Trade } from './trade.js';
import type { TradeMatch } from './trade-match.js';
import type { Span, TradePiece } from './trade-span.js';
import type { SequenceSource } from './sequence-source.js';

/** The managed lists, read. */
export interface ManagedLists {
  /** The managed list of exchanges, all five. */
  exchanges(): Promise<ExchangeRecord[]>;
  /** The managed list of an exchange's markets, by symbol and currency. */
  markets(exchange: Exchange): Promise<MarketRecord[]>;
  /** The mutations about patterns of markets, oldest first: the last one that matches counts. */
  wantedPatterns(): Promise<WantedPattern[]>;
}

/** See {@link CollectorMemory.tradesKnown}. */
export interface TradesKnown {
  /** Pieces of the market's time of which the exchange's history was not asked yet, by start. */
  readonly open: readonly TradePiece[];
  /** End of all that was known, Unix ms; null when nothing was. */
  readonly until: number | null;
  /** The exchange's times of the newest trade and book that they stored of it, Unix ms; null when there is none. */
  readonly newestTrade: number | null;
  readonly newestBook: number | null;
}

/** What the collectors know across restarts; the store keeps it. */
export interface CollectorMemory {
  readonly sequences: SequenceSource;
  readonly reader: ManagedLists;
  /** Takes what the exchanges' own times say of the system clock. */
  confirmClock(reading: ClockReading): void;
  /** Replaces an exchange's listed markets; says which came and which went. */
  replaceListing(
    exchange: Exchange,
    listed: readonly ListedMarket[],
  ): Promise<{ added: Pair[]; removed: Pair[] }>;
  /** Remembers the last mutation about a market. */
  setWanted(market: Market, wanted: boolean): Promise<void>;
  /**
   * Remembers a mutation about all markets that match, in place of all earlier ones about them;
   * null = `COLLECT` decides again.
   */
  setWantedPattern(pattern: CollectPattern, wanted: boolean | null): Promise<void>;
  /** Puts these in the place of all that mutations have left behind; all or nothing. */
  replaceWishes(wishes: Wishes): Promise<void>;
  /** Remembers whether an exchange is enabled. */
  setEnabled(exchange: Exchange, enabled: boolean): Promise<void>;
  /** Remembers whether a market is being recorded. */
  setRecording(market: Market, recording: boolean): void;
  /**
   * Those of `trades`, all of one market, that are not stored: a trade is known by its id and contents,
   * one of the REST history that has no id of the stream by its contents, as often as it is there.
   * @param byId one is also known by an id that stream and history share, if no other of `trades` is the
   * stored one: it is the same trade, and has other contents there
   */
  unknownTrades(market: Market, trades: readonly ReadTrade[], byId?: boolean): Promise<ReadTrade[]>;
  /** The stored trade of a market with the greatest time of the exchange, or null. */
  newestTrade(market: Market): Promise<Trade | null>;
  /**
   * Compares all trades of a span by the exchange's history with those that are stored of it.
   * @returns null when far more are stored than the history has: then they are not of one market and time
   */
  matchTrades(
    market: Market,
    history: readonly ReadTrade[],
    span: Span,
  ): Promise<TradeMatch | null>;
  /** Whether a trade of a market is stored from before a time of the exchange, Unix ms. */
  hasTradeBefore(market: Market, time: number): Promise<boolean>;
  /**
   * The volume of the stored trades of a market by minutes of the exchange's time.
   * @returns the sum (Decimal text) at the beginning of each minute that has any, Unix ms
   */
  tradeVolumes(market: Market, span: Span): Promise<ReadonlyMap<number, string>>;
  /**
   * What previous runs left of a market's trades to be checked, and until when they knew of them.
   * @param startedAt what was received from then on is of this run, Unix ms
   * @param all also what this run has said until now; not only what is known at once
   */
  tradesKnown(market: Market, startedAt: number, all?: boolean): Promise<TradesKnown>;
  /**
   * Dates again what a wrong clock dated: gaps, minutes of coverage and times of recording that lie after
   * a time.
   */
  redate(redate: Redate): void;
  /** The previous run's last sign of life if it lies ahead of the clock, Unix ms; else null. */
  readonly heartbeatAhead: number | null;
  /**
   * When the previous run last proved to be alive, Unix ms; null for a new database. Never ahead of the
   * clock: where the sign of life is, it is the newest stored book that is not.
   */
  readonly previousHeartbeat: number | null;
  /** Whether the previous run ended in order (its queue was written). */
  readonly previousRunClosed: boolean;
  /** Gaps that were open when the previous run ended. */
  readonly openGaps: readonly Gap[];
}
