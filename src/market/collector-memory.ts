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

/** Read access to the managed lists. */
export interface ManagedLists {
  /** The managed list of exchanges, all five. */
  exchanges(): Promise<ExchangeRecord[]>;
  /** The managed list of an exchange's markets, by symbol and currency. */
  markets(exchange: Exchange): Promise<MarketRecord[]>;
  /** Mutations on patterns of markets, oldest first: the last one that matches counts. */
  wantedPatterns(): Promise<WantedPattern[]>;
}

/** See {@link CollectorMemory.tradesKnown}. */
export interface TradesKnown {
  /** Spans not yet checked against the exchange's history, by start. */
  readonly open: readonly TradePiece[];
  /** End of everything known, Unix ms; null when nothing was. */
  readonly until: number | null;
  /** Exchange time of the newest trade and book they stored for it, Unix ms; null when there is none. */
  readonly newestTrade: number | null;
  readonly newestBook: number | null;
}

/** What the collectors remember across restarts; kept by the store. */
export interface CollectorMemory {
  readonly sequences: SequenceSource;
  /** Whether what is published is written: not while another node writes. */
  readonly writes: boolean;
  readonly reader: ManagedLists;
  /** Records what the exchanges' own times say about the system clock. */
  confirmClock(reading: ClockReading): void;
  /** Replaces an exchange's listed markets; returns which were added and which removed. */
  replaceListing(
    exchange: Exchange,
    listed: readonly ListedMarket[],
  ): Promise<{ added: Pair[]; removed: Pair[] }>;
  /** Remembers the last mutation on a market. */
  setWanted(market: Market, wanted: boolean): Promise<void>;
  /**
   * Remembers a mutation on all matching markets, replacing all earlier ones on them; null =
   * `COLLECT` decides again.
   */
  setWantedPattern(pattern: CollectPattern, wanted: boolean | null): Promise<void>;
  /** Replaces all wishes left by mutations; all or nothing. */
  replaceWishes(wishes: Wishes): Promise<void>;
  /** Remembers whether an exchange is enabled. */
  setEnabled(exchange: Exchange, enabled: boolean): Promise<void>;
  /** Remembers whether a market is being recorded. */
  setRecording(market: Market, recording: boolean): void;
  /**
   * Those of `trades`, all of one market, that are not stored. A trade is identified by its id and
   * contents; one from the REST history without a stream id by its contents, as often as it occurs.
   * @param byId one is also known by an id shared by stream and history, unless another of `trades`
   * is the stored one: it is the same trade, with different contents there
   */
  unknownTrades(market: Market, trades: readonly ReadTrade[], byId?: boolean): Promise<ReadTrade[]>;
  /** The stored trade of a market with the latest exchange time, or null. */
  newestTrade(market: Market): Promise<Trade | null>;
  /**
   * Compares all trades in a span of the exchange's history with those stored for it.
   * @returns null when far more are stored than the history has: they are then not of one market
   * and time
   */
  matchTrades(
    market: Market,
    history: readonly ReadTrade[],
    span: Span,
  ): Promise<TradeMatch | null>;
  /** Whether a trade of a market is stored from before an exchange time, Unix ms. */
  hasTradeBefore(market: Market, time: number): Promise<boolean>;
  /**
   * Volume of the stored trades of a market per minute of exchange time.
   * @returns the sum (Decimal text) by the start of each minute that has any, Unix ms
   */
  tradeVolumes(market: Market, span: Span): Promise<ReadonlyMap<number, string>>;
  /**
   * What previous runs left unchecked of a market's trades, and up to when they knew of them.
   * @param startedAt what was received from then on belongs to this run, Unix ms
   * @param all includes what this run has reported so far, not only what is known at once
   */
  tradesKnown(market: Market, startedAt: number, all?: boolean): Promise<TradesKnown>;
  /**
   * Redates what a wrong clock dated: gaps, minutes of coverage and recording times after a point
   * in time.
   */
  redate(redate: Redate): void;
  /** The previous run's last heartbeat if it is ahead of the clock, Unix ms; otherwise null. */
  readonly heartbeatAhead: number | null;
  /**
   * When the previous run last proved to be alive, Unix ms; null for a new database. Never ahead of
   * the clock: if the heartbeat is, the newest stored book that is not counts instead.
   */
  readonly previousHeartbeat: number | null;
  /** Whether the previous run shut down cleanly (its queue was written). */
  readonly previousRunClosed: boolean;
  /** Gaps that were open when the previous run ended. */
  readonly openGaps: readonly Gap[];
}
