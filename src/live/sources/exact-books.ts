import type { MarketSelection } from '../../market/market-selection.js';
import { marketKey } from '../../market/market.js';
import type { OrderBook } from '../../market/order-book.js';
import type { Store, StoredBook, StoreReader } from '../../store/store-types.js';
import type { BookTail } from '../book-tail.js';
import type { Delivery } from '../delivery.js';
import { type OwnFeed, OwnSource } from '../source.js';

/** Books of one page out of the store. */
export const PAGE_BOOKS = 100;
/** How soon the store is asked again for what it has not committed yet, ms. */
export const AGAIN_MS = 25;

/** Where exact feeds get their books. */
interface ExactSources {
  readonly reader: StoreReader;
  readonly tail: BookTail;
  /** Every book up to this sequence is in the store, or never will be. */
  readonly settled: () => number;
  /** The gap of books that the store could not keep, if a market was in one at a sequence. */
  readonly unkeptAt: Store['unkeptAt'];
}

/** A stored book on its way to a reader. */
export function storedDelivery({ book, gapBefore }: StoredBook): Delivery {
  const key = marketKey(book.market);
  return { key, order: book.sequence, value: book, skipped: 0, gapBefore };
}

/** Every book after a sequence, each exactly once, in order: `orderbook(since:)`. */
export class ExactBooks extends OwnSource<OrderBook> {
  readonly #sources: ExactSources;
  readonly #selection: MarketSelection;
  readonly #since: number;

  constructor(sources: ExactSources, selection: MarketSelection, since: number) {
    super();
    this.#sources = sources;
    this.#selection = selection;
    this.#since = since;
  }

  override open(wake: () => void): OwnFeed {
    return new ExactFeed(this.#sources, this.#selection, this.#since, wake);
  }
}

/**
 * One reader's place in the sequence of all books. The store has the past up to its last commit, the
 * tail ({@link BookTail}) the newest books, committed or not. The feed reads pages out of the store
 * until its place is one from which the tail has everything, then it goes on in the tail; when it is
 * so slow that the tail has moved on, it goes back to the store. Whichever it reads, it takes
 * the books after its place in order and moves its place behind them: none twice, none left out.
 *
 * The join is exact because both overlap: the tail is watched from before the first page is read, so
 * whatever is published later is in it or, once it has left the tail, in the store. A page
 * proves that nothing is missing up to what was settled when it was asked for, so the feed asks again
 * until its place has reached the tail's floor. Books that the store could not keep are in neither
 * once they have left the tail: the first book of their market after the join says so.
 */
class ExactFeed implements OwnFeed {
  readonly ended = false;
  failure: unknown = null;
  readonly #sources: ExactSources;
  readonly #selection: MarketSelection;
  readonly #since: number;
  readonly #wake: () => void;
  /** Everything up to this sequence has been delivered or is not wanted. */
  #place: number;
  /** Books read out of the store, to be delivered next. */
  #page: StoredBook[] = [];
  #next = 0;
  /** Where the place is in the tail; null while the store is read. */
  #inTail: number | null = null;
  /** Where reading the store began. */
  #readFrom: number;
  /** Where it ended, and the markets of which a book has been taken from the tail since. */
  #join: { readonly place: number; readonly met: Set<string> } | null = null;
  #reading = false;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(sources: ExactSources, selection: MarketSelection, since: number, wake: () => void) {
    this.#sources = sources;
    this.#selection = selection;
    this.#since = since;
    this.#place = since;
    this.#readFrom = since;
    this.#wake = wake;
    sources.tail.watch(wake);
  }

  take(): Delivery | undefined {
    for (;;) {
      const stored = this.#page[this.#next];
      if (stored !== undefined) {
        this.#next++;
        this.#place = stored.book.sequence;
        return storedDelivery(stored);
      }
      if (this.#reading || this.#timer !== undefined || this.failure !== null) return undefined;
      if (this.#inTail === null && !this.#enterTail()) {
        void this.#readPage();
        return undefined;
      }
      const delivery = this.#takeFromTail();
      if (delivery !== null) return delivery;
    }
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#sources.tail.unwatch(this.#wake);
  }

  /** Goes over to the tail if that has everything after the place. */
  #enterTail(): boolean {
    const { tail } = this.#sources;
    if (this.#place < tail.floor) return false;
    this.#inTail = tail.placeAfter(this.#place);
    this.#join = this.#place > this.#readFrom ? { place: this.#place, met: new Set() } : null;
    return true;
  }

  /** The next wanted book; undefined when none has come; null when the tail has moved on. */
  #takeFromTail(): Delivery | undefined | null {
    for (;;) {
      const delivery = this.#sources.tail.at(this.#inTail!);
      if (delivery === undefined) return undefined;
      if (delivery === null) {
        this.#inTail = null;
        this.#readFrom = this.#place;
        return null;
      }
      this.#inTail!++;
      this.#place = delivery.order;
      if (this.#selection.matches(delivery.value.market)) return this.#joined(delivery);
    }
  }

  /** A book from the tail, with what the store lacked before it if it is the first of its market. */
  #joined(delivery: Delivery): Delivery {
    if (this.#join === null) return delivery;
    const { place, met } = this.#join;
    if (met.has(delivery.key)) return delivery;
    met.add(delivery.key);
    const gap = this.#sources.unkeptAt(delivery.value.market, place);
    return gap === null || delivery.gapBefore !== null ? delivery : { ...delivery, gapBefore: gap };
  }

  async #readPage(): Promise<void> {
    this.#reading = true;
    try {
      const settled = this.#sources.settled();
      const page = await this.#sources.reader.books({
        patterns: this.#selection.patterns,
        since: this.#since,
        after: this.#place,
        limit: PAGE_BOOKS,
      });
      if (this.#closed) return;
      this.#page = page.items;
      this.#next = 0;
      if (page.items.length > 0) return;
      const reached = page.more ? page.reached : Math.max(page.reached, settled);
      this.#place = Math.max(this.#place, reached);
      if (!page.more && !this.#enterTail()) {
        this.#timer = setTimeout(() => {
          this.#timer = undefined;
          this.#wake();
        }, AGAIN_MS);
      }
    } catch (error) {
      this.failure = error;
    } finally {
      this.#reading = false;
      if (!this.#closed) this.#wake();
    }
  }
}
