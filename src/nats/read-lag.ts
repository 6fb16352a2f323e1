import type { OrderBook } from '../market/order-book.js';

/** Less than this is the usual unevenness of delivery, ms. */
const LEAST_MS = 1_000;
/** The usual lag is the least of the last so long, up to twice that, ms: two clocks drift apart slowly. */
const USUAL_MS = 300_000;

/**
 * How far a node is behind in reading what an exchange has sent it. A book counts as received when it is read; what
 * lies unread in a socket has not been received, and nothing tells how much that is but how much later than usual
 * the books that are read come after their exchange's time. The usual lag holds the difference of the two clocks.
 */
export class ReadLag {
  /** The least lag of this time and of the one before, and when this one ends, Unix ms. */
  #usual = Infinity;
  #usualBefore = Infinity;
  #until = -Infinity;
  /** The least lag since the last look; Infinity = there was no book. */
  #recent = Infinity;
  #ms = 0;

  /** Takes note of a book that shows a change: any other one may be old. */
  add({ timestamp, exchangeTimestamp }: OrderBook): void {
    if (exchangeTimestamp === null) return;
    this.#recent = Math.min(this.#recent, timestamp - exchangeTimestamp);
    if (timestamp < this.#until) return;
    this.#until = timestamp + USUAL_MS;
    this.#usualBefore = this.#usual;
    this.#usual = Infinity;
  }

  /** How far it is behind by the books since the last look, or if there were none, was then, ms. */
  look(): number {
    if (this.#recent < Infinity) {
      this.#usual = Math.min(this.#usual, this.#recent);
      this.#ms = this.#recent - Math.min(this.#usual, this.#usualBefore);
      this.#recent = Infinity;
    }
    return this.#ms < LEAST_MS ? 0 : this.#ms;
  }
}
