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

/** How large the database is and how long the disk will hold it. Null: not known (yet). */
export interface DiskStats {
  /** Size of the file and its log. */
  readonly databaseBytes: number | null;
  /** What it may reach (MAX_DB_GB); null = no bound. */
  readonly maxDatabaseBytes: number | null;
  /** Free space of the file system that the file lies on. */
  readonly freeBytes: number | null;
  /** Growth over the last day in which the program ran. */
  readonly growthBytesPerDay: number | null;
  /** When the disk will be full at that growth; null also when it never will be. */
  readonly daysUntilFull: number | null;
  /** For people: set when that is within 7 days. */
  readonly warning: string | null;
}

/** What the store reports about itself. */
export interface StoreStats {
  /** Books waiting to be written. */
  readonly queuedBooks: number;
  /** Estimated bytes of those. */
  readonly queuedBytes: number;
  /** Books written since the process began. */
  readonly storedBooks: number;
  /** Trades written since the process began. */
  readonly storedTrades: number;
  /** Trades that could not be kept, since the process began. */
  readonly droppedTrades: number;
  /** Books that could not be kept, since the process began; each is inside a gap. */
  readonly droppedBooks: number;
  /** Gap, coverage and log records that could not be kept, since the process began. */
  readonly droppedRecords: number;
  /** Duration of the last batch from hand-over to commit, ms; null before the first. */
  readonly lastFlushMs: number | null;
  /** How long books gather before they are written (FLUSH_MS), ms. */
  readonly flushMs: number;
  /** Why nothing can be written right now, or null when all is well. */
  readonly failure: string | null;
  /** Set while books are not deleted by age as the clock would have it; null when all is well. */
  readonly retentionHeld: RetentionHeld | null;
  readonly disk: DiskStats;
  /** What the archive has come to; null where there is none. */
  readonly archive?: ArchiveStats | null;
}

/** What the archiving of closed days has come to, since the process began. */
export interface ArchiveStats {
  /** Days archived. */
  readonly days: number;
  /** Why the last try failed, or null. */
  readonly failure: string | null;
  /** Days in the archive, whenever they were archived; null until it was looked at. */
  readonly allDays: number | null;
  /** Bytes of its files, as of the last try; null until it was looked at. */
  readonly bytes: number | null;
  /** Free space of its file system; null when not known. */
  readonly freeBytes: number | null;
}

export type { LogPlace } from './writer-protocol.js';

/** The last stored part of the log. */
export interface LogEnd extends Omit<LogPlace, 'unread'> {
  /** Timestamp of the newest stored book, Unix ms; null when there is none. */
  readonly lastTimestamp: number | null;
}

/** How far the numbering and the writing of books have come. */
export interface SequenceState {
  /** The greatest sequence that may have been given out, in this or an earlier run. */
  readonly newest: number;
  /** Every book up to this sequence is in the database, or never will be. */
  readonly settled: number;
  /** A reader may have had books up to this sequence from another node that is ahead; absent = `newest`. */
  readonly elsewhere?: number;
}

/** A database that was put back after its files had been taken away. */
export interface PutBack {
  /** What had happened, in words. */
  readonly reason: string;
  /** Where a file was moved that had been put in its place; null when there was none. */
  readonly aside: string | null;
}

/** The store as the rest of the program sees it. */
export interface Store extends CollectorMemory {
  /** How far the numbering and the writing have come. */
  sequenceState(): SequenceState;
  /**
   * The open gap of books of a market that cannot be kept, if one of them has a sequence up to
   * `sequence`; else null. It says what nothing else can: who goes on behind `sequence` gets the
   * later ones live, and those up to it from nowhere. Once the gap has ended, the book that
   * ended it says so.
   */
  unkeptAt(market: Market, sequence: number): Gap | null;
  readonly reader: StoreReader;
  /** The log of several nodes that the database is filled from, as it was opened; null if by a process alone. */
  readonly log: LogPlace | null;
  /** Timestamp of the newest book when it was opened, Unix ms; null when there was none. */
  readonly lastTimestamp: number | null;
  /**
   * What is put is out of a log from now on, and stored together with the number of its last message.
   * @param id of the log; of one that the database does not know the numbers begin above all there are
   */
  fillFromLog(id: number): Promise<LogPlace>;
  /** All that this message of the log says has been put. */
  logAt(position: number): void;
  /** Messages up to this one went from the log unread: noted with the next that are stored. */
  logUnread(upTo: number): void;
  /** Settles when there is room for the next message of the log; undefined when there is. */
  whenRoom(): Promise<void> | undefined;
  /** Settles when this message of the log is stored; rejects when that will not be, or `signal` ends it. */
  whenStored(position: number, signal?: AbortSignal): Promise<void>;
  /** Called when another recorder has stored what this one is about to: it must begin again. */
  onLogMoved(listener: () => void): void;
  /** Closes the store without writing what waits. */
  abandon(): Promise<void>;
  /** Takes a book for writing; never blocks and never throws. What it cannot keep becomes a gap. */
  putBook(event: BookEvent): void;
  /** Takes a trade for writing; never blocks and never throws. What it cannot keep is counted and logged. */
  putTrade(trade: Trade): void;
  /** Called with every trade that could not be kept. */
  onTradeLost(listener: (loss: TradeLoss) => void): void;
  /** Takes what is known of a span of trades; it is stored with all trades that were put before it. */
  putTradeSpan(span: TradeSpan): void;
  /** Takes a gap: inserts it, or updates the one with the same market and start. */
  putGap(gap: Gap): void;
  /** Takes what was received of a market in a minute; adds up with what is stored of the same one. */
  putCoverage(record: CoverageMinute): void;
  /** @param at when, Unix ms; now unless given */
  setRecording(market: Market, recording: boolean, at?: number): void;
  /** Takes a log record. */
  putLog(record: LogRecord): void;
  /**
   * Called with every gap that the store itself causes (overflow, failed writes), opened and closed;
   * closed before the book that ends it is stored. A listener may hand it to {@link putGap}, as a bus
   * does: it is kept already.
   */
  onGap(listener: (gap: Gap) => void): void;
  /** Called with null when books begin to be left out, and with their number when it is over. */
  onOverflow(listener: (leftOut: number | null) => void): void;
  /** Called when writing starts to fail (`failure` is the reason) and when it works again (null). */
  onFailure(listener: (failure: string | null) => void): void;
  /** Called with the times of receipt (Unix ms) of books that are stored from now on, come what may. */
  onCommitted(listener: (receivedAt: readonly number[]) => void): void;
  /** Called when the database was put back after its files had been taken away. */
  onPutBack(listener: (putBack: PutBack) => void): void;
  /** Called after each pass that deleted old books. */
  onRetired(listener: (retired: Retired) => void): void;
  /** Called with the figures when the disk is about to fill; once, until it no longer is. */
  onDiskWarning(listener: (disk: DiskStats) => void): void;
  /** Called when the system clock begins and ends (null) not to be believed by RETENTION_DAYS. */
  onRetentionHeld(listener: (held: RetentionHeld | null) => void): void;
  /** Called when a setting would delete what is not archived yet, and when it no longer does (null). */
  onRetentionWaiting(listener: (setting: RetentionSetting | null) => void): void;
  /** The present by the clock that age is measured by, Unix ms. */
  now(): number;
  stats(): StoreStats;
  /**
   * Nothing after this time, Unix ms, is vouched for: while the gaps of the previous run are not taken
   * over, and once recording ends, however long the end takes.
   */
  vouchUntil(time: number): void;
  /** Writes what is queued (waits at most `timeoutMs`), then closes the database. */
  close(timeoutMs?: number): Promise<void>;
}
