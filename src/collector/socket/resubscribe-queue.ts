import type { Pair } from '../../market/market.js';

/** Least and greatest time between two requests for doubted books, ms. */
const FIRST_WAIT_MS = 5_000;
const LAST_WAIT_MS = 600_000;

/**
 * Collects the pairs of one connection whose newest book may have been in a message that could not be
 * read, and has their books asked for again: the next book of a quiet pair may be long in coming. The
 * first time at once; then the waits double, for an exchange that sends something unreadable forever
 * must not be asked forever at the same pace. After ten minutes without doubt they start over.
 */
export class ResubscribeQueue {
  readonly #ask: (pairs: readonly Pair[] | null) => void;
  #pairs: Set<Pair> | null = new Set();
  #timer: NodeJS.Timeout | null = null;
  /** Time to the next request after the last one; doubled by each. */
  #waitMs = FIRST_WAIT_MS / 2;
  #askedAt = -Infinity;
  #doubtedAt = -Infinity;

  /** @param ask asks for the books of some pairs again; null = of all */
  constructor(ask: (pairs: readonly Pair[] | null) => void) {
    this.#ask = ask;
  }

  /** A message could not be read. @param pair whose it was; null = not known */
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

  /** All books are asked for anyway, or are no longer wanted. */
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
