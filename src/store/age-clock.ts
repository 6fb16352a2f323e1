import type { ClockReading } from '../market/clock-reading.js';
/** A clock that is ahead of the time last believed by more than this has leapt, ms: a day. */
const LEAP_MS = 86_400_000;
/** A clock that is this near to the exchanges' own times is right, ms. */
const RIGHT_MS = 3_600_000;
/** Without the time of any exchange, time after a leap until a clock is believed, ms. */
const WAIT_MS = 86_400_000;

/** Clocks of the machine, ms. */
interface AgeClocks {
  readonly wall: () => number;
  readonly monotonic: () => number;
}

const MACHINE: AgeClocks = { wall: () => Date.now(), monotonic: () => performance.now() };

/**
 * The time that the age of books is measured against: what is deleted is gone, so one reading of the
 * system clock is not enough. After a leap, that is more than a day beyond the time that was believed
 * last (by this run or an earlier one), the old time runs on until the exchanges' own times agree with
 * the clock. Where they contradict it, it is never believed; where they say nothing, after a day.
 */
export class AgeClock {
  readonly #clocks: AgeClocks;
  /** A time that was believed, and when that was, monotonic ms. */
  #believed: number;
  #believedAt: number;
  #leapAt: number | null = null;
  #reading: (ClockReading & { readonly monotonic: number }) | null = null;

  /** @param believed {@link now} of an earlier run, Unix ms; null = there was none */
  constructor(believed: number | null, clocks: AgeClocks = MACHINE) {
    this.#clocks = clocks;
    this.#believed = believed ?? clocks.wall();
    this.#believedAt = clocks.monotonic();
  }

  /** Takes what the exchanges' times say. */
  confirm(reading: ClockReading): void {
    this.#reading = { ...reading, monotonic: this.#clocks.monotonic() };
  }

  /** Whether the system clock has leapt and is not believed yet. */
  get held(): boolean {
    return this.#leapAt !== null;
  }

  /** The time, Unix ms. */
  now(): number {
    const wall = this.#clocks.wall();
    const monotonic = this.#clocks.monotonic();
    const expected = this.#believed + monotonic - this.#believedAt;
    const ahead = this.#aheadMs(wall, monotonic);
    const right = ahead !== null && Math.abs(ahead) <= RIGHT_MS;
    if (!right && wall - expected > LEAP_MS) {
      this.#leapAt ??= monotonic;
      const contradicted = ahead !== null && Math.abs(ahead) > LEAP_MS;
      if (contradicted || monotonic - this.#leapAt < WAIT_MS) return expected;
    }
    this.#leapAt = null;
    // A clock set back proves nothing against the time believed, unless the exchanges agree with it.
    if (right || wall > expected) {
      this.#believed = wall;
      this.#believedAt = monotonic;
    }
    return wall;
  }

  /** How far the clock is ahead of the exchanges; null when they have given no time since it was last set. */
  #aheadMs(wall: number, monotonic: number): number | null {
    const reading = this.#reading;
    if (reading === null) return null;
    const setBy = wall - reading.at - (monotonic - reading.monotonic);
    return Math.abs(setBy) > RIGHT_MS ? null : reading.aheadMs + setBy;
  }
}
