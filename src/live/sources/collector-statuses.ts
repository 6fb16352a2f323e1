import type { Bus } from '../../bus.js';
import type { CollectorStatus } from '../../market/collector-status.js';
import { marketKey } from '../../market/market.js';
import type { MarketSelection } from '../../market/market-selection.js';
import { ConflatedQueue } from '../conflated-queue.js';
import { delivery } from '../delivery.js';
import { type SharedFeed, SharedSource } from '../source.js';

/** The status of each matching collector whenever its state changes: `collectorStatus`. */
export class CollectorStatuses extends SharedSource<CollectorStatus> {
  readonly everyMs = 0;
  readonly #bus: Bus;
  readonly #current: () => readonly CollectorStatus[];
  readonly #selection: MarketSelection;

  /** @param current all current statuses */
  constructor(bus: Bus, current: () => readonly CollectorStatus[], selection: MarketSelection) {
    super();
    this.#bus = bus;
    this.#current = current;
    this.#selection = selection;
  }

  override open(wake: () => void): SharedFeed {
    const selection = this.#selection;
    const waiting = new ConflatedQueue<CollectorStatus>(0, wake);
    let order = 0;
    const delivered = (status: CollectorStatus) =>
      delivery(marketKey(status.market), order, status);
    const stop = this.#bus.status.on((status) => {
      if (!selection.matches(status.market)) return;
      order++;
      waiting.put(delivered(status));
      wake();
    });
    return {
      join: () => ({
        first: this.#current()
          .filter((status) => selection.matches(status.market))
          .map(delivered),
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
