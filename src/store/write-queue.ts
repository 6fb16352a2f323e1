import { randomInt } from 'node:crypto';
import type { LogRecord } from '../market/log-record.js';
import type { CoverageMinute } from '../market/coverage.js';
import type { Gap } from '../market/gap.js';
import { marketKey } from '../market/market.js';
import type { Trade } from '../market/trade.js';
import type { TradeSpanChange } from '../market/trade-span.js';
import { BookBatch } from './book-batch.js';
import type { BookEncoder } from './engine/engine.js';
import type { Redate } from '../market/clock-reading.js';
import type { BookRow, RecordingChange, WriteBatch } from './writer-protocol.js';

/** Limits of the queue. */
interface QueueLimits {
  readonly maxQueuedBooks: number;
  readonly maxQueuedBytes: number;
  /** Maximum books per batch. */
  readonly maxBatch: number;
  /** Creates the book encoder of the database's engine. */
  readonly encoder: () => BookEncoder;
}

/** Maximum text per batch, bytes; the writer needs a few times that in addition. */
const MAX_BATCH_BYTES = 8 * 1024 * 1024;
/** Maximum queued gaps, coverage and log records; the second: an hour of 2,000 markets. */
const MAX_GAPS = 100_000;
const MAX_COVERAGE = 120_000;
const MAX_LOGS = 10_000;
/** Upper bound of batch ids: the maximum of `randomInt`. */
const MAX_ID = 2 ** 48 - 1;

/**
 * What waits for the writer, in order, within limits. A batch being written still counts:
 * {@link begin} hands it out, {@link commit} removes it, {@link abort} leaves it first in line.
 */
export class WriteQueue {
  readonly #limits: QueueLimits;
  /** Batches of books, oldest first; books are added to the last one. Never empty. */
  readonly #batches: BookBatch[];
  /** An empty batch kept for its memory. */
  #spare: BookBatch | null = null;
  #books = 0;
  #bytes = 0;
  #gaps = new Map<string, Gap>();
  readonly #coverage = new BoundedList<CoverageMinute>(MAX_COVERAGE);
  readonly #logs = new BoundedList<LogRecord>(MAX_LOGS);
  #recording = new Map<string, RecordingChange>();
  readonly #redates: Redate[] = [];
  /** Gaps present when the last of those was added: later ones are dated correctly. */
  #beforeRedate: ReadonlySet<Gap> = new Set();
  #full = false;
  #current: WriteBatch | null = null;
  #droppedGaps = 0;
  /** Number of the last log message stored, and of the last one added; null = no log. */
  #logStored = 0;
  #logAt: number | null = null;
  /** Number of the last message that left the log unread in this run; undefined = none did. */
  #unread: number | undefined;
  /** A failed batch: it is retried unchanged, since it may have been written and only its answer lost. */
  #again: WriteBatch | null = null;

  constructor(limits: QueueLimits) {
    this.#limits = limits;
    this.#batches = [new BookBatch(limits.encoder())];
  }

  /** Books, trades and trade spans waiting, including those of the batch being written. */
  get books(): number {
    return this.#books;
  }

  /** Sequence of the first waiting book or trade, null when there is none. */
  get firstSequence(): number | null {
    // The first batch may have none: it is being written for its records or as a heartbeat.
    for (const { firstSequence } of this.#batches) if (firstSequence !== null) return firstSequence;
    return null;
  }

  /** Their estimated size in bytes. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Gaps, coverage and log records that had to be dropped. */
  get droppedRecords(): number {
    return this.#droppedGaps + this.#coverage.dropped + this.#logs.dropped;
  }

  /** Whether a whole batch of books is waiting. */
  get hasBatch(): boolean {
    return this.#batches.length > 1 || this.#isFull(this.#batches[0]!);
  }

  /** Number of the last log message stored. */
  get logStored(): number {
    return this.#logStored;
  }

  /** Whether nothing is waiting. */
  get empty(): boolean {
    return (
      this.#again === null &&
      this.#books === 0 &&
      this.#gaps.size === 0 &&
      this.#coverage.items.length === 0 &&
      this.#logs.items.length === 0 &&
      this.#redates.length === 0 &&
      this.#recording.size === 0
    );
  }

  /**
   * Whether a book may be added. Once a limit is reached, not before half of it is free again:
   * otherwise every market would open and close a gap with each batch.
   */
  get hasRoom(): boolean {
    const { maxQueuedBooks, maxQueuedBytes } = this.#limits;
    const share = Math.max(this.#books / maxQueuedBooks, this.#bytes / maxQueuedBytes);
    if (share >= 1) this.#full = true;
    else if (share <= 0.5) this.#full = false;
    return !this.#full;
  }

  /** From now on additions come from a log, of which this message is stored. */
  beginLog(stored: number): void {
    this.#logStored = stored;
    this.#logAt = stored;
    this.#unread = undefined;
  }

  /** Everything in this log message has been added. */
  logAt(position: number): void {
    this.#logAt = position;
  }

  /** Log messages up to this one left it unread. */
  logUnread(upTo: number): void {
    this.#unread = upTo;
  }

  /** Whether the current batch is full: with a log nothing may be added to a further one. */
  get gathered(): boolean {
    const last = this.#batches.at(-1)!;
    const underWay = (this.#current ?? this.#again) !== null;
    return !(underWay && this.#batches.length === 1) && this.#isFull(last);
  }

  /** Adds a book. */
  addBook(row: BookRow): void {
    const batch = this.#openBatch();
    const before = batch.bytes;
    batch.add(row);
    this.#books++;
    this.#bytes += batch.bytes - before;
  }

  /** Adds a trade. */
  addTrade(trade: Trade): void {
    this.#add((batch) => batch.addTrade(trade));
  }

  /** Adds the completeness of trade spans. */
  addTradeSpan(change: TradeSpanChange): void {
    this.#add((batch) => batch.addTradeSpan(change));
  }

  #add(add: (batch: BookBatch) => void): void {
    const batch = this.#openBatch();
    const before = batch.bytes;
    add(batch);
    this.#books++;
    this.#bytes += batch.bytes - before;
  }

  /** The batch being filled. */
  #openBatch(): BookBatch {
    let batch = this.#batches.at(-1)!;
    if (
      this.#isFull(batch) ||
      ((this.#current ?? this.#again) !== null && this.#batches.length === 1)
    ) {
      batch = this.#spare ?? new BookBatch(this.#limits.encoder());
      this.#spare = null;
      this.#batches.push(batch);
    }
    return batch;
  }

  /** Adds a gap; a newer report of the same gap replaces the older one. */
  addGap(gap: Gap): void {
    const key = gapKey(gap);
    if (this.#gaps.size >= MAX_GAPS && !this.#gaps.has(key)) this.#droppedGaps++;
    else this.#gaps.set(key, gap);
  }

  /** Adds what was received for a market in a minute; beyond the limit the oldest is dropped. */
  addCoverage(record: CoverageMinute): void {
    this.#coverage.add(record);
  }

  /** Adds a log record; beyond the limit the oldest is dropped. */
  addLog(record: LogRecord): void {
    this.#logs.add(record);
  }

  /** Adds a redating of everything stored or added before. */
  addRedate(redate: Redate): void {
    this.#redates.push(redate);
    // In its place among the trade spans: what was reported since is dated correctly.
    this.addTradeSpan(redate);
    this.#beforeRedate = new Set(this.#gaps.values());
  }

  /** Adds a change; a newer one for the same market replaces the older one. */
  addRecording(change: RecordingChange): void {
    this.#recording.set(marketKey(change.market), change);
  }

  /**
   * The next batch, oldest first; the same again after {@link abort}.
   * @param now Unix ms; the batch vouches for all books until then if it takes them all.
   * @param heartbeat whether the batch should carry a heartbeat.
   */
  begin(now: number, heartbeat: boolean): WriteBatch {
    const books = this.#batches[0]!;
    if (this.#again !== null) {
      this.#current = { ...this.#again, rows: books.rows(), trades: books.trades(), again: true };
      this.#again = null;
      return this.#current;
    }
    const all = this.#batches.length === 1;
    const gaps = [...this.#gaps.values()];
    const redated = (gap: Gap): boolean =>
      this.#redates.length === 0 || this.#beforeRedate.has(gap);
    this.#current = {
      id: randomInt(1, MAX_ID),
      again: false,
      span: books.span,
      log:
        this.#logAt === null
          ? null
          : { from: this.#logStored, upTo: this.#logAt, unread: this.#unread },
      rows: books.rows(),
      books: books.books,
      trades: books.trades(),
      tradeSpans: books.tradeSpans,
      steps: books.steps,
      gaps: gaps.filter(redated),
      laterGaps: gaps.filter((gap) => !redated(gap)),
      coverage: this.#coverage.begin(),
      logs: this.#logs.begin(),
      recording: [...this.#recording.values()],
      redates: this.#redates.slice(),
      heartbeat: !heartbeat ? null : all ? now : books.lastTimestamp,
    };
    return this.#current;
  }

  /** The batch of {@link begin} is stored. */
  commit(): void {
    const batch = this.#current;
    if (batch === null) return;
    this.#current = null;
    if (batch.log) this.#logStored = batch.log.upTo;
    const written = this.#batches.shift()!;
    this.#books -= written.count;
    this.#bytes -= written.bytes;
    written.clear();
    if (this.#batches.length === 0) this.#batches.push(written);
    else this.#spare ??= written;
    this.#coverage.commit();
    this.#logs.commit();
    this.#redates.splice(0, batch.redates.length);
    // What was reported again while the batch was being written is a different object and stays.
    for (const gap of [...batch.gaps, ...batch.laterGaps]) {
      if (this.#gaps.get(gapKey(gap)) === gap) this.#gaps.delete(gapKey(gap));
    }
    for (const change of batch.recording) {
      const key = marketKey(change.market);
      if (this.#recording.get(key) === change) this.#recording.delete(key);
    }
  }

  /** When each book of the batch of {@link begin} was received, Unix ms. */
  get current(): readonly number[] {
    return this.#current === null ? [] : this.#batches[0]!.timestamps;
  }

  /** Number of trades in the batch of {@link begin}. */
  get currentTrades(): number {
    return this.#current === null ? 0 : this.#batches[0]!.tradeCount;
  }

  /** The batch of {@link begin} could not be stored. */
  abort(): void {
    this.#again = this.#current;
    this.#current = null;
  }

  #isFull(batch: BookBatch): boolean {
    return batch.count >= this.#limits.maxBatch || batch.bytes >= MAX_BATCH_BYTES;
  }
}

/** Records in order, bounded; those in a batch being written are not counted. */
class BoundedList<T> {
  items: T[] = [];
  dropped = 0;
  readonly #limit: number;
  #writing = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Adds one; beyond the limit the oldest that is not being written is dropped. */
  add(item: T): void {
    this.items.push(item);
    if (this.items.length - this.#writing <= this.#limit) return;
    this.items.splice(this.#writing, 1);
    this.dropped++;
  }

  /** All of them; they stay until {@link commit}. */
  begin(): T[] {
    this.#writing = this.items.length;
    return this.items.slice();
  }

  commit(): void {
    this.items.splice(0, this.#writing);
    this.#writing = 0;
  }
}

function gapKey(gap: Gap): string {
  return `${marketKey(gap.market)} ${gap.start}`;
}
