import type { Trade } from '../market/trade.js';
import type { TradeSpanChange } from '../market/trade-span.js';
import { ownText } from '../market/own-text.js';
import { WaitingTrades } from './trades/waiting-trades.js';
import type { BookEncoder } from './engine/engine.js';
import type { BatchSpan, BookRow, ClockStep } from './writer-protocol.js';

/** Overhead of a row waiting as an object beside its text, bytes. */
const ROW_OVERHEAD = 240;
/** Size of a trade span, bytes. */
const SPAN_BYTES = 300;

/**
 * The books and trades of one batch while they wait. They are encoded to bytes at once: what waits
 * keeps no exchange frame alive and gives the garbage collector nothing to do, and handing a batch
 * over is one copy.
 */
export class BookBatch {
  /** Rows of markets whose number is not known yet. */
  readonly books: BookRow[] = [];
  readonly steps: ClockStep[] = [];
  readonly #trades = new WaitingTrades();
  #tradeCount = 0;
  #lastTradeAt = 0;
  #tradeSpans: TradeSpanChange[] = [];
  readonly #rows: BookEncoder;
  #count = 0;
  #rowBytes = 0;
  #firstSequence: number | null = null;
  #firstTime = 0;
  #lastSequence = 0;
  #timestamps: number[] = [];

  /** @param rows encodes books for the database's engine */
  constructor(rows: BookEncoder) {
    this.#rows = rows;
  }

  /** Adds a row after all previous ones. */
  add(row: BookRow): void {
    const { sequence, timestamp, asks, bids, steppedFrom } = row;
    const { id } = row.number;
    this.#count++;
    this.#reach(sequence, timestamp);
    this.#timestamps.push(timestamp);
    if (steppedFrom !== null) this.steps.push({ sequence, fromMs: steppedFrom, toMs: timestamp });
    if (id === null) {
      this.books.push({ ...row, asks: ownText(asks), bids: ownText(bids) });
      this.#rowBytes += asks.length + bids.length + ROW_OVERHEAD;
      return;
    }
    this.#rows.add(row, id);
  }

  /** Adds a trade after all previous ones. */
  addTrade(trade: Trade): void {
    this.#count++;
    this.#reach(trade.sequence, trade.timestamp);
    this.#trades.add(trade);
    this.#tradeCount++;
    this.#lastTradeAt = trade.timestamp;
  }

  /** Adds the completeness of trade spans: stored with, or after, all trades before it. */
  addTradeSpan(change: TradeSpanChange): void {
    this.#count++;
    this.#tradeSpans.push(change);
    this.#rowBytes += SPAN_BYTES;
  }

  /** The span changes, in order; the list is never modified. */
  get tradeSpans(): readonly TradeSpanChange[] {
    return this.#tradeSpans;
  }

  #reach(sequence: number, timestamp: number): void {
    if (this.#firstSequence === null) {
      this.#firstSequence = sequence;
      this.#firstTime = timestamp;
    }
    this.#lastSequence = sequence;
  }

  /** Null when it is empty. */
  get span(): BatchSpan | null {
    const first = this.#firstSequence;
    return first === null ? null : { first, last: this.#lastSequence, time: this.#firstTime };
  }

  /** The trades, in order of sequence, as {@link WriteBatch.trades}; a copy. */
  trades(): Uint8Array<ArrayBuffer> | null {
    return this.#trades.rows();
  }

  /** Number of trades in it. */
  get tradeCount(): number {
    return this.#tradeCount;
  }

  /** Number of books, trades and trade spans in it. */
  get count(): number {
    return this.#count;
  }

  /** Their size in bytes. */
  get bytes(): number {
    return this.#rows.bytes + this.#rowBytes + this.#trades.length;
  }

  /** Sequence of the first one, null when it is empty. */
  get firstSequence(): number | null {
    return this.#firstSequence;
  }

  /** Timestamp of the newest one. */
  get lastTimestamp(): number {
    return Math.max(this.#timestamps.at(-1) ?? 0, this.#lastTradeAt);
  }

  /** When each one was received, Unix ms; the list is never modified. */
  get timestamps(): readonly number[] {
    return this.#timestamps;
  }

  /** The rows of markets whose number is known, as {@link WriteBatch.rows}; a copy. */
  rows(): Uint8Array<ArrayBuffer> | null {
    return this.#rows.take();
  }

  /** Empties it for reuse. */
  clear(): void {
    this.books.length = 0;
    this.#trades.clear();
    this.#tradeCount = 0;
    this.#lastTradeAt = 0;
    this.#tradeSpans = [];
    this.#timestamps = [];
    this.steps.length = 0;
    this.#rows.clear();
    this.#firstSequence = null;
    this.#count = 0;
    this.#rowBytes = 0;
  }
}
