import type { LimitName, OwnLimit } from '../../market/own-limit.js';
import { cutText } from '../../market/outside-text.js';

/** How a limit narrows and recovers. */
export interface LimitManner {
  /** What is left of it after a refusal, in (0, 1). */
  readonly factor: number;
  /** Part of the start value that it gains each time, in (0, 1]. */
  readonly gain: number;
  /** Time without a refusal before it gains, ms. */
  readonly gainAfterMs: number;
  /** Longest such time: each refusal that comes after a gain doubles it, ms. */
  readonly gainAfterMostMs: number;
  /** Refusals in this time count as one: what was under way together is refused together, ms. */
  readonly settleMs: number;
}

/** Of rates: to 0.7 of it after a refusal, and back by a twentieth each half minute without one. */
export const RATE_MANNER: LimitManner = {
  factor: 0.7,
  gain: 0.05,
  gainAfterMs: 30_000,
  gainAfterMostMs: 600_000,
  settleMs: 1000,
};

/** Of sizes: halved by a refusal; what worked is kept, and more is tried rarely and ever more so. */
export const SIZE_MANNER: LimitManner = {
  factor: 0.5,
  gain: 1,
  gainAfterMs: 900_000,
  gainAfterMostMs: 24 * 3_600_000,
  settleMs: 0,
};

/** What a limit reads, and what it reports to. */
export interface LimitParts {
  /** Monotonic ms. */
  readonly now?: () => number;
  /** Unix ms. */
  readonly clock?: () => number;
  /** Called after each change. @param reason the refusal; null when it was widened */
  readonly onChange?: (limit: OwnLimit, reason: string | null) => void;
}

/**
 * A number that an exchange's refusals narrow and that recovers slowly: the rate of calls, the size of
 * a batch, … It recovers when it is asked for, so there is no timer.
 */
export class AdaptiveLimit {
  readonly #name: LimitName;
  /** Its value at the start, and its most. */
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

  /** @param atStart most at the start. @param least it never falls below; 1 for whole things */
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

  /** The most that may be asked for now. */
  get value(): number {
    if (this.#value < this.atStart && this.#now() - this.#changedAt >= this.#gainAfterMs) {
      this.#gained = true;
      this.#set(Math.min(this.atStart, this.#value + this.#step()), null);
    }
    return this.#value;
  }

  /** Which part of its value at the start it has, in (0, 1]. */
  get share(): number {
    return this.value / this.atStart;
  }

  /** What it is now, as it is shown. */
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

  /** Widens it at once: so much is known to be served. */
  widen(value: number): void {
    const wider = Math.min(this.atStart, value);
    if (wider > this.#value) this.#set(wider, null);
  }

  /**
   * Narrows it after a refusal of `asked` (default: of as much as it allowed). A refusal of less than
   * it allows says more; one of more than it allows is of before it was narrowed, and is only counted.
   * @param reason the refusal in the exchange's words
   * @returns whether there is anything less to ask for
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

  /** Sizes are doubled, but rates gain by equal steps. */
  #step(): number {
    const { gain } = this.#manner;
    return gain === 1 ? this.#value : this.atStart * gain;
  }

  #narrow(asked: number): number {
    const narrowed = asked * this.#manner.factor;
    // A size is a number of whole things.
    return this.#manner.gain === 1 ? Math.floor(narrowed) : narrowed;
  }

  #set(value: number, reason: string | null): void {
    this.#value = value;
    this.#changedAt = this.#now();
    this.#since = this.#clock();
    this.#onChange?.(this.state, reason);
  }
}
