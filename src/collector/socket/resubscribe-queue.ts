import type { Pair } from '../../market/market.js';

/** Shortest and longest interval between two requests for doubtful books, ms. */
const FIRST_WAIT_MS = 5_000;
const LAST_WAIT_MS = 600_000;

/**
 * Collects the pairs of one connection whose newest book may have been in an unreadable message,
 * and requests their books again: the next book of a quiet pair may take long. Immediately the
 * first time; then at doubling intervals, since an exchange that sends something unreadable forever
 * must not be asked forever at the same pace. Ten minutes without doubt reset the interval.
 */
export class ResubscribeQueue {
  readonly #ask: (pairs: readonly Pair[] | null) => void;
  #pairs: Set<Pair> | null = new Set();
  #timer: NodeJS.Timeout | null = null;
  /** Interval to the next request; doubled by each. */
  #waitMs = FIRST_WAIT_MS / 2;
  #askedAt = -Infinity;
  #doubtedAt = -Infinity;

  /** @param ask requests the books of some pairs again; null = of all */
  constructor(ask: (pairs: readonly Pair[] | null) => void) {
    this.#ask = ask;
  }

  /** A message could not be read. @param pair the pair it concerned; null = unknown */
  add(pair: Pair | null): void {
    const now = performance.now();
    if (now - this.#doubtedAt > LAST_WAIT_MS) this.#waitMs = FIRST_WAIT_MS / 2;
    this.#doubtedAt = now;
    if (pair === null) this.#pairs = null;
    else this.#pairs?.add(pair);
    if (this.#timer !== null) return;
    const wait = Math.max(0, this.#askedAt + this.#waitMs - now);
    this.#timer = setTimeout(() => this.#askNow(), wait);
  }

  /** All books are requested anyway, or are no longer wanted. */
  clear(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#pairs = new Set();
  }

  #askNow(): void {
    const now = performance.now();
    this.#waitMs = Math.min(this.#waitMs * 2, LAST_WAIT_MS);
    this.#askedAt = now;
    const pairs = this.#pairs;
    this.clear();
    this.#ask(pairs === null ? null : [...pairs]);
  }
}
