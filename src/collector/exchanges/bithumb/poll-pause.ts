import { backoffMs, RATE_LIMITED } from '../../limits/backoff.js';
import type { ExchangeError } from '../../exchange-error.js';
import type { Outage } from '../../feed.js';

/** Pauses when Bithumb refuses everything, or does not answer at all. */
const REFUSED_BACKOFF = { firstMs: 1000, mostMs: 30_000 };
const SILENT_BACKOFF = { firstMs: 500, mostMs: 5000 };
/** Time between two looks whether the lane that asks first has its answer, ms. */
const LOOK_MS = 50;

/** The pause of all lanes after a refusal: they share the address that was refused. */
export class PollPause<L> {
  /** Pauses without a good call between them. */
  #count = 0;
  /** End of the last one, monotonic ms. */
  #until = 0;
  /** What the refusal said and means. */
  #outage: Pick<Outage, 'cause' | 'detail'> = { cause: 'RATE_LIMITED', detail: '' };
  /** The lane that tries whether it is over; the others wait for it. */
  #probe: L | null = null;

  /** Whether one lasts. */
  get lasts(): boolean {
    return performance.now() < this.#until;
  }

  /** Why the lanes are not covered meanwhile. */
  get outage(): Pick<Outage, 'cause' | 'detail'> {
    return this.#outage;
  }

  /** Begins one, the longer the more there were. @returns how long it lasts, ms */
  begin(error: ExchangeError, random: number): number {
    const { fault, gapCause: cause, message: detail, retryAfterMs } = error;
    const backoff =
      fault === 'RATE' ? RATE_LIMITED : fault === 'NO_ANSWER' ? SILENT_BACKOFF : REFUSED_BACKOFF;
    const wait = Math.max(backoffMs(++this.#count, random, backoff), retryAfterMs);
    const ms = Math.min(wait, RATE_LIMITED.mostMs);
    this.#until = performance.now() + ms;
    this.#outage = { cause, detail };
    return ms;
  }

  /**
   * How long a lane has to wait until it looks again, ms; 0 = it may ask. After a pause one lane asks first, so
   * that a refusal costs one call.
   * @param there whether a lane still runs
   */
  waitMs(lane: L, there: (lane: L) => boolean): number {
    if (this.#count === 0) return 0;
    const left = this.#until - performance.now();
    if (this.#probe !== null && !there(this.#probe)) this.#probe = null;
    if (left > 0) return left;
    return (this.#probe ??= lane) === lane ? 0 : LOOK_MS;
  }

  /** A lane has its answer, whatever it was. */
  answered(lane: L): void {
    if (this.#probe === lane) this.#probe = null;
  }

  /** A call was good: nothing is paused any more. */
  over(): void {
    this.#count = 0;
  }
}
