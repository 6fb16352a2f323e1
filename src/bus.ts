import type { CollectorStatus } from './market/collector-status.js';
import type { CoverageMinute } from './market/coverage.js';
import type { Gap } from './market/gap.js';
import { type Market, marketKey } from './market/market.js';
import { ALL_MARKETS, type MarketSelection } from './market/market-selection.js';
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

/** Something on its way to a reader, and what the reader missed before it. */
export interface Delivery<T = OrderBook> {
  /** What it is the newest of: of a book its market ({@link marketKey}). */
  readonly key: string;
  /** Grows from delivery to delivery; of a book its sequence. */
  readonly order: number;
  readonly value: T;
  /** How many of the same key were left out between the one delivered before and this one. */
  readonly skipped: number;
  /** The gap that lies directly before it, or before one of those left out; null for none. */
  readonly gapBefore: Gap | null;
}

/**
 * What waits for one reader: the newest of every key, in the order in which the keys began to wait.
 * Never holds more than one of each key, whatever is put in; every operation takes constant time.
 */
export class Conflation<T> {
  readonly #waiting = new Map<string, Delivery<T>>();

  /** Number of keys of which something waits. */
  get size(): number {
    return this.#waiting.size;
  }

  /** Whether something of `key` waits. */
  has(key: string): boolean {
    return this.#waiting.has(key);
  }

  /** Adds the newest of its key. What waited of that key goes and is counted as skipped. */
  put(delivery: Delivery<T>): void {
    const older = this.#waiting.get(delivery.key);
    // Setting an existing key keeps its place in the Map, so readers stay fair between markets.
    this.#waiting.set(
      delivery.key,
      older === undefined
        ? delivery
        : {
            ...delivery,
            skipped: older.skipped + 1 + delivery.skipped,
            gapBefore: older.gapBefore ?? delivery.gapBefore,
          },
    );
  }

  /** The one that has waited longest; undefined when nothing waits. */
  take(): Delivery<T> | undefined {
    const first = this.#waiting.values().next();
    if (first.done === true) return undefined;
    this.#waiting.delete(first.value.key);
    return first.value;
  }

  /** Adds to `counts` how many of each key wait, those counted that were left out. */
  count(counts: Map<string, number>): void {
    for (const [key, { skipped }] of this.#waiting) {
      counts.set(key, (counts.get(key) ?? 0) + 1 + skipped);
    }
  }

  /** What waits of `key`, if anything does. */
  takeKey(key: string): Delivery<T> | undefined {
    const found = this.#waiting.get(key);
    if (found !== undefined) this.#waiting.delete(key);
    return found;
  }

  /** Drops everything. */
  clear(): void {
    this.#waiting.clear();
  }
}

/** How a reader is tied to its bus. */
interface ReaderHooks {
  /** Called once when the reader ends, from either side. */
  readonly onEnd: () => void;
  /** Called with every book that comes in while nobody waits in `next()`. */
  readonly onWaiting: () => void;
}

/**
 * One reader's view of the live books: the newest book per market, in order of first waiting.
 * Holds at most one book per market however slow the reader is. Subscribed from construction on.
 * Read either as an async iterator or with {@link take}.
 */
export class BookReader implements AsyncIterableIterator<Delivery> {
  readonly #pending = new Conflation<OrderBook>();
  /** Calls of `next()` that wait, oldest first: each is settled, by a book or by the end. */
  #waiting: ((result: IteratorResult<Delivery>) => void)[] = [];
  #ended = false;
  readonly #hooks: ReaderHooks;

  constructor(hooks: ReaderHooks) {
    this.#hooks = hooks;
  }

  /** Offers a book; a waiting reader gets it at once, otherwise it replaces the market's older one. */
  push(delivery: Delivery): void {
    if (this.#ended) return;
    const waiting = this.#waiting.shift();
    if (waiting !== undefined) return waiting({ value: delivery, done: false });
    this.#pending.put(delivery);
    this.#hooks.onWaiting();
  }

  /** The book that has waited longest, without waiting for one; undefined when there is none. */
  take(): Delivery | undefined {
    return this.#pending.take();
  }

  /** Adds to `counts` how many books of each market wait, those counted that were left out. */
  count(counts: Map<string, number>): void {
    this.#pending.count(counts);
  }

  next(): Promise<IteratorResult<Delivery>> {
    const oldest = this.#pending.take();
    if (oldest !== undefined) return Promise.resolve({ value: oldest, done: false });
    if (this.#ended) return Promise.resolve({ value: undefined, done: true });
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
    });
  }

  /** Ends the reader and settles every `next()` that waits. Harmless when called again. */
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
    this.#waiting = [];
    for (const settle of waiting) settle({ value: undefined, done: true });
    this.#hooks.onEnd();
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
  /** Times of receipt (Unix ms) of books that have just been stored, a batch at a time. */
  readonly commits = new Topic<readonly number[]>();
  /** Every log event. */
  readonly logs = new Topic<LogRecord>();

  readonly #current = new Map<string, OrderBook>();
  readonly #readers = new Map<BookReader, MarketSelection>();
  /** The readers of each market, found once: made anew after a reader came. */
  readonly #readersOf = new Map<string, BookReader[]>();
  /** The newest gap of each market that has ended since its last book. */
  readonly #endedGaps = new Map<string, Gap>();
  #lastSequence = 0;

  constructor() {
    this.gaps.on((gap) => {
      if (gap.end !== null) this.#endedGaps.set(marketKey(gap.market), gap);
    });
  }

  /** Publishes a numbered book to the store, the current books and all readers. */
  publishBook(event: BookEvent): void {
    const { book } = event;
    const key = marketKey(book.market);
    this.#current.set(key, book);
    this.#lastSequence = book.sequence;
    this.books.publish(event);
    const readers = this.#interested(key, book.market);
    if (readers.length > 0) {
      const delivery = this.#delivery(key, book);
      for (const reader of readers) reader.push(delivery);
    }
    // It lies before this book only, though the next may be of the same millisecond.
    this.#endedGaps.delete(key);
  }

  /** Sequence of the newest book published in this process; 0 before the first. */
  get lastSequence(): number {
    return this.#lastSequence;
  }

  /**
   * The gap that ended with `book`, or null; to be asked while it is being published. A gap ends with
   * the receive time of the first book after it and is published before that book, the store's own
   * while the book is on its way to the store, which is the first to listen.
   */
  gapBefore(book: OrderBook): Gap | null {
    const gap = this.#endedGaps.get(marketKey(book.market));
    return gap?.end === book.timestamp ? gap : null;
  }

  /** Newest book of a market in this process, if there is one. */
  current(market: Market): OrderBook | undefined {
    return this.#current.get(marketKey(market));
  }

  /** Newest books of all markets that match. */
  *currentBooks(selection: MarketSelection = ALL_MARKETS): Generator<OrderBook> {
    for (const book of this.#current.values()) {
      if (selection.matches(book.market)) yield book;
    }
  }

  /** Forgets a market's current book: a stopped market has none. */
  forget(market: Market): void {
    this.#current.delete(marketKey(market));
  }

  /**
   * A reader of every change of the matching markets from now on.
   * @param onWaiting called whenever a book comes in that nobody waits for
   */
  readChanges(selection: MarketSelection, onWaiting: () => void = () => undefined): BookReader {
    const reader: BookReader = new BookReader({ onEnd: () => this.#drop(reader), onWaiting });
    this.#readers.set(reader, selection);
    this.#readersOf.clear();
    return reader;
  }

  /** A reader that gets the current book of each matching market first, then every change. */
  readBooks(selection: MarketSelection = ALL_MARKETS): BookReader {
    const reader = this.readChanges(selection);
    for (const delivery of this.currentDeliveries(selection)) reader.push(delivery);
    return reader;
  }

  /** The current book of each matching market, as the first thing that a reader gets. */
  *currentDeliveries(selection: MarketSelection): Generator<Delivery> {
    for (const book of this.currentBooks(selection)) {
      const key = marketKey(book.market);
      yield { key, order: book.sequence, value: book, skipped: 0, gapBefore: null };
    }
  }

  /** Number of open readers. */
  get readers(): number {
    return this.#readers.size;
  }

  /** Ends all readers; they may still take what is pending. */
  close(): void {
    for (const reader of [...this.#readers.keys()]) reader.finish();
  }

  #delivery(key: string, book: OrderBook): Delivery {
    return {
      key,
      order: book.sequence,
      value: book,
      skipped: 0,
      gapBefore: this.gapBefore(book),
    };
  }

  #interested(key: string, market: Market): readonly BookReader[] {
    let readers = this.#readersOf.get(key);
    if (readers === undefined) {
      readers = [];
      for (const [reader, selection] of this.#readers) {
        if (selection.matches(market)) readers.push(reader);
      }
      this.#readersOf.set(key, readers);
    }
    return readers;
  }

  #drop(reader: BookReader): void {
    this.#readers.delete(reader);
    this.#readersOf.clear();
  }
}
