/** A newest place this far ahead of what comes now is no late delivery but wrong, ms. */
const FAR_MS = 60_000;
/** When nothing in order has come for this long, what comes is the order, ms. */
const STUCK_MS = 5_000;

/** What a book is, by its place in the exchange's own order. */
export type Place = 'NEXT' | 'LATE' | 'RESTART';

/**
 * The order of one market's books by the exchange's own clock or counter. An exchange sends some books
 * late (Upbit a SNAPSHOT behind newer REALTIME ones, Bithumb from two servers whose clocks differ):
 * those must not replace a newer book. But one absurd place must not silence a market for good: two
 * late books that rise prove it wrong if it is far ahead, or if nothing in order has come for a while.
 */
export class BookOrder {
  #newest = -Infinity;
  /** When the newest one came, monotonic ms. */
  #newestAt = 0;
  /** The last late one since then. */
  #late: number | null = null;

  /** The next book begins the order again: after a gap what the exchange sends is how it stands. */
  restart(): void {
    this.#newest = -Infinity;
    this.#late = null;
  }

  /**
   * Judges a book.
   * @param place Unix ms, finer parts of the order behind the point
   * @param now monotonic ms
   * @returns `LATE`: older than one before; `RESTART`: the one before was wrong, and the order begins
   * again with this book
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
