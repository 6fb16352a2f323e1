import { marketKey } from '../../market/market.js';
import type { MarketSelection } from '../../market/market-selection.js';
import type { OrderBook } from '../../market/order-book.js';
import type { StoredBook, StoreReader } from '../../store/reader-types.js';
import type { Store } from '../../store/store-types.js';
import type { BookTail } from '../book-tail.js';
import type { Delivery } from '../delivery.js';
import { type OwnFeed, OwnSource } from '../source.js';
import { ExactFeed } from './exact-feed.js';

/** Books per page from the store. */
export const PAGE_BOOKS = 100;

/** Sources of exact feeds. */
interface BookSources {
  readonly reader: StoreReader;
  readonly tail: BookTail;
  /** Every book up to this sequence is in the store, or never will be. */
  readonly settled: () => number;
  /** The gap a market was in at a given sequence because the store could not keep its books, if any. */
  readonly unkeptAt: Store['unkeptAt'];
}

/** A stored book on its way to a reader. */
export function storedDelivery({ book, gapBefore }: StoredBook): Delivery {
  const key = marketKey(book.market);
  return { key, order: book.sequence, value: book, skipped: 0, gapBefore };
}

/** Every book after a sequence, each exactly once, in order: `orderbook(since:)`. */
export class ExactBooks extends OwnSource<OrderBook> {
  readonly #sources: BookSources;
  readonly #selection: MarketSelection;
  readonly #since: number;

  constructor(sources: BookSources, selection: MarketSelection, since: number) {
    super();
    this.#sources = sources;
    this.#selection = selection;
    this.#since = since;
  }

  override open(wake: () => void): OwnFeed {
    const { reader, tail, settled, unkeptAt } = this.#sources;
    const selection = this.#selection;
    const since = this.#since;
    return new ExactFeed<OrderBook>(
      {
        tail,
        settled,
        page: async (after) => {
          const { patterns } = selection;
          const page = await reader.books({ patterns, since, after, limit: PAGE_BOOKS });
          return { ...page, items: page.items.map(storedDelivery) };
        },
        wants: ({ market }) => selection.matches(market),
        joined: (delivery, place) => {
          const gap = unkeptAt(delivery.value.market, place);
          if (gap === null || delivery.gapBefore !== null) return delivery;
          return { ...delivery, gapBefore: gap };
        },
      },
      since,
      wake,
    );
  }
}
