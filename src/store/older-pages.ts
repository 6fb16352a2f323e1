import { BookReplay, storedBook } from './replay.js';
import type { BookSource } from './book-source.js';
import type { StoredRow } from './rebuild.js';
import type { BookPage, BookPageQuery, StoredBook } from './reader-types.js';

/** Maximum levels per page, so that a page of deep books is no bigger than one of shallow ones. */
const MAX_LEVELS = 20_000;
/** Maximum walks kept between two pages; beyond that, the oldest restarts at its next page. */
const MAX_WALKS = 4;

/** Progress of a walk. */
interface Walk {
  readonly wanted: string;
  after: number;
  readonly source: BookSource;
  readonly replay: BookReplay;
  /** Rows read but not returned yet. */
  rows: StoredRow[];
}

/** Whole books in order of sequence, a page at a time, while some of them are only in the archive. */
export class OlderPages {
  readonly #open: (query: BookPageQuery) => Promise<BookSource | null>;
  /** Newest last. */
  #walks: Walk[] = [];

  /** @param open opens what is wanted after `after`; null when the database has all of it */
  constructor(open: (query: BookPageQuery) => Promise<BookSource | null>) {
    this.#open = open;
  }

  /** The page that follows `after`; null when the database has it. */
  async page(query: BookPageQuery): Promise<BookPage | null> {
    const walk = await this.#walk(query);
    if (walk === null) return null;
    const items: StoredBook[] = [];
    let levels = 0;
    while (items.length < query.limit && levels < MAX_LEVELS) {
      if (walk.rows.length === 0) walk.rows = await walk.source.next(query.limit);
      if (walk.rows.length === 0) break;
      const rows = walk.rows.splice(0, query.limit - items.length);
      const gaps = await walk.source.gapsBefore(rows);
      for (const [i, row] of rows.entries()) {
        const book = await walk.replay.apply(row);
        walk.after = row.sequence;
        if (book === null) continue;
        items.push(storedBook(walk.source, row, book, gaps));
        levels += book.asks.length + book.bids.length;
        if (levels < MAX_LEVELS) continue;
        walk.rows.unshift(...rows.slice(i + 1));
        break;
      }
    }
    if (items.length === 0) return null;
    this.#walks.push(walk);
    if (this.#walks.length > MAX_WALKS) void this.#walks.shift()!.source.close?.();
    return { items, reached: walk.after, more: true };
  }

  async #walk(query: BookPageQuery): Promise<Walk | null> {
    const { after, patterns, from, to, until } = query;
    const wanted = JSON.stringify([patterns, from, to, until]);
    const index = this.#walks.findIndex((walk) => walk.after === after && walk.wanted === wanted);
    if (index !== -1) return this.#walks.splice(index, 1)[0]!;
    const source = await this.#open(query);
    return source && { wanted, after, source, replay: new BookReplay(source), rows: [] };
  }
}
