import type { AdaptiveLimit } from './adaptive-limit.js';

/** At most `count` events in any `ms` milliseconds. */
export interface RateLimit {
  readonly count: number;
  readonly ms: number;
}

/**
 * Several limits at once over sliding windows, so that bursts across a window's edge stay within
 * them; an {@link AdaptiveLimit} scales all in proportion.
 */
export class RateLimiter {
  readonly #limits: readonly RateLimit[];
  readonly #longest: number;
  readonly #times: number[] = [];
  readonly #now: () => number;
  readonly #rate: AdaptiveLimit | null;
  #notBefore = 0;

  /**
   * @param now monotonic ms; only differences matter
   * @param rate fraction of the limits to use: its value relative to its initial value
   */
  constructor(
    limits: readonly RateLimit[],
    now: () => number = () => performance.now(),
    rate: AdaptiveLimit | null = null,
  ) {
    this.#limits = limits;
    this.#longest = Math.max(0, ...limits.map((l) => l.ms));
    this.#now = now;
    this.#rate = rate;
  }

  /** Milliseconds until one more event is allowed; 0 = now. */
  waitMs(): number {
    const now = this.#now();
    const share = this.#rate?.share ?? 1;
    // With less than one event per window the window is stretched, so that the rate holds.
    const longest = this.#longest / Math.min(1, share);
    const widest = this.#limits.reduce((least, { count }) => Math.min(least, count), Infinity);
    const kept = widest * share < 1 ? longest / (widest * share) : longest;
    while (this.#times.length > 0 && this.#times[0]! <= now - kept) this.#times.shift();
    let wait = Math.max(0, this.#notBefore - now);
    for (const { count, ms } of this.#limits) {
      const most = Math.max(1, Math.floor(count * share));
      const window = count * share < 1 ? ms / (count * share) : ms;
      const oldest = this.#times[this.#times.length - most];
      if (oldest !== undefined) wait = Math.max(wait, oldest + window - now);
    }
    return wait;
  }

  /** Takes one slot if one is free now. */
  tryTake(): boolean {
    if (this.waitMs() > 0) return false;
    this.#times.push(this.#now());
    return true;
  }

  /** Blocks events for `ms` from now: the peer asked for a pause. */
  pause(ms: number): void {
    this.#notBefore = Math.max(this.#notBefore, this.#now() + ms);
  }
}
