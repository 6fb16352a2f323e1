/** A newest position this far ahead of the current one is not a late delivery but wrong, ms. */
const FAR_MS = 60_000;
/** If nothing in order has arrived for this long, what arrives defines the order, ms. */
const STUCK_MS = 5_000;

/** What a book is, given its position in the exchange's own order. */
export type Place = 'NEXT' | 'LATE' | 'RESTART';

/**
 * Order of one market's books by the exchange's own clock or counter. An exchange sends some books
 * late (Upbit a SNAPSHOT behind newer REALTIME ones, Bithumb from two servers with different
 * clocks): those must not replace a newer book. But one absurd position must not silence a market
 * for good: two increasing late books prove it wrong if it is far ahead, or if nothing in order has
 * arrived for a while.
 */
export class BookOrder {
  #newest = -Infinity;
  /** When the newest one arrived, monotonic ms. */
  #newestAt = 0;
  /** The last late one since then. */
  #late: number | null = null;

  /** The next book restarts the order: after a gap, what the exchange sends is the current state. */
  restart(): void {
    this.#newest = -Infinity;
    this.#late = null;
  }

  /**
   * Judges a book.
   * @param place Unix ms, with finer parts of the order as decimals
   * @param now monotonic ms
   * @returns `LATE`: older than a previous one; `RESTART`: the previous one was wrong, and the
   * order restarts with this book
   */
  judge(place: number, now: number): Place {
    if (place >= this.#newest) {
      this.#take(place, now);
      return 'NEXT';
    }
    const rises = this.#late !== null && place > this.#late;
    const far = this.#newest - place > FAR_MS;
    const stuck = now - this.#newestAt > STUCK_MS;
    this.#late = place;
    if (!rises || !(far || stuck)) return 'LATE';
    this.#take(place, now);
    return 'RESTART';
  }

  #take(place: number, now: number): void {
    this.#newest = place;
    this.#newestAt = now;
    this.#late = null;
  }
}
