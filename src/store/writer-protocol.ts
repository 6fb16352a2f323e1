import type { LogRecord } from '../market/log-record.js';
import type { Exchange } from '../market/exchange.js';
import type { CollectPattern } from '../market/collect-pattern.js';
import type { CoverageMinute } from '../market/coverage.js';
import type { Gap } from '../market/gap.js';
import type { Market, Pair } from '../market/market.js';
import type { UsedNumbers } from './archived.js';
import type { TradeSpanChange } from '../market/trade-span.js';
import type { EncodedBook } from './engine/engine.js';
import type { Growth } from './growth.js';
import type { RetentionWriter } from './retention.js';
import type { Redate } from '../market/clock-reading.js';
import type { ListedMarket, Wishes } from '../market/managed-lists.js';

/** Number of a market in the database, shared by all its rows; null until the writer has sent it. */
export interface MarketNumber {
  id: number | null;
}

/** Where the clock was set back: from when to when, Unix ms, at the book with a sequence. */
export interface ClockStep {
  readonly sequence: number;
  readonly fromMs: number;
  readonly toMs: number;
}

/** A row of `book` on its way to the writer. */
export interface BookRow extends EncodedBook {
  readonly market: Market;
  readonly number: MarketNumber;
  /**
   * First row of its market in this process, always a whole book: the writer, which can read, adds
   * the levels gone since the last run's newest book.
   */
  readonly first: boolean;
  /** If the clock was set back just before this book: the timestamp of the previous book. */
  readonly steppedFrom: number | null;
}

/** A market is being recorded from a time on, or until then (Unix ms). */
export interface RecordingChange {
  readonly market: Market;
  readonly recording: boolean;
  readonly at: number;
}

/** The log of several nodes that a database is filled from. */
export interface LogPlace {
  /** The id that its stream was created with. */
  readonly id: number;
  /** Added to a message number to make a sequence. */
  readonly base: number;
  /** Number of the last message stored. */
  readonly offset: number;
  /** Number of the last message that left, or may have left, the log unread; 0 = none. */
  readonly unread: number;
}

/** A part of the log. */
interface LogPart {
  readonly from: number;
  readonly upTo: number;
  /** See {@link LogPlace.unread}; absent = unchanged. */
  readonly unread?: number | undefined;
}

/** The sequences of a batch's books and trades, and when the first was received, Unix ms. */
export interface BatchSpan {
  readonly first: number;
  readonly last: number;
  readonly time: number;
}

/** What one flush writes, in one transaction. */
export interface WriteBatch {
  /** Unique number, at least 1, by which the database recognises its last batch. */
  readonly id: number;
  /** It was passed to the writer before, and whether it was written is unknown: the same again. */
  readonly again: boolean;
  /** Null = it has no books and no trades. */
  readonly span: BatchSpan | null;
  /**
   * The part of the log that the batch covers: after one message and up to another. Null or absent
   * without a log. Refused with {@link LOG_MOVED} when the database does not end with the first.
   */
  readonly log?: LogPart | null;
  /** Books of numbered markets, as bytes of `BookEncoder`; null = none. */
  readonly rows: Uint8Array<ArrayBuffer> | null;
  /** Books of other markets, including the first of each market. */
  readonly books: readonly BookRow[];
  /** In order of sequence, encoded by `WaitingTrades`. Null = none. */
  readonly trades: Uint8Array<ArrayBuffer> | null;
  /** In order of arrival: a later one overrides an earlier one. */
  readonly tradeSpans: readonly TradeSpanChange[];
  readonly steps: readonly ClockStep[];
  readonly gaps: readonly Gap[];
  readonly coverage: readonly CoverageMinute[];
  readonly logs: readonly LogRecord[];
  readonly recording: readonly RecordingChange[];
  /** Applied in order, after all of the above. */
  readonly redates: readonly Redate[];
  /** Gaps that are not to be redated. */
  readonly laterGaps: readonly Gap[];
  /** All books received until then are stored once this batch is, Unix ms; null = no statement. */
  readonly heartbeat: number | null;
}

/** Startup options of the writer. */
export interface WriterOptions {
  /** Path of the database file. */
  readonly path: string;
  /** Maximum books per partition, where the engine partitions them. */
  readonly pieceBooks?: number | undefined;
  /** Whether other writers may have it open (`WriterSettings.shared`). Default false. */
  readonly shared?: boolean | undefined;
  /** For tests of a full disk: maximum size of the file in pages. */
  readonly maxPages?: number | undefined;
}

/** Code of the {@link StoreError} for a batch that is not the next part of the log. */
export const LOG_MOVED = 'LOG_MOVED';
/** Code of the {@link StoreError} when the database is already filled from another log. */
export const LOG_TAKEN = 'LOG_TAKEN';

/** What the previous run left. */
export interface OpenState {
  /** The log it was filled from; null if filled by a single process. */
  readonly log: LogPlace | null;
  /** Highest sequence that may ever have been assigned. */
  readonly lastSequence: number;
  /** Sequences up to this one may be assigned now. */
  readonly reserved: number;
  readonly heartbeat: number | null;
  /** See `Store.heartbeatAhead`. */
  readonly heartbeatAhead: number | null;
  /** A time once trusted as the present (src/store/age-clock.ts), Unix ms; null = none. */
  readonly believed: number | null;
  readonly closed: boolean;
  readonly openGaps: Gap[];
  /** Timestamp of the newest stored book, Unix ms; null when there is none. */
  readonly lastTimestamp: number | null;
}

/** The calls answered by the writer's thread. */
export interface WriterService extends RetentionWriter {
  /**
   * Locks, creates or migrates the database, and reserves `block` sequences.
   * @param used what an archive beside it has: a new database starts above that
   */
  open(block: number, used?: UsedNumbers): Promise<OpenState>;
  /**
   * Writes a batch: all or nothing, and once, even if it comes `again` because its answer was lost
   * with a thread or a connection.
   * @returns the market number of each of `books`.
   */
  write(batch: WriteBatch): Promise<number[]>;
  /** From now on fills the database from another log, whose numbers start above `above`. */
  beginLog(id: number, above: number): Promise<LogPlace>;
  /** Ensures that no sequence up to `upTo` is assigned by a later run. */
  reserve(upTo: number): Promise<void>;
  replaceListing(
    exchange: Exchange,
    listed: readonly ListedMarket[],
  ): Promise<{ added: Pair[]; removed: Pair[] }>;
  /** Stores the database's current size (Unix ms), and returns its growth. */
  sampleSize(now: number): Promise<Growth>;
  setWanted(market: Market, wanted: boolean): Promise<void>;
  setWantedPattern(pattern: CollectPattern, wanted: boolean | null): Promise<void>;
  replaceWishes(wishes: Wishes): Promise<void>;
  setEnabled(exchange: Exchange, enabled: boolean): Promise<void>;
  /**
   * After a write was refused with `DATABASE_LOST`: copies the database from its open files, moves
   * the copy into place and opens it. One call, since nothing may be written in between. No reader
   * may have the old one open.
   * @returns where a file put in its place was moved to, or null
   * @throws {StoreError} when there is no space for the copy; nothing is lost then
   */
  putBack(): Promise<string | null>;
  /**
   * Records a clean shutdown, with the last sequence assigned, and closes the database.
   * @param aliveAt until when everything is vouched for, Unix ms; defaults to now
   */
  close(lastSequence: number, aliveAt?: number): Promise<void>;
}
