import type { Bus } from '../bus.js';
import type { CollectorMemory } from '../market/collector-memory.js';
import type { Gap } from '../market/gap.js';
import type { MarketRecord } from '../market/managed-lists.js';
import { type Market, marketKey } from '../market/market.js';

/** Gaps that continue from the previous run until their markets are started. */
export class InheritedGaps {
  readonly #gaps = new Map<string, Gap>();
  readonly #store: CollectorMemory;

  constructor(store: CollectorMemory) {
    this.#store = store;
  }

  /** Adds a gap that was open when the previous run ended. */
  add(gap: Gap): void {
    this.#gaps.set(marketKey(gap.market), gap);
  }

  /** A market being recorded when the previous run ended has been uncovered since. */
  addRecorded({ exchange, symbol, currency, recording }: MarketRecord): void {
    const { previousHeartbeat: start, previousRunClosed } = this.#store;
    const market: Market = { exchange, symbol, currency };
    const key = marketKey(market);
    if (!recording || start === null || this.#gaps.has(key)) return;
    const detail = previousRunClosed ? 'the program was stopped' : 'the program ended unexpectedly';
    this.#gaps.set(key, { market, start, end: null, cause: 'PROCESS_DOWN', detail, attempts: 0 });
  }

  /** Removes and returns the inherited gap of a market that is started; null if there is none. */
  take(market: Market): Gap | null {
    const key = marketKey(market);
    const gap = this.#gaps.get(key) ?? null;
    this.#gaps.delete(key);
    return gap;
  }

  /** Closes the gaps of markets that are no longer wanted at the end of the previous run. */
  drop(bus: Bus): void {
    const { previousHeartbeat } = this.#store;
    for (const gap of this.#gaps.values()) {
      if (gap.cause !== 'PROCESS_DOWN')
        bus.gaps.publish({ ...gap, end: Math.max(gap.start, previousHeartbeat ?? gap.start) });
      this.#store.setRecording(gap.market, false);
    }
    this.#gaps.clear();
  }
}
