import { backoffMs, RATE_LIMITED } from '../../limits/backoff.js';
import type { ExchangeError } from '../../exchange-error.js';
import type { Outage } from '../../feed.js';

/** Pauses when Bithumb refuses everything or does not answer at all. */
const REFUSED_BACKOFF = { firstMs: 1000, mostMs: 30_000 };
const SILENT_BACKOFF = { firstMs: 500, mostMs: 5000 };
/** Interval at which lanes check whether the lane that goes first has its answer, ms. */
const LOOK_MS = 50;

/** The pause of all lanes after a refusal: they share the refused address. */
export class PollPause<L> {
  /** Pauses without a successful call in between. */
  #count = 0;
  /** End of the last one, monotonic ms. */
  #until = 0;
  /** What the refusal said and means. */
  #outage: Pick<Outage, 'cause' | 'detail'> = { cause: 'RATE_LIMITED', detail: '' };
  /** The lane that tests whether it is over; the others wait for it. */
  #probe: L | null = null;

  /** Whether one is in effect. */
  get lasts(): boolean {
    return performance.now() < this.#until;
  }

  /** Why the lanes are not covered meanwhile. */
  get outage(): Pick<Outage, 'cause' | 'detail'> {
    return this.#outage;
  }

  /** Starts one, longer each time. @returns its length, ms */
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
   * How long a lane must wait before checking again, ms; 0: it may call. After a pause one lane goes first,
   * so that another refusal costs one call.
   * @param there whether a lane is still running
   */
  waitMs(lane: L, there: (lane: L) => boolean): number {
    if (this.#count === 0) return 0;
    const left = this.#until - performance.now();
    if (this.#probe !== null && !there(this.#probe)) this.#probe = null;
    if (left > 0) return left;
    return (this.#probe ??= lane) === lane ? 0 : LOOK_MS;
  }

  /** A lane has its answer, good or bad. */
  answered(lane: L): void {
    if (this.#probe === lane) this.#probe = null;
  }

  /** A call succeeded: nothing is paused any more. */
  over(): void {
    this.#count = 0;
  }
}
