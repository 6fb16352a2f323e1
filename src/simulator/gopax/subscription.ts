/** What one GOPAX client gets of one book, and the book that it must hold after it. */
import { makeDelta, makeEntry, newestUpdate, type Delta, type Entry } from './frames.js';
import { GopaxView } from './view.js';
import type { GopaxMarket } from './market.js';
import { UNITS } from '../book/number-text.js';
import { BookLevel } from '../book/book.js';

/** What a subscription needs of its socket and of the ledger. */
export interface Outlet {
  /** Sends a frame; false when it did not go out. */
  send(text: string): boolean;
  /** Records the book that the client now holds; `timestamp` in Unix ms, null for the snapshot. */
  record(timestamp: number | null, view: GopaxView): void;
  /** Runs a task once in `ms` unless the socket closes before. */
  later(ms: number, task: () => void): void;
}

/**
 * One subscribed book on one socket. It tracks what really went out, so that the ledger is right
 * under every fault. A delta that a client must skip entirely makes no new book.
 */
export class GopaxSubscription {
  readonly market: GopaxMarket;
  /** Whether trades were requested with the book. */
  readonly withTrades: boolean;
  /** False until the reply is being built; no deltas are sent before. */
  active = false;
  readonly #outlet: Outlet;
  /** What the client holds; null before the snapshot. */
  #view: GopaxView | null = null;
  /** Deltas sent before the snapshot. */
  #early: Delta[] = [];
  #maxEntryId = 0;
  #last: Delta | null = null;
  #held: Delta | null = null;

  constructor(market: GopaxMarket, withTrades: boolean, outlet: Outlet) {
    this.market = market;
    this.withTrades = withTrades;
    this.#outlet = outlet;
  }

  /** Sends the reply, whose text holds these entries; then the deltas that came before it count. */
  snapshot(text: string, asks: readonly Entry[], bids: readonly Entry[], maxEntryId: number): void {
    if (!this.#outlet.send(text)) return;
    this.#maxEntryId = maxEntryId;
    this.#view = new GopaxView(asks, bids, maxEntryId);
    this.#outlet.record(null, this.#view);
    for (const delta of this.#early) this.#follow(this.#view, delta);
    this.#early = [];
  }

  /** Sends a delta. */
  deliver(delta: Delta): void {
    if (!this.#outlet.send(delta.text)) return;
    this.#last = delta;
    if (this.#view === null) this.#early.push(delta);
    else this.#follow(this.#view, delta);
  }

  /** Holds a delta back until the next one has gone out, or for `holdMs`. */
  deliverSwapped(delta: Delta, holdMs: number): void {
    if (this.#held === null) {
      this.#held = delta;
      this.#outlet.later(holdMs, () => {
        if (this.#held === delta) this.release();
      });
      return;
    }
    this.deliver(delta);
    this.release();
  }

  /** Sends what was held back. */
  release(): void {
    const held = this.#held;
    this.#held = null;
    if (held !== null) this.deliver(held);
  }

  /** Sends the last delta once more. */
  repeatLast(): void {
    if (this.#last !== null) this.deliver(this.#last);
  }

  /**
   * Sends a delta from before the snapshot, with entries at the best bid and where no level rests.
   * `updatedAt` (Unix ms) is current, so that only the ids show that it must be skipped.
   */
  sendStale(updatedAt: number): void {
    if (this.#view === null) return;
    const best = this.#view.bids[0];
    const worst = this.#view.asks[this.#view.asks.length - 1];
    const { price, tick } = this.market.profile;
    const beyond = new BookLevel((worst?.price ?? price) + tick, UNITS);
    const asks = [makeEntry(this.#maxEntryId, updatedAt, beyond)];
    const gone = best && new BookLevel(best.price, 0n);
    const bids = gone ? [makeEntry(this.#maxEntryId - 1, updatedAt, gone)] : [];
    this.deliver(makeDelta(this.market.pair, asks, bids));
  }

  #follow(view: GopaxView, delta: Delta): void {
    if (view.apply(delta)) this.#outlet.record(newestUpdate(delta), view);
  }
}
