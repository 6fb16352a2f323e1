/** Lets one of many equal events, or a few, through per window, and counts those suppressed. */
export class BurstGate {
  readonly #windowMs: number;
  readonly #now: () => number;
  readonly #most: number;
  readonly #open = new Map<string, { until: number; passed: number; suppressed: number }>();

  /** @param windowMs a key passes once in this time, or `most` times. @param now monotonic ms */
  constructor(windowMs = 10_000, now: () => number = () => performance.now(), most = 1) {
    this.#windowMs = windowMs;
    this.#now = now;
    this.#most = most;
  }

  /**
   * Whether an event of `key` may be logged now: the number suppressed since the last one logged,
   * or null if this one is suppressed too.
   */
  pass(key: string): number | null {
    const now = this.#now();
    const last = this.#open.get(key);
    if (last !== undefined && now < last.until) {
      if (last.passed++ < this.#most) return 0;
      last.suppressed++;
      return null;
    }
    this.#open.set(key, { until: now + this.#windowMs, passed: 1, suppressed: 0 });
    return last?.suppressed ?? 0;
  }
}
