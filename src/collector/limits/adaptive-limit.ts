import type { LimitName, OwnLimit } from '../../market/own-limit.js';
import { cutText } from '../../market/outside-text.js';

/** How a limit shrinks and recovers. */
export interface LimitManner {
  /** What is left of it after a refusal, in (0, 1). */
  readonly factor: number;
  /** Fraction of the initial value that it regains each time, in (0, 1]. */
  readonly gain: number;
  /** Time without a refusal before it regains, ms. */
  readonly gainAfterMs: number;
  /** Longest such time: each refusal after a gain doubles it, ms. */
  readonly gainAfterMostMs: number;
  /** Refusals within this time count as one: requests in flight together are refused together, ms. */
  readonly settleMs: number;
}

/** For rates: to 0.7 after a refusal, and back by a twentieth every half minute without one. */
export const RATE_MANNER: LimitManner = {
  factor: 0.7,
  gain: 0.05,
  gainAfterMs: 30_000,
  gainAfterMostMs: 600_000,
  settleMs: 1000,
};

/** For sizes: halved by a refusal; what worked is kept, and more is tried at ever longer intervals. */
export const SIZE_MANNER: LimitManner = {
  factor: 0.5,
  gain: 1,
  gainAfterMs: 900_000,
  gainAfterMostMs: 24 * 3_600_000,
  settleMs: 0,
};

/** Inputs and reports of a limit. */
export interface LimitParts {
  /** Monotonic ms. */
  readonly now?: () => number;
  /** Unix ms. */
  readonly clock?: () => number;
  /** Called after each change. @param reason the refusal; null when it was raised */
  readonly onChange?: (limit: OwnLimit, reason: string | null) => void;
}

/**
 * A number that an exchange's refusals lower and that recovers slowly: the rate of calls, the size
 * of a batch, … It recovers when it is read, so there is no timer.
 */
export class AdaptiveLimit {
  readonly #name: LimitName;
  /** Its initial and maximum value. */
  readonly atStart: number;
  readonly #least: number;
  readonly #manner: LimitManner;
  readonly #now: () => number;
  readonly #clock: () => number;
  readonly #onChange: LimitParts['onChange'];
  #value: number;
  #refusals = 0;
  #reason: string | null = null;
  #since: number | null = null;
  #changedAt = 0;
  #refusedAt = -Infinity;
  #gainAfterMs: number;
  #gained = false;

  /** @param atStart initial maximum. @param least lower bound; 1 for counts */
  constructor(
    name: LimitName,
    atStart: number,
    manner: LimitManner,
    parts: LimitParts = {},
    least = 1,
  ) {
    this.#name = name;
    this.atStart = atStart;
    this.#value = atStart;
    this.#least = least;
    this.#manner = manner;
    this.#gainAfterMs = manner.gainAfterMs;
    this.#now = parts.now ?? (() => performance.now());
    this.#clock = parts.clock ?? Date.now;
    this.#onChange = parts.onChange;
  }

  /** The current limit. */
  get value(): number {
    if (this.#value < this.atStart && this.#now() - this.#changedAt >= this.#gainAfterMs) {
      this.#gained = true;
      this.#set(Math.min(this.atStart, this.#value + this.#step()), null);
    }
    return this.#value;
  }

  /** Fraction of its initial value, in (0, 1]. */
  get share(): number {
    return this.value / this.atStart;
  }

  /** Its current state, for display. */
  get state(): OwnLimit {
    return {
      name: this.#name,
      value: Math.round(this.value * 100) / 100,
      atStart: this.atStart,
      refusals: this.#refusals,
      reason: this.#reason,
      since: this.#since,
    };
  }

  /** Raises it at once: this much is known to be served. */
  widen(value: number): void {
    const wider = Math.min(this.atStart, value);
    if (wider > this.#value) this.#set(wider, null);
  }

  /**
   * Lowers it after a refusal of `asked` (default: the full limit). A refusal of less than the
   * limit is more informative; one of more than the limit predates the last reduction and is only
   * counted.
   * @param reason the refusal in the exchange's words
   * @returns whether there is anything less to request
   */
  refused(reason: string, asked = this.#value): boolean {
    const now = this.#now();
    this.#refusals++;
    this.#reason = cutText(reason, 200);
    const known = asked > this.#value || now - this.#refusedAt < this.#manner.settleMs;
    if (known) return this.#value > this.#least;
    this.#refusedAt = now;
    if (this.#gained)
      this.#gainAfterMs = Math.min(this.#gainAfterMs * 2, this.#manner.gainAfterMostMs);
    this.#gained = false;
    const narrowed = Math.max(this.#least, this.#narrow(asked));
    const less = narrowed < this.#value;
    this.#changedAt = now;
    if (less) this.#set(narrowed, this.#reason);
    return less;
  }

  /** Sizes double, but rates gain in equal steps. */
  #step(): number {
    const { gain } = this.#manner;
    return gain === 1 ? this.#value : this.atStart * gain;
  }

  #narrow(asked: number): number {
    const narrowed = asked * this.#manner.factor;
    // A size is an integer.
    return this.#manner.gain === 1 ? Math.floor(narrowed) : narrowed;
  }

  #set(value: number, reason: string | null): void {
    this.#value = value;
    this.#changedAt = this.#now();
    this.#since = this.#clock();
    this.#onChange?.(this.state, reason);
  }
}
