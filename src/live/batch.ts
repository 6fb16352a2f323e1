import type { Delivery } from './delivery.js';
import { joined, type Rendering, type Renderings } from './rendering.js';

/** Events in one write at most. */
const MOST_EVENTS = 64;
/** UTF-16 units of their texts after which no further one is taken: a socket is full with 16 KiB. */
const ENOUGH = 12_000;

/** Events that go out in one write: a write costs some 5 µs, more than all else of an event. */
export class Batch {
  readonly deliveries: Delivery<unknown>[] = [];
  readonly renderings: Rendering[] = [];
  /** The lowest order of the deliveries. */
  oldest = Infinity;
  /** How many were left out before the deliveries. */
  skipped = 0;
  #together: Rendering | null = null;

  /** Number of events. */
  get size(): number {
    return this.renderings.length;
  }

  /** All renderings as one. */
  get together(): Rendering {
    return (this.#together ??= joined(this.renderings));
  }

  /**
   * Takes what waits, as much as may go out in one write, and renders it. What a renderer throws is
   * thrown; the batch holds what came before that.
   * @param shared whether several readers get it
   * @param until when to stop taking more, as `performance.now()` counts
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
