import type { BookEncoder, EncodedBook } from '../engine.js';

/** Initial capacity, bytes: an ordinary batch of 100 ms. */
const FIRST_SIZE = 64 * 1024;

/**
 * Books as the bytes of a JSON array of objects with one-letter keys: `json_to_recordset` needs
 * keys. As bytes, because Prisma turns parameters into JSON, twice: as text, each of its many
 * quotes would be escaped both times.
 */
export class JsonRows implements BookEncoder {
  #rows = Buffer.allocUnsafe(FIRST_SIZE);
  #length = 0;

  get bytes(): number {
    return this.#length;
  }

  add(row: EncodedBook, marketId: number): void {
    const { sequence, timestamp, exchangeTimestamp, base, asks, bids } = row;
    const text = `${this.#length === 0 ? '[' : ','}{"s":${sequence},"m":${marketId},"t":${timestamp},"e":${exchangeTimestamp},"b":${base},"a":"${escaped(asks)}","i":"${escaped(bids)}"}`;
    this.#makeRoom(text.length + 1);
    this.#length += this.#rows.write(text, this.#length, 'latin1');
  }

  take(): Uint8Array<ArrayBuffer> | null {
    if (this.#length === 0) return null;
    const copy = new Uint8Array(this.#length + 1);
    copy.set(this.#rows.subarray(0, this.#length));
    copy[this.#length] = CLOSING_BRACKET;
    return copy;
  }

  clear(): void {
    this.#length = 0;
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

const CLOSING_BRACKET = 0x5d;

/** Levels as JSON text within JSON: they contain only digits, points, brackets, commas and quotes. */
function escaped(levels: string): string {
  return levels.replaceAll('"', '\\"');
}
