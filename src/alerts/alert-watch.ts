import type { Verdict } from '../api/verdict/judge.js';
import type { Reason } from '../api/verdict/reasons.js';
import type { Alert } from './alert.js';
import { CALL_AFTER_MS, CONTAINS, OVER_AFTER_MS } from './policy.js';

/** How often the verdict is looked at, ms. */
export const LOOK_MS = 5_000;

/** A reason that holds, or did until lately. */
interface Held {
  reason: Reason;
  /** When it was first seen, Unix ms. */
  readonly since: number;
  /** Looks in a row at which it held. */
  looks: number;
  /** Looks in a row at which it did not. */
  absent: number;
  called: boolean;
}

/**
 * Makes alerts of the verdict: one when a reason has held for its time, one when it is over. Time is
 * counted in looks, so that neither a clock that leaps nor a machine that slept makes an alert.
 */
export class AlertWatch {
  readonly #verdict: () => Verdict;
  readonly #call: (alert: Alert) => void;
  /** By code and exchange: which markets it concerns may change while it holds. */
  readonly #held = new Map<string, Held>();
  readonly #timer: NodeJS.Timeout;

  /** @param lookMs for tests: how often it looks, ms; times are counted as if it were {@link LOOK_MS} */
  constructor(verdict: () => Verdict, call: (alert: Alert) => void, lookMs = LOOK_MS) {
    this.#verdict = verdict;
    this.#call = call;
    this.#timer = setInterval(() => this.look(), lookMs);
    this.#timer.unref();
  }

  /** Alerts that are not over. */
  get active(): number {
    return [...this.#held.values()].filter(({ called }) => called).length;
  }

  /** Ends the looking; what is not over stays so. */
  close(): void {
    clearInterval(this.#timer);
  }

  /** Looks at the verdict once. */
  look(): void {
    const { reasons } = this.#verdict();
    const seen = new Set<string>();
    for (const reason of reasons) {
      const key = `${reason.code} ${reason.exchange ?? ''}`;
      const afterMs = CALL_AFTER_MS[reason.code];
      if (afterMs === null) continue;
      seen.add(key);
      const held = this.#held.get(key) ?? {
        reason,
        since: Date.now(),
        looks: 0,
        absent: 0,
        called: false,
      };
      held.reason = reason;
      held.looks++;
      held.absent = 0;
      this.#held.set(key, held);
      // At the first look it has held for no time that is known.
      if (held.called || (held.looks - 1) * LOOK_MS < afterMs || this.#isContained(reason))
        continue;
      held.called = true;
      this.#call({ reason, startedAt: held.since, endedAt: null });
    }
    for (const [key, held] of this.#held) {
      if (seen.has(key)) continue;
      held.absent++;
      held.looks = 0;
      if (held.called && held.absent * LOOK_MS < OVER_AFTER_MS) continue;
      this.#held.delete(key);
      const { called, reason, since: startedAt } = held;
      if (called) this.#call({ reason, startedAt, endedAt: Date.now() });
    }
  }

  /** Reasons come with the wider ones first, so that they have been called by now. */
  #isContained({ code }: Reason): boolean {
    return [...this.#held.values()].some(
      ({ called, reason }) => called && CONTAINS[reason.code]?.includes(code) === true,
    );
  }
}
