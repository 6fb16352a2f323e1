import type { LogRecord } from '../logging/log-record.js';
import type { Gap } from '../market/gap.js';
import { type Market, marketKey } from '../market/market.js';
import type { BookRow, WriteBatch } from './writer-protocol.js';

/** Bounds of the queue. */
export interface QueueLimits {
  readonly maxQueuedBooks: number;
  readonly maxQueuedBytes: number;
  /** Books of one batch at most. */
  readonly maxBatch: number;
}

/** Text of one batch at most, bytes; what the writer needs beside it is a few times that. */
const MAX_BATCH_BYTES = 8 * 1024 * 1024;
/** What a waiting row takes beside its text, bytes. */
const ROW_OVERHEAD = 240;
/** Gaps and log records that may wait. */
const MAX_GAPS = 100_000;
const MAX_LOGS = 10_000;

/**
 * What waits for the writer, in order, within bounds. A batch that is being written still counts:
 * {@link begin} hands it out, {@link commit} removes it, {@link abort} leaves it first in line.
 */
export class WriteQueue {
  readonly #limits: QueueLimits;
  #books: BookRow[] = [];
  #bytes = 0;
  #gaps = new Map<string, Gap>();
  #logs: LogRecord[] = [];
  #recording = new Map<string, { market: Market; recording: boolean }>();
  #full = false;
  #current: WriteBatch | null = null;
  #droppedRecords = 0;

  constructor(limits: QueueLimits) {
    this.#limits = limits;
  }

  /** Books waiting, those of the batch under way included. */
  get books(): number {
    return this.#books.length;
  }

  /** Sequence of the first book that waits, null when none does. */
  get firstSequence(): number | null {
    return this.#books[0]?.sequence ?? null;
  }

  /** Estimated bytes of those. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Gaps and log records that had to be dropped. */
  get droppedRecords(): number {
    return this.#droppedRecords;
  }

  /** Whether a whole batch of books is waiting. */
  get hasBatch(): boolean {
    return this.#books.length >= this.#limits.maxBatch || this.#bytes >= MAX_BATCH_BYTES;
  }

  /** Whether nothing is waiting. */
  get empty(): boolean {
    return (
      this.#books.length === 0 &&
      this.#gaps.size === 0 &&
      this.#logs.length === 0 &&
      this.#recording.size === 0
    );
  }

  /**
   * Whether a book may be added. Once a bound is reached, not before half of it is free again:
   * otherwise every market would open and close a gap with each batch.
   */
  get hasRoom(): boolean {
    const { maxQueuedBooks, maxQueuedBytes } = this.#limits;
    const share = Math.max(this.#books.length / maxQueuedBooks, this.#bytes / maxQueuedBytes);
    if (share >= 1) this.#full = true;
    else if (share <= 0.5) this.#full = false;
    return !this.#full;
  }

  addBook(row: BookRow): void {
    this.#books.push(row);
    this.#bytes += sizeOf(row);
  }

  /** Adds a gap; a newer word about the same gap replaces the older one. */
  addGap(gap: Gap): void {
    const key = gapKey(gap);
    if (this.#gaps.size >= MAX_GAPS && !this.#gaps.has(key)) this.#droppedRecords++;
    else this.#gaps.set(key, gap);
  }

  /** Adds a log record; beyond the bound the oldest goes. */
  addLog(record: LogRecord): void {
    this.#logs.push(record);
    // In the middle of a batch the first ones are being written: they are no longer ours to drop.
    const writing = this.#current?.logs.length ?? 0;
    if (this.#logs.length - writing > MAX_LOGS) {
      this.#logs.splice(writing, 1);
      this.#droppedRecords++;
    }
  }

  addRecording(market: Market, recording: boolean): void {
    this.#recording.set(marketKey(market), { market, recording });
  }

  /**
   * The next batch, oldest first; the same again after {@link abort}, with what came since.
   * @param now Unix ms; the batch vouches for all books until then when it takes them all.
   * @param heartbeat whether the batch shall carry a sign of life.
   */
  begin(now: number, heartbeat: boolean): WriteBatch {
    let count = 0;
    let bytes = 0;
    for (const row of this.#books) {
      if (count >= this.#limits.maxBatch || bytes >= MAX_BATCH_BYTES) break;
      count++;
      bytes += sizeOf(row);
    }
    const all = count === this.#books.length;
    this.#current = {
      books: this.#books.slice(0, count),
      gaps: [...this.#gaps.values()],
      logs: this.#logs.slice(0),
      recording: [...this.#recording.values()],
      heartbeat: !heartbeat ? null : all ? now : this.#books[count - 1]!.timestamp,
    };
    return this.#current;
  }

  /** The batch of {@link begin} is stored. */
  commit(): void {
    const batch = this.#current;
    if (batch === null) return;
    this.#current = null;
    this.#books.splice(0, batch.books.length);
    for (const row of batch.books) this.#bytes -= sizeOf(row);
    this.#logs.splice(0, batch.logs.length);
    // What was said anew while the batch was written is a different object and stays.
    for (const gap of batch.gaps) {
      if (this.#gaps.get(gapKey(gap)) === gap) this.#gaps.delete(gapKey(gap));
    }
    for (const change of batch.recording) {
      const key = marketKey(change.market);
      if (this.#recording.get(key) === change) this.#recording.delete(key);
    }
  }

  /** The batch of {@link begin} could not be stored. */
  abort(): void {
    this.#current = null;
  }
}

function gapKey(gap: Gap): string {
  return `${marketKey(gap.market)} ${gap.start}`;
}

function sizeOf(row: BookRow): number {
  return row.asks.length + row.bids.length + ROW_OVERHEAD;
}
