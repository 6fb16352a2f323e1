import type { Trade } from '../market/trade.js';
import { ownText } from '../market/own-text.js';
import type { BookRow, ClockStep } from './writer-protocol.js';

/** Room that a batch begins with, bytes: an ordinary batch of 100 ms. */
const FIRST_SIZE = 64 * 1024;
/** What a row that waits as an object takes beside its text, bytes. */
const ROW_OVERHEAD = 240;
/** What a trade takes that waits, bytes. */
const TRADE_BYTES = 300;

// SQLite's JSONB (sqlite.org/jsonb.html): an element is a byte of its kind and of how its size is
// given, the size (big-endian), and its content. Sizes may take more bytes than they need.
const NULL = 0x00;
/** An integer: a byte of size, then decimal digits. */
const INTEGER = 0xc3;
/** A text without escapes: four bytes of size. */
const TEXT = 0xea;
/** An array: four bytes of size, then its elements. */
const ARRAY = 0xeb;
const LONG_HEADER = 5;
/** Bytes of a row beside its texts at most: its header, five integers of 16 digits, two headers. */
const ROW_SIZE = LONG_HEADER + 5 * 18 + 2 * LONG_HEADER;
const ZERO = 0x30;

/**
 * The books of one batch while they wait. A book becomes bytes at once: what waits holds no frame of
 * its exchange and nothing for the garbage collector, and handing a batch over is one copy.
 */
export class BookBatch {
  /** Rows of markets whose number is not known yet. */
  readonly books: BookRow[] = [];
  readonly steps: ClockStep[] = [];
  #trades: Trade[] = [];
  #rows = Buffer.allocUnsafe(FIRST_SIZE);
  #length = LONG_HEADER;
  #count = 0;
  #rowBytes = 0;
  #firstSequence: number | null = null;
  #timestamps: number[] = [];

  /** Adds a row, which comes after all before. */
  add(row: BookRow): void {
    const { sequence, timestamp, asks, bids, steppedFrom } = row;
    const { id } = row.number;
    this.#count++;
    this.#firstSequence ??= sequence;
    this.#timestamps.push(timestamp);
    if (steppedFrom !== null) this.steps.push({ sequence, fromMs: steppedFrom, toMs: timestamp });
    if (id === null) {
      this.books.push({ ...row, asks: ownText(asks), bids: ownText(bids) });
      this.#rowBytes += asks.length + bids.length + ROW_OVERHEAD;
      return;
    }
    this.#makeRoom(asks.length + bids.length + ROW_SIZE);
    this.#length = this.#putRow(row, id);
  }

  /** Adds a trade, which comes after all before. */
  addTrade(trade: Trade): void {
    this.#count++;
    this.#firstSequence ??= trade.sequence;
    this.#trades.push(trade);
    this.#rowBytes += TRADE_BYTES;
  }

  /** The trades, in order of sequence; a list that stays as it is. */
  get trades(): readonly Trade[] {
    return this.#trades;
  }

  /** Appends a row. @returns where it ends */
  #putRow(row: BookRow, id: number): number {
    const to = this.#rows;
    const start = this.#length;
    let at = start + LONG_HEADER;
    at = putInteger(to, at, row.sequence);
    at = putInteger(to, at, id);
    at = putInteger(to, at, row.timestamp);
    if (row.exchangeTimestamp === null) to[at++] = NULL;
    else at = putInteger(to, at, row.exchangeTimestamp);
    at = putInteger(to, at, row.base);
    at = putText(to, at, row.asks);
    at = putText(to, at, row.bids);
    putHeader(to, start, ARRAY, at - start - LONG_HEADER);
    return at;
  }

  /** Books and trades in it. */
  get count(): number {
    return this.#count;
  }

  /** Bytes that they take. */
  get bytes(): number {
    return this.#length - LONG_HEADER + this.#rowBytes;
  }

  /** Sequence of the first one, null when it is empty. */
  get firstSequence(): number | null {
    return this.#firstSequence;
  }

  /** Timestamp of the newest one. */
  get lastTimestamp(): number {
    return Math.max(this.#timestamps.at(-1) ?? 0, this.#trades.at(-1)?.timestamp ?? 0);
  }

  /** When each one was received, Unix ms; a list that stays as it is. */
  get timestamps(): readonly number[] {
    return this.#timestamps;
  }

  /** The rows of markets whose number is known, as {@link WriteBatch.rows}; a copy. */
  rows(): Uint8Array<ArrayBuffer> | null {
    if (this.#length === LONG_HEADER) return null;
    putHeader(this.#rows, 0, ARRAY, this.#length - LONG_HEADER);
    // A copy in memory of its own, which may be handed to another thread.
    return new Uint8Array(this.#rows.subarray(0, this.#length));
  }

  /** Empties it for other books. */
  clear(): void {
    this.books.length = 0;
    this.#trades = [];
    this.#timestamps = [];
    this.steps.length = 0;
    this.#length = LONG_HEADER;
    this.#firstSequence = null;
    this.#count = 0;
    this.#rowBytes = 0;
    if (this.#rows.length > 16 * FIRST_SIZE) this.#rows = Buffer.allocUnsafe(FIRST_SIZE);
  }

  #makeRoom(bytes: number): void {
    const needed = this.#length + bytes;
    if (needed <= this.#rows.length) return;
    const larger = Buffer.allocUnsafe(Math.max(needed, this.#rows.length * 2));
    this.#rows.copy(larger, 0, 0, this.#length);
    this.#rows = larger;
  }
}

/** Writes the header of an element whose size takes four bytes. */
function putHeader(to: Buffer, at: number, kind: number, size: number): void {
  to[at] = kind;
  to.writeUInt32BE(size, at + 1);
}

/** Writes an ASCII text. @returns where it ends */
function putText(to: Buffer, at: number, text: string): number {
  putHeader(to, at, TEXT, text.length);
  return at + LONG_HEADER + to.write(text, at + LONG_HEADER, 'latin1');
}

/** Writes a whole number. @returns where it ends */
function putInteger(to: Buffer, at: number, value: number): number {
  const end =
    value >= 0
      ? putDecimal(to, at + 2, value)
      : at + 2 + to.write(String(Math.trunc(value)), at + 2, 'latin1');
  to[at] = INTEGER;
  to[at + 1] = end - at - 2;
  return end;
}

/**
 * Writes the digits of a whole number. Of one beyond 31 bits this takes a fifth of the time that its
 * conversion to a string does.
 * @returns where they end
 */
function putDecimal(to: Buffer, at: number, value: number): number {
  if (value < 1e9) {
    let end = at + 1;
    for (let bound = 10; value >= bound; bound *= 10) end++;
    putDigits(to, at, end, value);
    return end;
  }
  const high = Math.floor(value / 1e9);
  const middle = putDecimal(to, at, high);
  putDigits(to, middle, middle + 9, value - high * 1e9);
  return middle + 9;
}

/** Writes the last digits of a number below 10^9, filling from `at` to before `end`. */
function putDigits(to: Buffer, at: number, end: number, value: number): void {
  let rest = value | 0;
  for (let place = end - 1; place >= at; place--) {
    const tens = (rest / 10) | 0;
    to[place] = ZERO + rest - tens * 10;
    rest = tens;
  }
}
