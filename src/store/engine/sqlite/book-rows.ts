import type { BookEncoder, EncodedBook } from '../engine.js';

/** Initial capacity, bytes: an ordinary batch of 100 ms. */
const FIRST_SIZE = 64 * 1024;

// SQLite's JSONB (sqlite.org/jsonb.html): an element is a byte with its type and the encoding of
// its size, the size (big-endian), and its content. Sizes may take more bytes than necessary.
const NULL = 0x00;
/** An integer: one size byte, then decimal digits. */
const INTEGER = 0xc3;
/** A text without escapes: four size bytes. */
const TEXT = 0xea;
/** An array: four size bytes, then its elements. */
const ARRAY = 0xeb;
const LONG_HEADER = 5;
/** Maximum bytes of a row beside its texts: its header, five integers of 16 digits, two headers. */
const ROW_SIZE = LONG_HEADER + 5 * 18 + 2 * LONG_HEADER;
const ZERO = 0x30;

/**
 * Books as SQLite's JSONB: an array of arrays `[sequence, market number, timestamp, exchange
 * timestamp, base, asks, bids]`, the sides as text. As bytes, because Prisma turns parameters into
 * JSON, twice: as text, each of its many quotes would be escaped both times. As JSONB, so that
 * SQLite has nothing to parse.
 */
export class JsonbRows implements BookEncoder {
  #rows = Buffer.allocUnsafe(FIRST_SIZE);
  #length = LONG_HEADER;

  get bytes(): number {
    return this.#length - LONG_HEADER;
  }

  add(row: EncodedBook, marketId: number): void {
    this.#makeRoom(row.asks.length + row.bids.length + ROW_SIZE);
    this.#length = this.#putRow(row, marketId);
  }

  take(): Uint8Array<ArrayBuffer> | null {
    if (this.#length === LONG_HEADER) return null;
    putHeader(this.#rows, 0, ARRAY, this.#length - LONG_HEADER);
    return new Uint8Array(this.#rows.subarray(0, this.#length));
  }

  clear(): void {
    this.#length = LONG_HEADER;
    if (this.#rows.length > 16 * FIRST_SIZE) this.#rows = Buffer.allocUnsafe(FIRST_SIZE);
  }

  /** Appends a row. @returns its end */
  #putRow(row: EncodedBook, id: number): number {
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

  #makeRoom(bytes: number): void {
    const needed = this.#length + bytes;
    if (needed <= this.#rows.length) return;
    const larger = Buffer.allocUnsafe(Math.max(needed, this.#rows.length * 2));
    this.#rows.copy(larger, 0, 0, this.#length);
    this.#rows = larger;
  }
}

/** Writes the header of an element with a four-byte size. */
function putHeader(to: Buffer, at: number, kind: number, size: number): void {
  to[at] = kind;
  to.writeUInt32BE(size, at + 1);
}

/** Writes an ASCII text. @returns its end */
function putText(to: Buffer, at: number, text: string): number {
  putHeader(to, at, TEXT, text.length);
  return at + LONG_HEADER + to.write(text, at + LONG_HEADER, 'latin1');
}

/** Writes an integer. @returns its end */
function putInteger(to: Buffer, at: number, value: number): number {
  const end =
    value >= 0
      ? putDecimal(to, at + 2, value)
      : at + 2 + to.write(String(Math.trunc(value)), at + 2, 'latin1');
  to[at] = INTEGER;
  to[at + 1] = end - at - 2;
  return end;
}

/** Writes an integer's digits, five times as fast as a string; returns their end. */
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
