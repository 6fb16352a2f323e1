import type { Bus } from '../bus.js';
import { type Market, marketKey } from '../market/market.js';
import type { MarketSelection } from '../market/market-selection.js';
import type { OrderBook } from '../market/order-book.js';
import type { Delivery } from './delivery.js';

/** Called with a published book. */
type Take = (delivery: Delivery<OrderBook>) => void;

/** Routes every published book, as one delivery, to those who selected its market. */
export class BookRoutes {
  readonly #bus: Bus;
  readonly #selections = new Map<Take, MarketSelection>();
  /** The takers of each market's books, looked up once: dropped when one joins or leaves. */
  readonly #takersOf = new Map<string, readonly Take[]>();
  #stop: (() => void) | undefined;

  constructor(bus: Bus) {
    this.#bus = bus;
  }

  /** Calls `take` with every book of the matching markets from now on; the result unsubscribes. */
  on(selection: MarketSelection, take: Take): () => void {
    this.#selections.set(take, selection);
    this.#takersOf.clear();
    this.#stop ??= this.#bus.books.on(({ book }) => this.#publish(book));
    return () => {
      this.#selections.delete(take);
      this.#takersOf.clear();
      if (this.#selections.size > 0) return;
      this.#stop?.();
      this.#stop = undefined;
    };
  }

  #publish(book: OrderBook): void {
    const key = marketKey(book.market);
    const takers = this.#takers(key, book.market);
    if (takers.length === 0) return;
    const gapBefore = this.#bus.gapBefore(book);
    const delivery = { key, order: book.sequence, value: book, skipped: 0, gapBefore };
    for (const take of takers) take(delivery);
  }

  #takers(key: string, market: Market): readonly Take[] {
    let takers = this.#takersOf.get(key);
    if (takers === undefined) {
      takers = [...this.#selections]
        .filter(([, selection]) => selection.matches(market))
        .map(([take]) => take);
      this.#takersOf.set(key, takers);
    }
    return takers;
  }
}
