import type { BookEvent } from '../bus.js';
import type { CollectorMemory } from '../market/collector-memory.js';
import type { CoverageMinute } from '../market/coverage.js';
import type { Gap } from '../market/gap.js';
import type { LogRecord } from '../market/log-record.js';
import type { Market } from '../market/market.js';
import type { Trade } from '../market/trade.js';
import type { TradeLoss, TradeSpan } from '../market/trade-span.js';
import type { RetentionHeld, RetentionSetting, Retired } from './retention.js';
import type { StoreReader } from './reader-types.js';
import type { LogPlace } from './writer-protocol.js';

/** Size of the database and how long its disk will last. Null: unknown (so far). */
export interface DiskStats {
  /** Size of the file and its log. */
  readonly databaseBytes: number | null;
  /** Its maximum size (MAX_DB_GB); null = unlimited. */
  readonly maxDatabaseBytes: number | null;
  /** Free space on the file's file system. */
  readonly freeBytes: number | null;
  /** Growth over the last day of running. */
  readonly growthBytesPerDay: number | null;
  /** When the disk will be full at that growth; also null if never. */
  readonly daysUntilFull: number | null;
  /** For users: set when that is within 7 days. */
  readonly warning: string | null;
}

/** Statistics of the store. */
export interface StoreStats {
  /** Books waiting to be written. */
  readonly queuedBooks: number;
  /** Estimated bytes of those. */
  readonly queuedBytes: number;
  /** Books written since the process started. */
  readonly storedBooks: number;
  /** Trades written since the process started. */
  readonly storedTrades: number;
  /** Trades that could not be kept since the process started. */
  readonly droppedTrades: number;
  /** Books that could not be kept since the process started; each is inside a gap. */
  readonly droppedBooks: number;
  /** Gap, coverage and log records that could not be kept since the process started. */
  readonly droppedRecords: number;
  /** Duration of the last batch from hand-over to commit, ms; null before the first. */
  readonly lastFlushMs: number | null;
  /** How long books are batched before they are written (FLUSH_MS), ms. */
  readonly flushMs: number;
  /** Why nothing can be written right now, or null when all is well. */
  readonly failure: string | null;
  /** Set while books are not deleted by the age the clock implies; null when all is well. */
  readonly retentionHeld: RetentionHeld | null;
  readonly disk: DiskStats;
  /** State of the archive; null where there is none. */
  readonly archive?: ArchiveStats | null;
}

/** Results of archiving closed days since the process started. */
export interface ArchiveStats {
  /** Days archived. */
  readonly days: number;
  /** Why the last attempt failed, or null. */
  readonly failure: string | null;
  /** Days in the archive, whenever archived; null until it was inspected. */
  readonly allDays: number | null;
  /** Bytes of its files, as of the last attempt; null until it was inspected. */
  readonly bytes: number | null;
  /** Free space on its file system; null when unknown. */
  readonly freeBytes: number | null;
}

export type { LogPlace } from './writer-protocol.js';

/** The last stored part of the log. */
export interface LogEnd extends Omit<LogPlace, 'unread'> {
  /** Timestamp of the newest stored book, Unix ms; null when there is none. */
  readonly lastTimestamp: number | null;
}

/** Progress of numbering and writing books. */
export interface SequenceState {
  /** The highest sequence that may have been assigned, in this or an earlier run. */
  readonly newest: number;
  /** Every book up to this sequence is in the database, or never will be. */
  readonly settled: number;
  /**
   * A reader may have received books up to this sequence from another node that is ahead; absent =
   * `newest`.
   */
  readonly elsewhere?: number;
}

/** A database restored after its files had been taken away. */
export interface PutBack {
  /** What had happened, in words. */
  readonly reason: string;
  /** Where a file put in its place was moved to; null when there was none. */
  readonly aside: string | null;
}

/** The store as seen by the rest of the program. */
export interface Store extends CollectorMemory {
  /** Progress of numbering and writing. */
  sequenceState(): SequenceState;
  /**
   * The open gap of a market's dropped books, if one of them has a sequence up to `sequence`;
   * otherwise null. Nothing else can tell: a reader resuming after `sequence` gets later books
   * live, and those up to it from nowhere. Once the gap has closed, the book that closed it says
   * so.
   */
  unkeptAt(market: Market, sequence: number): Gap | null;
  readonly reader: StoreReader;
  /**
   * The log of several nodes that the database is filled from, as of opening; null if filled by a
   * single process.
   */
  readonly log: LogPlace | null;
  /** Timestamp of the newest book on opening, Unix ms; null when there was none. */
  readonly lastTimestamp: number | null;
  /**
   * From now on additions come from a log and are stored together with the number of its last
   * message.
   * @param id of the log; for one unknown to the database, numbers start above all existing ones
   */
  fillFromLog(id: number): Promise<LogPlace>;
  /** Everything in this message of the log has been added. */
  logAt(position: number): void;
  /** Messages up to this one left the log unread: recorded with the next ones stored. */
  logUnread(upTo: number): void;
  /** Settles when there is room for the next message of the log; undefined when there is. */
  whenRoom(): Promise<void> | undefined;
  /** Settles when this message of the log is stored; rejects when it will not be, or `signal` ends the wait. */
  whenStored(position: number, signal?: AbortSignal): Promise<void>;
  /** Called when another recorder has stored what this one is about to: it must start over. */
  onLogMoved(listener: () => void): void;
  /** Closes the store without writing what is queued. */
  abandon(): Promise<void>;
  /** Queues a book for writing; never blocks and never throws. What it cannot keep becomes a gap. */
  putBook(event: BookEvent): void;
  /** Queues a trade for writing; never blocks and never throws. What it cannot keep is counted and logged. */
  putTrade(trade: Trade): void;
  /** Called with every trade that could not be kept. */
  onTradeLost(listener: (loss: TradeLoss) => void): void;
  /** Queues the completeness of a trade span; stored with all trades added before it. */
  putTradeSpan(span: TradeSpan): void;
  /** Queues a gap: inserts it, or updates the one with the same market and start. */
  putGap(gap: Gap): void;
  /** Queues what was received for a market in a minute; added to what is stored for the same one. */
  putCoverage(record: CoverageMinute): void;
  /** @param at when, Unix ms; defaults to now */
  setRecording(market: Market, recording: boolean, at?: number): void;
  /** Queues a log record. */
  putLog(record: LogRecord): void;
  /**
   * Called with every gap caused by the store itself (overflow, failed writes), opened and closed;
   * closed before the book that ends it is stored. A listener may pass it to {@link putGap}, as a
   * bus does: it is already kept.
   */
  onGap(listener: (gap: Gap) => void): void;
  /** Called with null when books start being dropped, and with their number when it is over. */
  onOverflow(listener: (leftOut: number | null) => void): void;
  /** Called when writing starts to fail (`failure` is the reason) and when it works again (null). */
  onFailure(listener: (failure: string | null) => void): void;
  /** Called with the receive times (Unix ms) of books once they are durably stored. */
  onCommitted(listener: (receivedAt: readonly number[]) => void): void;
  /** Called when the database was restored after its files had been taken away. */
  onPutBack(listener: (putBack: PutBack) => void): void;
  /** Called after each pass that deleted old books. */
  onRetired(listener: (retired: Retired) => void): void;
  /** Called with the figures when the disk is about to fill; once, until it no longer is. */
  onDiskWarning(listener: (disk: DiskStats) => void): void;
  /** Called when RETENTION_DAYS starts and stops (null) distrusting the system clock. */
  onRetentionHeld(listener: (held: RetentionHeld | null) => void): void;
  /** Called when a setting would delete what is not archived yet, and when it no longer does (null). */
  onRetentionWaiting(listener: (setting: RetentionSetting | null) => void): void;
  /** The present by the clock that measures age, Unix ms. */
  now(): number;
  stats(): StoreStats;
  /**
   * Nothing after this time, Unix ms, is vouched for: while the gaps of the previous run are not
   * taken over, and once recording stops, however long shutdown takes.
   */
  vouchUntil(time: number): void;
  /** Writes what is queued (waits at most `timeoutMs`), then closes the database. */
  close(timeoutMs?: number): Promise<void>;
}
