import { setTimeout as pause } from 'node:timers/promises';
import type { BookEvent } from '../bus.js';
import { Topic } from '../util/topic.js';
import type { LogRecord } from '../market/log-record.js';
import type { CoverageMinute } from '../market/coverage.js';
import type { Gap } from '../market/gap.js';
import { type Market, marketKey } from '../market/market.js';
import type { Trade } from '../market/trade.js';
import type { TradeLoss, TradeSpan } from '../market/trade-span.js';
import { AgeClock } from './age-clock.js';
import { usedNumbers } from './archived.js';
import { type ClockReading } from '../market/clock-reading.js';
import { BookIntake } from './book-intake.js';
import { bookEncoder, canonicalLocation, isServer } from './engine/open.js';
import { type DiskUse, fileUse, sizeOnDisk } from './disk-use.js';
import { DiskWatch } from './disk-watch.js';
import { DATABASE_LOST, failureText, StoreError } from './errors.js';
import { Flusher } from './flusher.js';
import { LogFilling } from './log-filling.js';
import { ReaderClient } from './reader-client.js';
import { Retention, type RetentionHeld, type RetentionSetting, type Retired } from './retention.js';
import { RpcWorker } from './rpc.js';
import { ReservedSequences } from './sequences.js';
import type { StoreOptions } from './store-options.js';
import type {
  DiskStats,
  LogPlace,
  PutBack,
  SequenceState,
  Store,
  StoreStats,
} from './store-types.js';
import type { Redate } from '../market/clock-reading.js';
import { WriteQueue } from './write-queue.js';
import {
  LOG_MOVED,
  type OpenState,
  type WriteBatch,
  type WriterOptions,
  type WriterService,
} from './writer-protocol.js';
import { within } from '../util/wait.js';

/** Messages that a log may have had after the last one stored. */
const UNSTORED = 1_000_000_000;
const MIB = 1024 * 1024;
/** Approximate size of a stored book on a server, bytes. */
const BOOK_BYTES = 250;

/**
 * Books per partition, so that there are many to drop one of when a database is too large;
 * undefined = no limit.
 */
function piecesFor(maxBytes: number): number | undefined {
  if (maxBytes === 0) return undefined;
  return Math.min(10_000_000, Math.max(10_000, Math.round(maxBytes / 20 / BOOK_BYTES)));
}

/**
 * Opens the store: creates or migrates the database, takes the write lock, starts its threads.
 * @throws {Error} with one clear line when it cannot: the path is unsuitable, the file is something
 * else or newer than this program, another process is recording into it. Nothing has been changed
 * then.
 */
export async function openStore(options: StoreOptions): Promise<Store> {
  const path = await canonicalLocation(options.path);
  const writerOptions: WriterOptions = {
    path,
    maxPages: options.maxPages,
    shared: options.shared,
    pieceBooks: options.pieceBooks ?? piecesFor(options.maxBytes ?? 0),
  };
  const writer = new RpcWorker<WriterService>(
    new URL('./writer-worker.js', import.meta.url),
    writerOptions,
  );
  const reader = new ReaderClient({ path, archivePath: options.archivePath });
  try {
    reader.start();
    const block = options.sequenceBlock ?? 10_000_000;
    const days = (await options.archived?.().catch(() => [])) ?? [];
    const state = await writer.call('open', block, usedNumbers(days));
    return new OpenStore({ ...options, path }, state, writer, reader, block);
  } catch (error) {
    await Promise.all([writer.terminate(), reader.close(0)]);
    throw error;
  }
}

/** The store once its database is open. */
class OpenStore implements Store {
  readonly reader: ReaderClient;
  readonly sequences: ReservedSequences;
  readonly writes = true;
  readonly previousHeartbeat: number | null;
  readonly heartbeatAhead: number | null;
  readonly previousRunClosed: boolean;
  readonly openGaps: readonly Gap[];
  readonly log: LogPlace | null;
  readonly lastTimestamp: number | null;

  readonly #moved = new Topic<void>();
  readonly onLogMoved = this.#moved.on;
  readonly #writer: RpcWorker<WriterService>;
  readonly #intake: BookIntake;
  readonly #queue: WriteQueue;
  readonly #filling: LogFilling;
  readonly #flusher: Flusher;
  readonly #gaps = new Topic<Gap>();
  readonly onGap = this.#gaps.on;
  readonly #overflows = new Topic<number | null>();
  readonly onOverflow = this.#overflows.on;
  readonly #tradeLosses = new Topic<TradeLoss>();
  readonly onTradeLost = this.#tradeLosses.on;
  readonly #retired = new Topic<Retired>();
  readonly onRetired = this.#retired.on;
  readonly #putBacks = new Topic<PutBack>();
  readonly onPutBack = this.#putBacks.on;
  /** Since when the database's files are known to have been taken away, and how. */
  #lost: { readonly since: number; readonly reason: string } | null = null;
  readonly #held = new Topic<RetentionHeld | null>();
  readonly onRetentionHeld = this.#held.on;
  readonly #waiting = new Topic<RetentionSetting | null>();
  readonly onRetentionWaiting = this.#waiting.on;
  readonly #age: AgeClock;
  readonly #retention: Retention;
  readonly #disk: DiskWatch;
  readonly #flushMs: number;
  readonly #putBackMs: number;
  /** Markets recorded at any time in this run. */
  readonly #recording = new Set<string>();
  #droppedBooks = 0;
  #droppedTrades = 0;
  /** Books dropped since the queue overflowed; null while it has not. */
  #overflowed: number | null = null;
  /** The store's own gap currently being reported to listeners. */
  #reporting: Gap | null = null;
  #closing: Promise<void> | undefined;
  #vouchedUntil = Infinity;
  readonly #now: () => number;

  constructor(
    options: StoreOptions,
    state: OpenState,
    writer: RpcWorker<WriterService>,
    reader: ReaderClient,
    block: number,
  ) {
    const now = options.now ?? Date.now;
    this.#now = () => Math.min(now(), this.#vouchedUntil);
    this.#writer = writer;
    this.reader = reader;
    this.previousHeartbeat = state.heartbeat;
    this.heartbeatAhead = state.heartbeatAhead;
    this.previousRunClosed = state.closed;
    this.openGaps = state.openGaps;
    this.log = state.log;
    this.lastTimestamp = state.lastTimestamp;
    this.sequences = new ReservedSequences(state.lastSequence, state.reserved, block, (upTo) =>
      writer.call('reserve', upTo),
    );
    this.#intake = new BookIntake(options.snapshotEveryMs ?? 60_000, state.lastTimestamp);
    this.#queue = new WriteQueue({
      maxBatch: options.maxBatch ?? 4_000,
      maxQueuedBooks: options.maxQueuedBooks ?? 200_000,
      maxQueuedBytes: options.maxQueuedBytes ?? 256 * MIB,
      encoder: bookEncoder(options.path),
    });
    this.#flushMs = options.flushMs ?? 100;
    this.#filling = new LogFilling(this.#queue);
    this.#putBackMs = options.putBackMs ?? 2_000;
    this.#flusher = new Flusher(this.#queue, (batch) => this.#write(batch), {
      flushMs: this.#flushMs,
      retryMs: options.retryMs ?? 100,
      maxRetryMs: options.maxRetryMs ?? 5_000,
      heartbeatMs: options.heartbeatMs ?? 1_000,
      now: this.#now,
    });
    const { path, retentionDays = 0, maxBytes = 0, logKeepDays = 0 } = options;
    // A file's size is measured here, without holding up the writer; a server's only by the writer.
    const server = isServer(path);
    const bytes = async (): Promise<number> => (await writer.call('space')).bytes;
    const size = server ? bytes : () => sizeOnDisk(path);
    const use = server
      ? async (): Promise<DiskUse> => ({ databaseBytes: await bytes(), freeBytes: null })
      : () => fileUse(path);
    this.#age = new AgeClock(state.believed);
    this.#retention = new Retention(
      { days: retentionDays, logKeepDays, maxBytes, size, archived: options.archived },
      {
        retireBefore: (time, now, limit) => writer.call('retireBefore', time, now, limit),
        retireSlice: (limit) => writer.call('retireSlice', limit),
        archivedBound: (days) => writer.call('archivedBound', days),
        retireStep: (bound, cursor) => writer.call('retireStep', bound, cursor),
        retireCoverage: (time) => writer.call('retireCoverage', time),
        retireLogs: (time) => writer.call('retireLogs', time),
        giveBack: () => writer.call('giveBack'),
        cutFile: () => writer.call('cutFile'),
        space: () => writer.call('space'),
        believe: (time) => writer.call('believe', time),
      },
      this.#age,
      (retired) => this.#retired.publish(retired),
      (held) => this.#held.publish(held),
      (setting) => this.#waiting.publish(setting),
    );
    this.#disk = new DiskWatch({ use, maxBytes, retentionDays }, () =>
      writer.call('sampleSize', Date.now()),
    );
  }

  putBook(event: BookEvent): void {
    if (this.#closing === undefined && this.#queue.hasRoom) {
      if (this.#overflowed !== null) {
        this.#overflows.publish(this.#overflowed);
        this.#overflowed = null;
      }
      const { row, closed } = this.#intake.keep(event);
      this.#queue.addBook(row);
      if (closed !== null) this.#ownGap(closed);
      this.#flusher.wake();
      return;
    }
    this.#droppedBooks++;
    // Nothing more is written: the end of the run bounds what is covered.
    if (this.#closing !== undefined) return;
    const failure = this.#flusher.failure;
    // A failing store reports that itself.
    if (failure === null) {
      if (this.#overflowed === null) this.#overflows.publish(null);
      this.#overflowed = (this.#overflowed ?? 0) + 1;
    }
    const opened =
      failure === null
        ? this.#intake.drop(event, 'QUEUE_OVERFLOW', 'books came faster than they could be written')
        : this.#intake.drop(event, 'STORE_FAILED', failure);
    if (opened !== null) this.#ownGap(opened);
  }

  putTrade(trade: Trade): void {
    if (this.#closing !== undefined || !this.#queue.hasRoom) {
      this.#loseTrade(trade);
      return;
    }
    this.#queue.addTrade(trade);
    this.#flusher.wake();
  }

  putTradeSpan(span: TradeSpan): void {
    if (this.#closing !== undefined) return;
    this.#queue.addTradeSpan(span);
    this.#flusher.wake();
  }

  #loseTrade({ market, exchangeTimestamp: time }: Trade): void {
    this.#droppedTrades++;
    const failure = this.#flusher.failure;
    const span = { market, start: time, end: time + 1 };
    this.#tradeLosses.publish(
      failure === null
        ? { ...span, cause: 'QUEUE_OVERFLOW', detail: 'more waited than could be written' }
        : { ...span, cause: 'STORE_FAILED', detail: failure },
    );
  }

  readonly newestTrade: Store['newestTrade'] = (market) => this.reader.newestTrade(market);
  readonly tradesKnown: Store['tradesKnown'] = (...of) => this.reader.tradesKnown(...of);
  readonly unknownTrades: Store['unknownTrades'] = async (...of) =>
    (await this.#settled()).unknownTrades(...of);
  readonly matchTrades: Store['matchTrades'] = async (...of) =>
    (await this.#settled()).matchTrades(...of);
  readonly hasTradeBefore: Store['hasTradeBefore'] = async (...of) =>
    (await this.#settled()).hasTradeBefore(...of);
  readonly tradeVolumes: Store['tradeVolumes'] = async (...of) =>
    (await this.#settled()).tradeVolumes(...of);
  readonly replaceListing: Store['replaceListing'] = (...of) =>
    this.#writer.call('replaceListing', ...of);
  readonly setWanted: Store['setWanted'] = (...of) => this.#writer.call('setWanted', ...of);
  readonly setWantedPattern: Store['setWantedPattern'] = (...of) =>
    this.#writer.call('setWantedPattern', ...of);
  readonly replaceWishes: Store['replaceWishes'] = (...of) =>
    this.#writer.call('replaceWishes', ...of);
  readonly setEnabled: Store['setEnabled'] = (...of) => this.#writer.call('setEnabled', ...of);

  /** The reader, once everything received before is on disk. */
  async #settled(): Promise<ReaderClient> {
    const { newest } = this.sequenceState();
    while (this.sequenceState().settled < newest) {
      if (this.#closing !== undefined) throw new StoreError('the store is closed');
      await pause(this.#flushMs / 4);
    }
    return this.reader;
  }

  async fillFromLog(id: number): Promise<LogPlace> {
    const place = this.log?.id === id ? this.log : await this.#beginLog(id);
    this.#filling.begin(place);
    return place;
  }

  /**
   * Numbers of a new log start above all that may have been assigned before, including those of
   * another log that were shown live and never stored.
   */
  #beginLog(id: number): Promise<LogPlace> {
    const above = this.sequences.last + (this.log === null ? 0 : UNSTORED);
    return this.#writer.call('beginLog', id, above);
  }

  logAt(position: number): void {
    this.#filling.at(position);
  }

  logUnread(upTo: number): void {
    this.#queue.logUnread(upTo);
  }

  whenRoom(): Promise<void> | undefined {
    return this.#filling.whenRoom();
  }

  whenStored(position: number, signal?: AbortSignal): Promise<void> {
    return this.#filling.whenStored(position, signal);
  }

  abandon(): Promise<void> {
    this.#closing ??= this.#abandon();
    this.#filling.close();
    return this.#closing;
  }

  async #abandon(): Promise<void> {
    this.#retention.close();
    this.#disk.close();
    await Promise.all([this.#flusher.stop(0), this.reader.close(1_000)]);
    await this.#writer.terminate();
  }

  putGap(gap: Gap): void {
    // Its own gap, coming back from a listener.
    if (gap === this.#reporting) return;
    this.#intake.noteGap(gap);
    this.#queue.addGap(gap);
    this.#flusher.wake();
  }

  putLog(record: LogRecord): void {
    this.#queue.addLog(record);
    this.#flusher.wake();
  }

  putCoverage(record: CoverageMinute): void {
    this.#queue.addCoverage(record);
    this.#flusher.wake();
  }

  setRecording(market: Market, recording: boolean, time?: number): void {
    const key = marketKey(market);
    // What the previous run began and this one never resumed ended with that run.
    const began = recording || this.#recording.has(key);
    const at = time ?? (began ? Date.now() : (this.previousHeartbeat ?? Date.now()));
    if (recording) this.#recording.add(key);
    this.#queue.addRecording({ market, recording, at });
    this.#flusher.wake();
  }

  onFailure(listener: (failure: string | null) => void): void {
    this.#flusher.failures.on(listener);
  }

  onCommitted(listener: (receivedAt: readonly number[]) => void): void {
    this.#flusher.commits.on(listener);
  }

  now(): number {
    return Math.floor(this.#age.now());
  }

  redate(redate: Redate): void {
    if (redate.byMs !== null) this.#intake.clockSet(redate.byMs, redate.after);
    this.#queue.addRedate(redate);
    this.#flusher.wake();
  }

  confirmClock(reading: ClockReading): void {
    this.#age.confirm(reading);
  }

  onDiskWarning(listener: (disk: DiskStats) => void): void {
    this.#disk.onWarning(listener);
  }

  sequenceState(): SequenceState {
    const newest = this.#newest;
    // Books are committed in order, so all before the first queued one are stored or were dropped.
    const waiting = this.#queue.firstSequence;
    return { newest, settled: waiting === null ? newest : waiting - 1 };
  }

  /** The highest sequence that may have been assigned. */
  get #newest(): number {
    return this.#filling.newest ?? this.sequences.last;
  }

  unkeptAt(market: Market, sequence: number): Gap | null {
    return this.#intake.unkeptAt(market, sequence);
  }

  stats(): StoreStats {
    return {
      queuedBooks: this.#queue.books,
      queuedBytes: this.#queue.bytes,
      storedBooks: this.#flusher.storedBooks,
      storedTrades: this.#flusher.storedTrades,
      droppedTrades: this.#droppedTrades,
      droppedBooks: this.#droppedBooks,
      droppedRecords: this.#queue.droppedRecords,
      lastFlushMs: this.#flusher.lastFlushMs,
      flushMs: this.#flushMs,
      failure: this.#flusher.failure,
      retentionHeld: this.#retention.held,
      disk: this.#disk.stats,
    };
  }

  vouchUntil(time: number): void {
    this.#vouchedUntil = time;
  }

  close(timeoutMs = 10_000): Promise<void> {
    this.#closing ??= this.#close(timeoutMs);
    this.#filling.close();
    return this.#closing;
  }

  async #close(timeoutMs: number): Promise<void> {
    const end = performance.now() + timeoutMs;
    this.#retention.close();
    this.#disk.close();
    const left = (): number => Math.max(0, end - performance.now());
    const drained = await this.#flusher.stop(left());
    this.sequences.close();
    await this.reader.close(1_000);
    let failure: string | null;
    if (drained) {
      // A clean shutdown is only recorded when nothing is missing; otherwise the next run sees a crash.
      const close = (): Promise<void> =>
        this.#writer.call('close', this.#newest, this.#now()).catch(this.#noteLoss);
      const closed = close().catch(async (error: unknown) => {
        if (this.#lost === null) throw error;
        await this.#putBack(this.#lost);
        return close();
      });
      failure = await settledWithin(closed, Math.max(left(), 1_000));
    } else {
      failure = this.#flusher.failure ?? 'the queue was not written in time';
    }
    await this.#writer.terminate();
    if (failure !== null) {
      throw new Error(
        `the store did not close cleanly: ${failure}; ${this.#queue.books} books were not written`,
      );
    }
  }

  async #write(batch: WriteBatch): Promise<void> {
    if (this.#lost !== null) await this.#putBack(this.#lost);
    const memory = [batch.rows, batch.trades].flatMap((rows) =>
      rows === null ? [] : [rows.buffer],
    );
    const ids = await this.#writer.callWith(memory, 'write', batch).catch(this.#noteLoss);
    // From now on books of these markets are passed as bytes.
    batch.books.forEach(({ number }, i) => (number.id = ids[i]!));
    if (batch.log) setImmediate(() => this.#filling.look());
  }

  /** Passes an error on, and remembers it if it says that the files were taken away. */
  readonly #noteLoss = (error: unknown): never => {
    if (error instanceof StoreError && error.code === LOG_MOVED) this.#moved.publish();
    if (error instanceof StoreError && error.code === DATABASE_LOST) {
      this.#lost ??= { since: performance.now(), reason: error.message };
    }
    throw error;
  };

  /** Restores the database from its open files. @throws {StoreError} while that is impossible */
  async #putBack({ since, reason }: { since: number; reason: string }): Promise<void> {
    const early = performance.now() - since < this.#putBackMs;
    if (early && this.#closing === undefined) throw new StoreError(reason, DATABASE_LOST);
    const aside = await this.reader.without(() => this.#writer.call('putBack'));
    this.#lost = null;
    this.#putBacks.publish({ reason, aside });
  }

  #ownGap(gap: Gap): void {
    this.#queue.addGap(gap);
    this.#reporting = gap;
    this.#gaps.publish(gap);
    this.#reporting = null;
  }
}

/** Why `work` failed or did not finish in time; null when it did. */
function settledWithin(work: Promise<unknown>, timeoutMs: number): Promise<string | null> {
  const outcome = work.then(() => null, failureText);
  return within(outcome, timeoutMs, () => 'the database did not answer in time');
}
