import type { Bus } from '../../bus.js';
import type { MarketSelection } from '../../market/market-selection.js';
import { marketKey } from '../../market/market.js';
import type { OrderBook } from '../../market/order-book.js';
import type { BookRoutes } from '../book-routes.js';
import { ConflatedQueue } from '../conflated-queue.js';
import { type Delivery, delivery } from '../delivery.js';
import { type JoinPoint, type SharedFeed, SharedSource } from '../source.js';

/** Sources of the newest books: the current ones, and each that follows. */
interface LatestSources {
  readonly bus: Bus;
  readonly books: BookRoutes;
}

/** The newest book of each matching market whenever it changes: `orderbook` and `orderbooks`. */
export class LatestBooks extends SharedSource<OrderBook> {
  readonly everyMs: number;
  readonly #sources: LatestSources;
  readonly #selection: MarketSelection;

  /** @param everyMs minimum interval between two books of one market, ms; 0 = every change */
  constructor(sources: LatestSources, selection: MarketSelection, everyMs: number) {
    super();
    this.#sources = sources;
    this.#selection = selection;
    this.everyMs = everyMs;
  }

  override open(wake: () => void): SharedFeed {
    return new LatestFeed(this.#sources, this.#selection, this.everyMs, wake);
  }
}

class LatestFeed implements SharedFeed {
  readonly #bus: Bus;
  readonly #selection: MarketSelection;
  readonly #waiting: ConflatedQueue<OrderBook>;
  readonly #stop: () => void;

  constructor(
    { bus, books }: LatestSources,
    selection: MarketSelection,
    everyMs: number,
    wake: () => void,
  ) {
    this.#bus = bus;
    this.#selection = selection;
    const waiting = new ConflatedQueue<OrderBook>(everyMs, wake);
    this.#waiting = waiting;
    this.#stop = books.on(selection, (book) => {
      waiting.put(book);
      if (waiting.size > 0) wake();
    });
  }

  join(): JoinPoint {
    return {
      first: this.#current(),
      order: this.#bus.lastSequence,
      waiting: this.#waiting.counts(),
    };
  }

  take(): Delivery | undefined {
    return this.#waiting.take();
  }

  finish(): void {
    this.#stop();
    this.#waiting.flush();
  }

  close(): void {
    this.#stop();
    this.#waiting.close();
  }

  *#current(): Generator<Delivery> {
    for (const book of this.#bus.currentBooks(this.#selection)) {
      yield delivery(marketKey(book.market), book.sequence, book);
    }
  }
}
