import type { Bus, Delivery } from '../../bus.js';
import type { CollectorStatus } from '../../market/collector-status.js';
import { marketKey } from '../../market/market.js';
import type { MarketSelection } from '../../market/market-selection.js';
import { Unpaced } from './pace.js';
import { type SharedFeed, SharedSource } from './source.js';

/** The status of each matching collector, whenever its state changes: `collectorStatus`. */
export class CollectorStatuses extends SharedSource<CollectorStatus> {
  readonly everyMs = 0;
  readonly #bus: Bus;
  readonly #current: () => readonly CollectorStatus[];
  readonly #selection: MarketSelection;

  /** @param current all statuses as they are now */
  constructor(bus: Bus, current: () => readonly CollectorStatus[], selection: MarketSelection) {
    super();
    this.#bus = bus;
    this.#current = current;
    this.#selection = selection;
  }

  override open(wake: () => void): SharedFeed {
    const selection = this.#selection;
    const waiting = new Unpaced<CollectorStatus>();
    let order = 0;
    const delivery = (status: CollectorStatus): Delivery<CollectorStatus> => {
      const key = marketKey(status.market);
      return { key, order, value: status, skipped: 0, gapBefore: null };
    };
    const stop = this.#bus.status.on((status) => {
      if (!selection.matches(status.market)) return;
      order++;
      waiting.put(delivery(status));
      wake();
    });
    return {
      join: () => ({
        first: this.#current()
          .filter((status) => selection.matches(status.market))
          .map(delivery),
        order,
      }),
      take: () => waiting.take(),
      finish: () => waiting.flush(),
      close: () => {
        stop();
        waiting.close();
      },
    };
  }
}
