import type { Bus } from '../../bus.js';
import type { CollectorControl } from '../../market/collector-control.js';
import type { CollectorState } from '../../market/collector-status.js';
import { ConsolidatedBook, type Leg } from '../../market/consolidated.js';
import { type Exchange, EXCHANGES } from '../../market/exchange.js';
import type { Pair } from '../../market/market.js';
import { MarketSelection } from '../../market/market-selection.js';
import type { BookRoutes } from '../book-routes.js';
import { ConflatedQueue } from '../conflated-queue.js';
import { type Delivery, delivery } from '../delivery.js';
import { type JoinPoint, type SharedFeed, SharedSource } from '../source.js';

/** Sources of a consolidated book. */
interface ConsolidatedSources {
  readonly bus: Bus;
  readonly control: CollectorControl;
}

/** The same, with the source of its changes. */
interface LiveConsolidatedSources extends ConsolidatedSources {
  readonly books: BookRoutes;
}

/** The current books of a pair on all exchanges. One leg per exchange with a book or a collector. */
export function consolidate(
  { bus, control }: ConsolidatedSources,
  pair: Pair,
  includeStale: boolean,
  now = Date.now(),
): ConsolidatedBook {
  const legs: Leg[] = [];
  for (const exchange of EXCHANGES) {
    const market = { exchange, ...pair };
    const status = control.collector(market);
    const book = bus.current(market) ?? null;
    if (book === null && status === undefined) continue;
    legs.push({
      exchange,
      state: status?.state ?? null,
      book,
      confirmedAt: status?.lastBookAt ?? book?.timestamp ?? null,
    });
  }
  return new ConsolidatedBook(pair, now, legs, includeStale);
}

/** The consolidated book of a pair whenever a leg's book or state changes. */
export class ConsolidatedBooks extends SharedSource<ConsolidatedBook> {
  readonly everyMs: number;
  readonly #sources: LiveConsolidatedSources;
  readonly #pair: Pair;
  readonly #includeStale: boolean;

  constructor(
    sources: LiveConsolidatedSources,
    pair: Pair,
    includeStale: boolean,
    everyMs: number,
  ) {
    super();
    this.#sources = sources;
    this.#pair = pair;
    this.#includeStale = includeStale;
    this.everyMs = everyMs;
  }

  override open(wake: () => void): SharedFeed {
    const make = (): ConsolidatedBook => consolidate(this.#sources, this.#pair, this.#includeStale);
    return new ConsolidatedFeed(this.#sources, this.#pair, make, this.everyMs, wake);
  }
}

const KEY = 'consolidated';

/** Records that something changed; the book is merged when it is taken. */
class ConsolidatedFeed implements SharedFeed {
  readonly #make: () => ConsolidatedBook;
  readonly #waiting: ConflatedQueue<null>;
  readonly #stop: () => void;
  /** Changes so far. */
  #order = 0;

  constructor(
    { bus, books }: LiveConsolidatedSources,
    pair: Pair,
    make: () => ConsolidatedBook,
    everyMs: number,
    wake: () => void,
  ) {
    this.#make = make;
    this.#waiting = new ConflatedQueue(everyMs, wake);
    const changed = (): void => {
      this.#waiting.put(delivery(KEY, ++this.#order, null));
      if (this.#waiting.size > 0) wake();
    };
    const selection = new MarketSelection([{ exchange: null, ...pair }]);
    const stopBooks = books.on(selection, changed);
    const states = new Map<Exchange, CollectorState>();
    const stopStatus = bus.status.on(({ market, state }) => {
      if (!selection.matches(market) || states.get(market.exchange) === state) return;
      states.set(market.exchange, state);
      changed();
    });
    this.#stop = () => {
      stopBooks();
      stopStatus();
    };
  }

  join(): JoinPoint {
    return { first: [this.#delivery()], order: this.#order };
  }

  take(): Delivery<unknown> | undefined {
    return this.#waiting.take() && this.#delivery();
  }

  finish(): void {
    this.#waiting.flush();
  }

  close(): void {
    this.#stop();
    this.#waiting.close();
  }

  /** The current book, whatever the change was. */
  #delivery(): Delivery<unknown> {
    return delivery(KEY, this.#order, this.#make());
  }
}
