import type { ClockReading } from '../market/clock-reading.js';
/** A clock ahead of the last trusted time by more than this has jumped, ms: a day. */
const LEAP_MS = 86_400_000;
/** A clock this close to the exchanges' own times is right, ms. */
const RIGHT_MS = 3_600_000;
/** Without any exchange's time, how long after a jump a clock is trusted, ms. */
const WAIT_MS = 86_400_000;

/** Clocks of the machine, ms. */
interface AgeClocks {
  readonly wall: () => number;
  readonly monotonic: () => number;
}

const MACHINE: AgeClocks = { wall: () => Date.now(), monotonic: () => performance.now() };

/**
 * The time against which the age of books is measured: deletion is final, so one reading of the
 * system clock is not enough. After a jump of more than a day beyond the last trusted time (of this
 * run or an earlier one), the old time continues until the exchanges' own times agree with the
 * clock. If they contradict it, it is never trusted; if they say nothing, after a day.
 */
export class AgeClock {
  readonly #clocks: AgeClocks;
  /** A trusted time, and when that was, monotonic ms. */
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

  /** Records what the exchanges' times say. */
  confirm(reading: ClockReading): void {
    this.#reading = { ...reading, monotonic: this.#clocks.monotonic() };
  }

  /** Whether the system clock has jumped and is not trusted yet. */
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
    // A clock set back proves nothing against the trusted time, unless the exchanges agree with it.
    if (right || wall > expected) {
      this.#believed = wall;
      this.#believedAt = monotonic;
    }
    return wall;
  }

  /** How far the clock is ahead of the exchanges; null if they have given no time since it was last set. */
  #aheadMs(wall: number, monotonic: number): number | null {
    const reading = this.#reading;
    if (reading === null) return null;
    const setBy = wall - reading.at - (monotonic - reading.monotonic);
    return Math.abs(setBy) > RIGHT_MS ? null : reading.aheadMs + setBy;
  }
}
