import type { BookRow, ClockStep } from './writer-protocol.js';

/** Room for text that a batch begins with, bytes: an ordinary batch of 100 ms. */
const FIRST_SIZE = 64 * 1024;
/** What a row that waits as an object takes beside its text, bytes. */
const ROW_OVERHEAD = 240;

/** Room for the numbers of a row and what stands between them, bytes: five of 16 digits. */
const NUMBERS_SIZE = 100;
const OPEN = 0x5b; // [
const CLOSE = 0x5d; // ]
const COMMA = 0x2c;
const ZERO = 0x30;

/**
 * The books of one batch while they wait. A book becomes bytes at once: what waits holds no frame of
 * its exchange and nothing for the garbage collector, and handing a batch over is one copy.
 */
export class BookBatch {
  /** Rows of markets whose number is not known yet. */
  readonly books: BookRow[] = [];
  readonly steps: ClockStep[] = [];
  #text = Buffer.allocUnsafe(FIRST_SIZE);
  #length = 0;
  #count = 0;
  #rowBytes = 0;
  #firstSequence: number | null = null;
  #lastTimestamp = 0;

  /** Adds a row, which comes after all before. */
  add(row: BookRow): void {
    const { sequence, timestamp, asks, bids, steppedFrom } = row;
    const { id } = row.number;
    this.#count++;
    this.#firstSequence ??= sequence;
    this.#lastTimestamp = timestamp;
    if (steppedFrom !== null) this.steps.push({ sequence, fromMs: steppedFrom, toMs: timestamp });
    if (id === null) {
      this.books.push({ ...row, asks: flat(asks), bids: flat(bids) });
      this.#rowBytes += asks.length + bids.length + ROW_OVERHEAD;
      return;
    }
    this.#makeRoom(asks.length + bids.length + NUMBERS_SIZE);
    this.#length = this.#putRow(row, id);
  }

  /** Appends a row's text; all of it is ASCII, a character a byte. @returns where it ends */
  #putRow(row: BookRow, id: number): number {
    const to = this.#text;
    let at = this.#length;
    to[at] = at === 0 ? OPEN : COMMA;
    at++;
    to[at++] = OPEN;
    at = putInteger(to, at, row.sequence);
    to[at++] = COMMA;
    at = putInteger(to, at, id);
    to[at++] = COMMA;
    at = putInteger(to, at, row.timestamp);
    to[at++] = COMMA;
    if (row.exchangeTimestamp === null) at += to.write('null', at, 'latin1');
    else at = putInteger(to, at, row.exchangeTimestamp);
    to[at++] = COMMA;
    at = putInteger(to, at, row.base);
    return at + to.write(`,${row.asks},${row.bids}]`, at, 'latin1');
  }

  /** Books in it. */
  get count(): number {
    return this.#count;
  }

  /** Bytes that they take. */
  get bytes(): number {
    return this.#length + this.#rowBytes;
  }

  /** Sequence of the first one, null when it is empty. */
  get firstSequence(): number | null {
    return this.#firstSequence;
  }

  /** Timestamp of the newest one. */
  get lastTimestamp(): number {
    return this.#lastTimestamp;
  }

  /** The rows of markets whose number is known, as {@link WriteBatch.text}; a copy. */
  text(): Uint8Array<ArrayBuffer> | null {
    if (this.#length === 0) return null;
    this.#text[this.#length] = CLOSE;
    // A copy in memory of its own, which may be handed to another thread.
    return new Uint8Array(this.#text.subarray(0, this.#length + 1));
  }

  /** Empties it for other books. */
  clear(): void {
    this.books.length = 0;
    this.steps.length = 0;
    this.#length = 0;
    this.#firstSequence = null;
    this.#count = 0;
    this.#rowBytes = 0;
    if (this.#text.length > 16 * FIRST_SIZE) this.#text = Buffer.allocUnsafe(FIRST_SIZE);
  }

  #makeRoom(bytes: number): void {
    const needed = this.#length + bytes;
    if (needed <= this.#text.length) return;
    const larger = Buffer.allocUnsafe(Math.max(needed, this.#text.length * 2));
    this.#text.copy(larger, 0, 0, this.#length);
    this.#text = larger;
  }
}

/**
 * Writes the digits of a whole number from 0 to 2^53 - 1. A number beyond 31 bits takes a fifth of
 * the time that its conversion to a string does.
 * @returns where they end
 */
function putInteger(to: Buffer, at: number, value: number): number {
  if (value < 1e9) {
    let end = at + 1;
    for (let bound = 10; value >= bound; bound *= 10) end++;
    putDigits(to, at, end, value);
    return end;
  }
  const high = Math.floor(value / 1e9);
  const middle = putInteger(to, at, high);
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

/** The same ASCII text in memory of its own: pieces of a frame would keep the whole frame. */
function flat(text: string): string {
  return Buffer.from(text, 'latin1').toString('latin1');
}
