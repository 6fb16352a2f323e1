import { type BookSource, rowPages } from './book-source.js';
import { BookReplay, storedBook } from './replay.js';
import type { MarketBooksQuery, Page, StoredBook } from './reader-types.js';

/** Maximum levels per page, so that a page of deep books is no bigger than one of shallow ones. */
const MAX_LEVELS = 20_000;

/** The first, or last, books of a market. @param open its books from a sequence on */
export async function marketBooks(
  open: (start: number) => Promise<BookSource>,
  query: Pick<MarketBooksQuery, 'limit' | 'last'>,
): Promise<Page<StoredBook>> {
  let source = await open(0);
  // One more than requested shows whether there are others.
  const start = query.last ? await source.startOfLast(query.limit + 1) : null;
  // Nothing of the first source has been read.
  if (start !== null) source = await open(start);
  return pageOf(source, query);
}

async function pageOf(
  source: BookSource,
  { limit, last }: Pick<MarketBooksQuery, 'limit' | 'last'>,
): Promise<Page<StoredBook>> {
  const replay = new BookReplay(source);
  const items: StoredBook[] = [];
  let levels = 0;
  let more = false;
  for await (const rows of rowPages(source, limit + 1)) {
    const gaps = await source.gapsBefore(rows);
    for (const row of rows) {
      const book = await replay.apply(row);
      // Its whole book has just been deleted; so will this one be.
      if (book === null) continue;
      items.push(storedBook(source, row, book, gaps));
      levels += book.asks.length + book.bids.length;
      while (items.length > limit || (levels > MAX_LEVELS && items.length > 1)) {
        more = true;
        const { book: out } = (last ? items.shift() : items.pop())!;
        levels -= out.asks.length + out.bids.length;
        if (!last) return { items, more };
      }
    }
  }
  return { items, more };
}
