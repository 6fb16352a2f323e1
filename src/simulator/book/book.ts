import { plainText } from './number-text.js';

/** One resting level. Immutable: a changed level is a new object, so texts may be cached by it. */
export class BookLevel {
  /** Price in units of 1e-8. */
  readonly price: bigint;
  /** Resting volume in units of 1e-8; `0n` in a list of changes means the level is gone. */
  readonly volume: bigint;
  #text: readonly [string, string] | undefined;

  constructor(price: bigint, volume: bigint) {
    this.price = price;
    this.volume = volume;
  }

  /** Canonical decimal text of price and volume; made once and shared, so do not change it. */
  get text(): readonly [price: string, volume: string] {
    return (this.#text ??= [plainText(this.price), plainText(this.volume)]);
  }
}

/** Placeholder in the text of a {@link BookFrame} for a value that changes with each sending. */
export const HOLE = '\u0000';

/**
 * One book spelled as a frame, except for what differs each time it is sent (times, ids). Spelling
 * the levels is the expensive part of a frame, so it is done once per book, view and format.
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

/** How a book looks and moves. Prices and volumes in units of 1e-8. */
export interface BookSpec {
  /** Middle of the first book; later books wander about it by at most some percent. */
  readonly price: bigint;
  /** Every price is a multiple of this. */
  readonly tick: bigint;
  /** Every volume is a multiple of this (dust aside): `1n` is eight decimals, `10_000n` four. */
  readonly volumeUnit: bigint;
  /** Volume of an ordinary level; levels have 1 % to 400 % of it. */
  readonly typicalVolume: bigint;
  /** Levels a side kept; take more than the wire shows, so that removed levels are replaced. */
  readonly depth: number;
  /** Levels of the bid side when it differs from `depth`. */
  readonly bidDepth?: number;
  /** Greatest distance of neighbouring levels in ticks; 1 is a book without holes. Default 3. */
  readonly maxGap?: number;
  /** Spread in ticks in the first book. Default 1. */
  readonly spread?: number;
  /** Share of new volumes that are dust: above 0, below `volumeUnit` (shown as 0 by an exchange that rounds). Default 0. */
  readonly dust?: number;
}

/** Levels changed by one step, both sides best first; a level that is gone has volume `0n`. */
export interface BookChanges {
  readonly asks: readonly BookLevel[];
  readonly bids: readonly BookLevel[];
}

/** Both sides of a book at one moment, best first; immutable. */
export class StillBook {
  readonly asks: readonly BookLevel[];
  readonly bids: readonly BookLevel[];
  #frame: BookFrame | undefined;

  constructor(asks: readonly BookLevel[], bids: readonly BookLevel[]) {
    this.asks = asks;
    this.bids = bids;
  }

  /** The frame of this book, spelled by `make` the first time. */
  frame(make: () => BookFrame): BookFrame {
    return (this.#frame ??= make());
  }
}

/** An order book that can be stepped; where its next state comes from is up to the implementation. */
export interface Book {
  /** Levels, lowest price first. */
  readonly asks: readonly BookLevel[];
  /** Levels, highest price first. */
  readonly bids: readonly BookLevel[];
  /** Share of dust among new volumes, see {@link BookSpec.dust}; may be changed while running. */
  dust: number;
  /** The book as it is now; the same object until the next change. */
  still(): StillBook;
  /** Changes the book once; the returned changes are never empty. */
  step(): BookChanges;
  /**
   * Sets exactly these levels, in the given order and unchecked, so that a test can also make an
   * unsorted, crossed, empty or zero-volume book. The next step puts it in order again.
   */
  set(asks: readonly BookLevel[], bids: readonly BookLevel[]): BookChanges;
}

/** Makes the book of a market, `pair` such as `BTC-KRW`. The same seed gives the same book. */
export type BookMaker = (pair: string, spec: BookSpec, seed: number) => Book;

/** Whether the first `depth` levels of a side (default: all) are the same in both lists. */
export function sameLevels(
  a: readonly BookLevel[],
  b: readonly BookLevel[],
  depth = Infinity,
): boolean {
  if (a === b) return true;
  const length = Math.min(a.length, depth);
  if (length !== Math.min(b.length, depth)) return false;
  for (let i = 0; i < length; i++) {
    if (!sameLevel(a[i]!, b[i]!)) return false;
  }
  return true;
}

/** Whether two levels have the same price and volume. */
function sameLevel(a: BookLevel, b: BookLevel): boolean {
  return a === b || (a.price === b.price && a.volume === b.volume);
}
