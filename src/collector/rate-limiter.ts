/** At most `count` events in any `ms` milliseconds. */
export interface RateLimit {
  readonly count: number;
  readonly ms: number;
}

/** Keeps several limits at once over sliding windows, so bursts at a window's edge stay inside. */
export class RateLimiter {
  readonly #limits: readonly RateLimit[];
  readonly #longest: number;
  readonly #times: number[] = [];
  readonly #now: () => number;
  #notBefore = 0;

  /** @param now monotonic ms; only differences matter */
  constructor(limits: readonly RateLimit[], now: () => number = () => performance.now()) {
    this.#limits = limits;
    this.#longest = Math.max(0, ...limits.map((l) => l.ms));
    this.#now = now;
  }

  /** Milliseconds until one more event is allowed; 0 = now. */
  waitMs(): number {
    const now = this.#now();
    while (this.#times.length > 0 && this.#times[0]! <= now - this.#longest) this.#times.shift();
    let wait = Math.max(0, this.#notBefore - now);
    for (const { count, ms } of this.#limits) {
      const oldest = this.#times[this.#times.length - count];
      if (oldest !== undefined) wait = Math.max(wait, oldest + ms - now);
    }
    return wait;
  }

  /** Takes one place if there is one now. */
  tryTake(): boolean {
    if (this.waitMs() > 0) return false;
    this.#times.push(this.#now());
    return true;
  }

  /** Forbids events for `ms` from now: the other side asked for a pause. */
  pause(ms: number): void {
    this.#notBefore = Math.max(this.#notBefore, this.#now() + ms);
  }
}
