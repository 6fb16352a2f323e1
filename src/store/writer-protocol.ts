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

/** A place where the clock was set back: from when to when, Unix ms, with the book of a sequence. */
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
  /** When the clock was set back just before this book: the timestamp of the book before it. */
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
  /** The id that its stream was made with. */
  readonly id: number;
  /** What is added to the number of a message to make a sequence. */
  readonly base: number;
  /** Number of the last message that is stored. */
  readonly offset: number;
  /** Number of the last message that went from the log unread, or may have; 0 = none did. */
  readonly unread: number;
}

/** A part of the log. */
interface LogPart {
  readonly from: number;
  readonly upTo: number;
  /** See {@link LogPlace.unread}; absent = as it was. */
  readonly unread?: number | undefined;
}

/** The sequences of the books and trades of a batch, and when the first was received, Unix ms. */
export interface BatchSpan {
  readonly first: number;
  readonly last: number;
  readonly time: number;
}

/** What one flush writes, in one transaction. */
export interface WriteBatch {
  /** A number of its own, 1 or more, by which the database knows the last batch that it has. */
  readonly id: number;
  /** It was handed to the writer before, and whether it was written is unknown: the same again. */
  readonly again: boolean;
  /** Null = it has no books and no trades. */
  readonly span: BatchSpan | null;
  /**
   * The part of the log that the batch is: behind one message, up to another. Null or absent without a log.
   * Refused with {@link LOG_MOVED} when the database does not end with the first.
   */
  readonly log?: LogPart | null;
  /** Books of numbered markets, as bytes of `BookEncoder`; null = none. */
  readonly rows: Uint8Array<ArrayBuffer> | null;
  /** Books of other markets; among them the first of each market. */
  readonly books: readonly BookRow[];
  /** In order of sequence, as `WaitingTrades` makes bytes of them. Null = none. */
  readonly trades: Uint8Array<ArrayBuffer> | null;
  /** In the order in which they came: a later one replaces what an earlier one says. */
  readonly tradeSpans: readonly TradeSpanChange[];
  readonly steps: readonly ClockStep[];
  readonly gaps: readonly Gap[];
  readonly coverage: readonly CoverageMinute[];
  readonly logs: readonly LogRecord[];
  readonly recording: readonly RecordingChange[];
  /** Done in order, after all of the above. */
  readonly redates: readonly Redate[];
  /** Gaps that are not to be dated again. */
  readonly laterGaps: readonly Gap[];
  /** All books received until then are stored once this batch is, Unix ms; null = do not say. */
  readonly heartbeat: number | null;
}

/** What the writer needs to know when it starts. */
export interface WriterOptions {
  /** Path of the database file. */
  readonly path: string;
  /** Books of a piece at most, where the engine keeps them in pieces. */
  readonly pieceBooks?: number | undefined;
  /** Other writers may have it open, too (`WriterSettings.shared`). Default false. */
  readonly shared?: boolean | undefined;
  /** For tests of a full disk: the size in pages that the file may reach. */
  readonly maxPages?: number | undefined;
}

/** Code of the {@link StoreError} for a batch that is not the next part of the log. */
export const LOG_MOVED = 'LOG_MOVED';
/** Code of the {@link StoreError} when the database is already filled from another log. */
export const LOG_TAKEN = 'LOG_TAKEN';

/** What the previous run left. */
export interface OpenState {
  /** The log that it was filled from; null if it was by a process alone. */
  readonly log: LogPlace | null;
  /** Greatest sequence that may ever have been given out. */
  readonly lastSequence: number;
  /** Sequences up to this one may be given out now. */
  readonly reserved: number;
  readonly heartbeat: number | null;
  /** See `Store.heartbeatAhead`. */
  readonly heartbeatAhead: number | null;
  /** A time that was believed to be the present (src/store/age-clock.ts), Unix ms; null = none. */
  readonly believed: number | null;
  readonly closed: boolean;
  readonly openGaps: Gap[];
  /** Timestamp of the newest stored book, Unix ms; null when there is none. */
  readonly lastTimestamp: number | null;
}

/** The calls that the writer's thread answers. */
export interface WriterService extends RetentionWriter {
  /**
   * Locks, makes or updates the database, and reserves `block` sequences.
   * @param used what an archive beside it has: a new database begins above
   */
  open(block: number, used?: UsedNumbers): Promise<OpenState>;
  /**
   * Writes a batch: all of it or nothing, and once, also when it comes `again` because its answer was
   * lost with a thread or a connection.
   * @returns the number of the market of each of `books`.
   */
  write(batch: WriteBatch): Promise<number[]>;
  /** Fills the database from another log from now on, the numbers of which begin above `above`. */
  beginLog(id: number, above: number): Promise<LogPlace>;
  /** Makes sure that no sequence up to `upTo` is given out by a later run. */
  reserve(upTo: number): Promise<void>;
  replaceListing(
    exchange: Exchange,
    listed: readonly ListedMarket[],
  ): Promise<{ added: Pair[]; removed: Pair[] }>;
  /** Stores the database's size of now (Unix ms), and returns its growth. */
  sampleSize(now: number): Promise<Growth>;
  setWanted(market: Market, wanted: boolean): Promise<void>;
  setWantedPattern(pattern: CollectPattern, wanted: boolean | null): Promise<void>;
  replaceWishes(wishes: Wishes): Promise<void>;
  setEnabled(exchange: Exchange, enabled: boolean): Promise<void>;
  /**
   * After a write was refused with `DATABASE_LOST`: copies the database out of its open files, puts
   * the copy in its place and opens it. One call, for nothing may be written in between. No reader may
   * have the old one open.
   * @returns where a file was moved that had been put in its place, or null
   * @throws {StoreError} when there is no place for the copy; nothing is lost then
   */
  putBack(): Promise<string | null>;
  /**
   * Notes the clean end, with the last sequence that was given out, and closes the database.
   * @param aliveAt until when all is vouched for, Unix ms; now unless given
   */
  close(lastSequence: number, aliveAt?: number): Promise<void>;
}
