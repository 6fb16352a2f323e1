import type { Verdict } from '../api/verdict/judge.js';
import type { Reason } from '../api/verdict/reasons.js';
import type { Alert } from './alert.js';
import { CALL_AFTER_MS, CONTAINS, OVER_AFTER_MS } from './policy.js';

/** How often the verdict is checked, ms. */
export const LOOK_MS = 5_000;

/** A reason that holds, or did until recently. */
interface Held {
  reason: Reason;
  /** When it was first seen, Unix ms. */
  readonly since: number;
  /** Consecutive checks at which it held. */
  looks: number;
  /** Consecutive checks at which it did not. */
  absent: number;
  called: boolean;
}

/**
 * Turns the verdict into alerts: one when a reason has held for its time, one when it is resolved.
 * Time is counted in checks, so that neither a clock jump nor a machine that slept raises an alert.
 */
export class AlertWatch {
  readonly #verdict: () => Verdict;
  readonly #call: (alert: Alert) => void;
  /** By code and exchange: the markets concerned may change while it holds. */
  readonly #held = new Map<string, Held>();
  readonly #timer: NodeJS.Timeout;

  /** @param lookMs for tests: check interval, ms; times are counted as if it were {@link LOOK_MS} */
  constructor(verdict: () => Verdict, call: (alert: Alert) => void, lookMs = LOOK_MS) {
    this.#verdict = verdict;
    this.#call = call;
    this.#timer = setInterval(() => this.look(), lookMs);
    this.#timer.unref();
  }

  /** Number of unresolved alerts. */
  get active(): number {
    return [...this.#held.values()].filter(({ called }) => called).length;
  }

  /** Stops checking; unresolved alerts stay unresolved. */
  close(): void {
    clearInterval(this.#timer);
  }

  /** Checks the verdict once. */
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
      // At the first check it is unknown how long it has held.
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

  /** Reasons are ordered from wider to narrower, so the wider ones have fired by now. */
  #isContained({ code }: Reason): boolean {
    return [...this.#held.values()].some(
      ({ called, reason }) => called && CONTAINS[reason.code]?.includes(code) === true,
    );
  }
}
