import type { BookReader, Bus, Delivery } from '../../bus.js';
import type { MarketSelection } from '../../market/market-selection.js';
import type { OrderBook } from '../../market/order-book.js';
import { Pace, type Waiting } from './pace.js';
import { type Joined, type SharedFeed, SharedSource } from './source.js';

/** The newest book of each matching market, whenever it changes: `orderbook` and `orderbooks`. */
export class LatestBooks extends SharedSource<OrderBook> {
  readonly everyMs: number;
  readonly #bus: Bus;
  readonly #selection: MarketSelection;

  /** @param everyMs time between two books of one market, ms; 0 = every change */
  constructor(bus: Bus, selection: MarketSelection, everyMs: number) {
    super();
    this.#bus = bus;
    this.#selection = selection;
    this.everyMs = everyMs;
  }

  override open(wake: () => void): SharedFeed {
    return new LatestFeed(this.#bus, this.#selection, this.everyMs, wake);
  }
}

/** One reader of the bus for all subscribers, and the rate that they asked for. */
class LatestFeed implements SharedFeed {
  readonly #bus: Bus;
  readonly #selection: MarketSelection;
  readonly #reader: BookReader;
  readonly #pace: Waiting<unknown> | null;

  constructor(bus: Bus, selection: MarketSelection, everyMs: number, wake: () => void) {
    this.#bus = bus;
    this.#selection = selection;
    this.#pace = everyMs === 0 ? null : new Pace(everyMs, wake);
    this.#reader = bus.readChanges(selection, wake);
  }

  join(): Joined {
    const had = new Map<string, number>();
    this.#reader.count(had);
    this.#pace?.count(had);
    return {
      first: this.#bus.currentDeliveries(this.#selection),
      order: this.#bus.lastSequence,
      had,
    };
  }

  take(): Delivery<unknown> | undefined {
    if (this.#pace === null) return this.#reader.take();
    for (let book = this.#reader.take(); book; book = this.#reader.take()) this.#pace.put(book);
    return this.#pace.take();
  }

  finish(): void {
    this.#reader.finish();
    this.#pace?.flush();
  }

  close(): void {
    void this.#reader.return();
    this.#pace?.close();
  }
}
