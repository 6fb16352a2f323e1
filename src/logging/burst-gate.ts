/** Lets one of many equal events through per window, and counts those it held back. */
export class BurstGate {
  readonly #windowMs: number;
  readonly #now: () => number;
  readonly #open = new Map<string, { until: number; suppressed: number }>();

  /** @param windowMs a key passes once in this time. @param now monotonic ms */
  constructor(windowMs = 10_000, now: () => number = () => performance.now()) {
    this.#windowMs = windowMs;
    this.#now = now;
  }

  /**
   * Whether an event of `key` may be logged now: the number held back since the last one that was
   * logged, or null if this one is held back too.
   */
  pass(key: string): number | null {
    const now = this.#now();
    const last = this.#open.get(key);
    if (last !== undefined && now < last.until) {
      last.suppressed++;
      return null;
    }
    this.#open.set(key, { until: now + this.#windowMs, suppressed: 0 });
    return last?.suppressed ?? 0;
  }
}
