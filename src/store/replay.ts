import type { BookSource } from './book-source.js';
import type { Gap } from '../market/gap.js';
import { applyRow, type RebuiltBook, type StoredRow } from './rebuild.js';
import type { StoredBook } from './reader-types.js';
import { TopOfBook } from './top-of-book.js';

/** The result of a replay for a row: synchronous where possible, since there are many rows. */
export type Replayed = RebuiltBook | null | Promise<RebuiltBook | null>;

/** Rebuilds books from a source's rows, which must be passed in order. */
export interface Replay {
  /** The book after a row; null when the whole book it depends on has been deleted. */
  apply(row: StoredRow): Replayed;
}

/** The book of a source's row, with the gap that ended with it. */
export function storedBook(
  { markets }: BookSource,
  { marketId }: StoredRow,
  { timestamp, exchangeTimestamp, sequence, asks, bids }: RebuiltBook,
  gaps: ReadonlyMap<number, Gap>,
): StoredBook {
  const { exchange, symbol, currency } = markets.get(marketId)!;
  const market = { exchange, symbol, currency };
  return {
    book: { market, timestamp, exchangeTimestamp, sequence, asks, bids },
    gapBefore: gaps.get(sequence) ?? null,
  };
}

/** Rebuilds whole books. */
export class BookReplay implements Replay {
  readonly #source: BookSource;
  readonly #books = new Map<number, RebuiltBook>();
  #part = 0;

  constructor(source: BookSource) {
    this.#source = source;
  }

  apply(row: StoredRow): Replayed {
    if (this.#source.part !== this.#part) {
      this.#books.clear();
      this.#part = this.#source.part;
    }
    const book = applyRow(this.#books.get(row.marketId) ?? null, row);
    // What precedes the first row is read from its whole book on.
    if (book === null) return this.#read(row);
    this.#books.set(row.marketId, book);
    return book;
  }

  async #read(row: StoredRow): Promise<RebuiltBook | null> {
    const book = await this.#source.bookUpTo(row.marketId, row.sequence);
    if (book !== null) this.#books.set(row.marketId, book);
    return book;
  }
}

/** A market's best levels and the whole book of its last row. */
interface KeptTop {
  readonly top: TopOfBook;
  base: number | null;
}

/** Rebuilds books with only their best levels, in a fraction of the time. */
export class TopReplay implements Replay {
  readonly #source: BookSource;
  readonly #tops = new Map<number, KeptTop>();
  #part = 0;

  constructor(source: BookSource) {
    this.#source = source;
  }

  apply(row: StoredRow): Replayed {
    if (this.#source.part !== this.#part) {
      // Rows between two parts are skipped.
      for (const kept of this.#tops.values()) kept.base = null;
      this.#part = this.#source.part;
    }
    let kept = this.#tops.get(row.marketId);
    if (kept === undefined) {
      kept = { top: new TopOfBook(), base: null };
      this.#tops.set(row.marketId, kept);
    }
    if (row.base === row.sequence) kept.top.set(row);
    else if (row.base === kept.base) kept.top.change(row);
    else return this.#read(row, kept);
    kept.base = row.base;
    return topBook(row, kept.top);
  }

  async #read(row: StoredRow, kept: KeptTop): Promise<RebuiltBook | null> {
    const book = await this.#source.bookUpTo(row.marketId, row.sequence);
    if (book === null) return null;
    kept.top.set(book);
    kept.base = row.base;
    return topBook(row, kept.top);
  }
}

/** A book of the best levels. */
function topBook(row: StoredRow, { ask, bid }: TopOfBook): RebuiltBook {
  const { sequence, timestamp, exchangeTimestamp, base } = row;
  return { sequence, timestamp, exchangeTimestamp, base, asks: ask.levels, bids: bid.levels };
}
