import type { Delivery } from './delivery.js';
import { joined, type Rendering, type Renderings } from './rendering.js';

/** Maximum number of events in one write. */
const MOST_EVENTS = 64;
/** Text length in UTF-16 units beyond which no event is added: a socket is full at 16 KiB. */
const ENOUGH = 12_000;

/** Events that go out in one write: a write costs some 5 µs, more than the rest of an event. */
export class Batch {
  readonly deliveries: Delivery<unknown>[] = [];
  readonly renderings: Rendering[] = [];
  /** The lowest order among the deliveries. */
  oldest = Infinity;
  /** How many were skipped before the deliveries. */
  skipped = 0;
  #together: Rendering | null = null;

  /** Number of events. */
  get size(): number {
    return this.renderings.length;
  }

  /** All renderings combined into one. */
  get together(): Rendering {
    return (this.#together ??= joined(this.renderings));
  }

  /**
   * Takes as many pending events as may go out in one write, and renders them. Rethrows what a
   * renderer throws; the batch then holds what came before.
   * @param shared whether several readers get it
   * @param until when to stop adding, on the clock of `performance.now()`
   */
  fill(
    feed: { take(): Delivery<unknown> | undefined },
    renderings: Renderings,
    shared: boolean,
    until: number,
  ): void {
    for (let length = 0; this.size < MOST_EVENTS && length < ENOUGH;) {
      const delivery = feed.take();
      if (delivery === undefined) return;
      const rendering = renderings.of(delivery, shared);
      this.deliveries.push(delivery);
      this.renderings.push(rendering);
      this.oldest = Math.min(this.oldest, delivery.order);
      this.skipped += delivery.skipped;
      length += rendering.length;
      if (performance.now() >= until) return;
    }
  }
}
