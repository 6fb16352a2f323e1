import { Buffer } from 'node:buffer';
import type { BookLevel } from './book-level.js';

/** Stands in the text of a {@link BookFrame} where a value of the moment belongs. */
export const HOLE = '\u0000';

/**
 * One book spelled as a frame, but for what differs each time it is sent (times, ids). Spelling the
 * levels is the dear part of a frame, so it is done once for a book, a view and a format.
 */
export class BookFrame {
  /** Levels as the frame shows them, best first, not padded. */
  readonly asks: readonly BookLevel[];
  readonly bids: readonly BookLevel[];
  readonly #parts: readonly Buffer[];
  readonly #length: number;

  /** @param text the frame, ASCII, with a {@link HOLE} for each value of {@link write} */
  constructor(
    shown: { readonly asks: readonly BookLevel[]; readonly bids: readonly BookLevel[] },
    text: string,
  ) {
    this.asks = shown.asks;
    this.bids = shown.bids;
    this.#parts = text.split(HOLE).map((part) => Buffer.from(part, 'latin1'));
    this.#length = this.#parts.reduce((sum, part) => sum + part.length, 0);
  }

  /** Bytes of the frame with these values (ASCII), one for each hole. */
  size(values: readonly string[]): number {
    let size = this.#length;
    for (const value of values) size += value.length;
    return size;
  }

  /** Writes the frame with these values into `memory` from `start` on; {@link size} must fit. */
  write(memory: Buffer, start: number, values: readonly string[]): void {
    const parts = this.#parts;
    let at = start;
    for (let i = 0; i < parts.length; i++) {
      const part = parts[i]!;
      memory.set(part, at);
      at += part.length;
      const value = values[i];
      if (value !== undefined) at += memory.write(value, at, 'latin1');
    }
  }
}
