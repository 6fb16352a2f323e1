import type { CollectorStatus } from './market/collector-status.js';
import type { CoverageMinute } from './market/coverage.js';
import type { Exchange } from './market/exchange.js';
import type { Gap } from './market/gap.js';
import { type Market, marketKey } from './market/market.js';
import type { OrderBook, Sides } from './market/order-book.js';
import type { LogRecord } from './logging/log-record.js';

/** A numbered book as the recorder publishes it: the book and how it differs from the last one. */
export interface BookEvent {
  readonly book: OrderBook;
  /**
   * Levels that turn the market's previously numbered book into this one (volume `0` = vanished),
   * best first. For the first book of a market: all its levels.
   */
  readonly changes: Sides;
  /** Sequence of the previously numbered book of this market; null when there is none. */
  readonly previous: number | null;
  /** Set for the first book after a start or a gap: it must be stored whole, even if equal. */
  readonly afterGap: boolean;
}

/** A synchronous in-process topic. A listener that throws is reported and never stops the others. */
export class Topic<T> {
  readonly #listeners = new Set<(value: T) => void>();

  /** Calls `listener` for every value published from now on; the result ends that. */
  on(listener: (value: T) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Hands `value` to all listeners, in the order they came. */
  publish(value: T): void {
    for (const listener of this.#listeners) {
      try {
        listener(value);
      } catch (error) {
        process.emitWarning(error instanceof Error ? error : new Error(String(error)));
      }
    }
  }

  /** Number of listeners. */
  get size(): number {
    return this.#listeners.size;
  }
}

/** Which markets a reader wants; a part left out matches all. */
export interface MarketFilter {
  readonly exchange?: Exchange | undefined;
  readonly symbol?: string | undefined;
  readonly currency?: string | undefined;
}

/** Whether `market` is among those that `filter` asks for. */
export function matchesFilter(filter: MarketFilter, market: Market): boolean {
  return (
    (filter.exchange === undefined || filter.exchange === market.exchange) &&
    (filter.symbol === undefined || filter.symbol === market.symbol) &&
    (filter.currency === undefined || filter.currency === market.currency)
  );
}

/** A book on its way to one reader. */
export interface Delivery {
  readonly book: OrderBook;
  /** Books of this market that this reader missed because it was slow, since its last delivery. */
  readonly skipped: number;
}

/**
 * One reader's view of the live books: the newest book per market, in order of first waiting.
 * Holds at most one book per market however slow the reader is. Subscribed from construction on.
 */
export class BookReader implements AsyncIterableIterator<Delivery> {
  readonly #pending = new Map<string, { book: OrderBook; skipped: number }>();
  #waiting: ((result: IteratorResult<Delivery>) => void) | undefined;
  #ended = false;
  readonly #onEnd: () => void;

  /** @param onEnd called once when the reader ends, from either side. */
  constructor(onEnd: () => void) {
    this.#onEnd = onEnd;
  }

  /** Offers a book; a waiting reader gets it at once, otherwise it replaces the market's older one. */
  push(book: OrderBook): void {
    if (this.#ended) return;
    if (this.#waiting !== undefined) {
      const waiting = this.#waiting;
      this.#waiting = undefined;
      waiting({ value: { book, skipped: 0 }, done: false });
      return;
    }
    const key = marketKey(book.market);
    const older = this.#pending.get(key);
    // Setting an existing key keeps its place in the Map, so readers stay fair between markets.
    this.#pending.set(key, { book, skipped: older === undefined ? 0 : older.skipped + 1 });
  }

  next(): Promise<IteratorResult<Delivery>> {
    const oldest = this.#pending.entries().next();
    if (!oldest.done) {
      const [key, delivery] = oldest.value;
      this.#pending.delete(key);
      return Promise.resolve({ value: delivery, done: false });
    }
    if (this.#ended) return Promise.resolve({ value: undefined, done: true });
    // A second next() while one waits is against the protocol of iterators; the older one ends.
    this.#waiting?.({ value: undefined, done: true });
    return new Promise((resolve) => {
      this.#waiting = resolve;
    });
  }

  /** Ends the reader and settles a `next()` that waits. Harmless when called again. */
  return(): Promise<IteratorResult<Delivery>> {
    this.#end(true);
    return Promise.resolve({ value: undefined, done: true });
  }

  throw(error?: unknown): Promise<IteratorResult<Delivery>> {
    this.#end(true);
    return Promise.reject(error instanceof Error ? error : new Error(String(error)));
  }

  /** Ends the stream from the bus's side: what is pending may still be read, then it is done. */
  finish(): void {
    this.#end(false);
  }

  #end(discard: boolean): void {
    if (discard) this.#pending.clear();
    if (this.#ended) return;
    this.#ended = true;
    const waiting = this.#waiting;
    this.#waiting = undefined;
    waiting?.({ value: undefined, done: true });
    this.#onEnd();
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}

/**
 * The in-process pubsub between the collectors and everything that uses their books. The store
 * listens to every event; API readers get the newest book per market, so none can slow another.
 */
export class Bus {
  /** Every numbered book, in order of sequence. */
  readonly books = new Topic<BookEvent>();
  /** Every change of a collector's state. */
  readonly status = new Topic<CollectorStatus>();
  /** Every gap opened, changed or closed. */
  readonly gaps = new Topic<Gap>();
  /** What was received of each market, a finished minute at a time. */
  readonly coverage = new Topic<CoverageMinute>();
  /** Every log event. */
  readonly logs = new Topic<LogRecord>();

  readonly #current = new Map<string, OrderBook>();
  readonly #readers = new Map<BookReader, MarketFilter>();

  /** Publishes a numbered book to the store, the current books and all readers. */
  publishBook(event: BookEvent): void {
    this.#current.set(marketKey(event.book.market), event.book);
    this.books.publish(event);
    for (const [reader, filter] of this.#readers) {
      if (matchesFilter(filter, event.book.market)) reader.push(event.book);
    }
  }

  /** Newest book of a market in this process, if there is one. */
  current(market: Market): OrderBook | undefined {
    return this.#current.get(marketKey(market));
  }

  /** Newest books of all markets that match. */
  *currentBooks(filter: MarketFilter = {}): Generator<OrderBook> {
    for (const book of this.#current.values()) {
      if (matchesFilter(filter, book.market)) yield book;
    }
  }

  /** Forgets a market's current book: a stopped market has none. */
  forget(market: Market): void {
    this.#current.delete(marketKey(market));
  }

  /** A reader that gets the current book of each matching market first, then every change. */
  readBooks(filter: MarketFilter): BookReader {
    const reader: BookReader = new BookReader(() => this.#readers.delete(reader));
    for (const book of this.currentBooks(filter)) reader.push(book);
    this.#readers.set(reader, filter);
    return reader;
  }

  /** Number of open readers. */
  get readers(): number {
    return this.#readers.size;
  }

  /** Ends all readers; they may still take what is pending. */
  close(): void {
    for (const reader of [...this.#readers.keys()]) reader.finish();
  }
}
