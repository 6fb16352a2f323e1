import type { Bus } from '../../bus.js';
import type { Logger } from '../../logging/logger.js';
import type { CollectorMemory } from '../../market/collector-memory.js';
import type { Gap } from '../../market/gap.js';
import type { WrongTime } from '../market/market-tracker.js';
import { ClockWitness } from './clock-witness.js';
import type { ClockStep } from './standstill-watch.js';

/** A clock this close to the exchanges' times is right, ms. */
const RIGHT_MS = 60_000;

/** Dependencies of {@link ClockCorrections}. */
export interface ClockCorrectionParts {
  readonly store: CollectorMemory;
  readonly bus: Bus;
  readonly logger: Logger;
  /** When the program started, Unix ms. */
  readonly startedAt: number;
  /** Redates what the collectors keep; see `MarketTracker.clockSet`. */
  readonly clockSet: (byMs: number, wrong: WrongTime | null) => void;
}

/** Corrects what a wrong clock has dated, based on the exchanges' own times. */
export class ClockCorrections {
  /** Records the exchanges' times. */
  readonly witness = new ClockWitness();
  readonly #parts: ClockCorrectionParts;
  /** The witness's last reading; null since the clock was set. */
  #aheadMs: number | null = null;
  /** Number of exchanges behind that reading. */
  #witnesses = 0;
  /** Open gaps of the previous run that start ahead of the clock. */
  readonly #aheadGaps: Gap[] = [];
  /** Whether what earlier runs dated in the future has been cut off. */
  #cleared = false;

  constructor(parts: ClockCorrectionParts) {
    this.#parts = parts;
  }

  /**
   * How far the clock is ahead of the exchanges' times, ms; null when unknown. It takes two
   * exchanges to show that it is ahead: the book of a quiet market may be old.
   */
  get aheadMs(): number | null {
    return this.#aheadMs !== null && this.#aheadMs > 0 && this.#witnesses < 2
      ? null
      : this.#aheadMs;
  }

  /**
   * A gap of the previous run, continued; if this clock contradicts its start, from a start that is
   * certain.
   */
  inherited(gap: Gap): Gap {
    const { heartbeatAhead, previousHeartbeat } = this.#parts.store;
    if (heartbeatAhead === null || previousHeartbeat === null || gap.start <= previousHeartbeat)
      return gap;
    this.#aheadGaps.push(gap);
    return { ...gap, start: previousHeartbeat };
  }

  /**
   * The clock was set. If that brought it closer to the exchanges' times, or these are unknown, it
   * was wrong before: what it dated is redated. If it is wrong now, what it dated before stands.
   */
  set({ at, byMs }: ClockStep): void {
    const { store, logger, bus, startedAt } = this.#parts;
    const ahead = this.witness.aheadMs ?? this.#aheadMs;
    // Readings by the old clock say nothing about the new one.
    this.witness.forget();
    this.#aheadMs = null;
    logger.log('CLOCK_SET', {}, { byMs });
    const right = ahead === null || Math.abs(ahead + byMs) < Math.abs(ahead);
    // Without a witness only what this run dated is changed.
    const after = ahead === null ? Math.max(at, startedAt) : at;
    this.#parts.clockSet(byMs, right ? { after, aliveAt: store.heartbeatAhead } : null);
    if (right && byMs < 0) store.redate({ after, byMs });
    // The clock was behind at the start: those gaps were dated correctly and have lasted until now.
    if (right && byMs > 0) {
      for (const gap of this.#aheadGaps.splice(0))
        bus.gaps.publish({ ...gap, end: Math.max(gap.start, at) });
    }
  }

  /** Reports what the exchanges' times say about the clock, and starts collecting afresh. */
  confirm(now: number): void {
    const { aheadMs } = this.witness;
    if (aheadMs === null) return;
    this.#witnesses = this.witness.exchanges;
    this.witness.forget();
    this.#aheadMs = aheadMs;
    this.#parts.store.confirmClock({ at: now, aheadMs });
    if (this.#cleared || Math.abs(aheadMs) > RIGHT_MS) return;
    this.#cleared = true;
    this.#aheadGaps.length = 0;
    this.#parts.store.redate({ after: now + RIGHT_MS, byMs: null });
  }
}
