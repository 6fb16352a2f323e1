import { uptime } from 'node:os';
import { Topic } from '../../util/topic.js';

/**
 * A pause from this long counts as a standstill, ms. During shorter ones the socket buffers hold
 * what arrives, some seconds' worth on the busiest; garbage collection or a startup block well
 * under a second.
 */
const STANDSTILL_MS = 2000;
/** A difference of at least this between the system clock and elapsed time is a step, ms. */
const STEP_MS = 1000;
/** Interval of the watch's own checks, ms. */
const LOOK_MS = 250;
/** A check this late after the previous one, or whose time differs from it by this much, is examined, ms. */
const DOUBT_MS = 500;

/** A period in which the program did not run: stopped, suspended with its machine, or blocked. */
export interface Standstill {
  /** Last moment before it, Unix ms by the current clock. */
  readonly since: number;
  /** Its duration, ms. */
  readonly lastedMs: number;
}

/** The system clock was set. */
export interface ClockStep {
  /** What it shows now, Unix ms. */
  readonly at: number;
  /** The adjustment, ms; negative = back. */
  readonly byMs: number;
}

/** Clocks of the machine, all in ms; tests inject others. */
export interface MachineClocks {
  /** Unix time; may be set at any moment. */
  readonly wall: () => number;
  /** Increases steadily; on Linux it stops while the machine is suspended. */
  readonly monotonic: () => number;
  /** Time since boot, including suspension; as coarse as 1 s on some machines. */
  readonly boot: () => number;
}

const MACHINE: MachineClocks = {
  wall: () => Date.now(),
  monotonic: () => performance.now(),
  boot: () => uptime() * 1000,
};

/**
 * Detects standstills of the program and steps of the clock by comparing the machine's clocks
 * between two checks: a stop (SIGSTOP, a paused container) and a blocked event loop show in the
 * monotonic time, a suspended machine only in the time since boot, and a clock that was set in
 * neither. It checks four times a second; code that stamps something with the time calls
 * {@link look}, so that a standstill is known before anything received after it.
 */
export class StandstillWatch {
  /** Publishes each standstill once it is over. */
  readonly standstills = new Topic<Standstill>();
  /** Publishes each clock step, before the standstill it came with. */
  readonly steps = new Topic<ClockStep>();

  readonly #clocks: MachineClocks;
  readonly #timer: NodeJS.Timeout;
  #wall: number;
  #monotonic: number;
  /** How far the time since boot was ahead of the monotonic time at the last comparison. */
  #asleep: number;
  #standstillCount = 0;
  #stoodStillMs = 0;
  #stepCount = 0;

  constructor(clocks: MachineClocks = MACHINE) {
    this.#clocks = clocks;
    this.#wall = clocks.wall();
    this.#monotonic = clocks.monotonic();
    this.#asleep = clocks.boot() - this.#monotonic;
    this.#timer = setInterval(() => {
      this.look();
    }, LOOK_MS);
    this.#timer.unref();
  }

  /** Number of standstills since the program started. */
  get standstillCount(): number {
    return this.#standstillCount;
  }

  /** Their total duration, ms. */
  get stoodStillMs(): number {
    return this.#stoodStillMs;
  }

  /** Number of clock steps since the program started. */
  get stepCount(): number {
    return this.#stepCount;
  }

  /** Compares the clocks. @returns the system clock, Unix ms */
  look(): number {
    const wall = this.#clocks.wall();
    const monotonic = this.#clocks.monotonic();
    const wallMs = wall - this.#wall;
    const ranMs = monotonic - this.#monotonic;
    this.#wall = wall;
    this.#monotonic = monotonic;
    if (ranMs > DOUBT_MS || Math.abs(wallMs - ranMs) > DOUBT_MS) this.#examine(wall, wallMs, ranMs);
    return wall;
  }

  /** Stops watching. */
  close(): void {
    clearInterval(this.#timer);
  }

  #examine(wall: number, wallMs: number, ranMs: number): void {
    const asleep = this.#clocks.boot() - this.#monotonic;
    const suspendedMs = asleep - this.#asleep;
    this.#asleep = asleep;
    // Anything less is noise of the coarse clock.
    let passedMs = suspendedMs > STEP_MS ? ranMs + suspendedMs : ranMs;
    // For machines that do not count their sleep: waking up takes a while, setting a clock does not.
    if (wallMs - passedMs > STANDSTILL_MS && ranMs > DOUBT_MS) passedMs = wallMs;
    const byMs = Math.round(wallMs - passedMs);
    const stepped = Math.abs(byMs) > STEP_MS;
    if (stepped) {
      this.#stepCount++;
      this.steps.publish({ at: wall, byMs });
    }
    if (passedMs < STANDSTILL_MS) return;
    const lastedMs = Math.round(passedMs);
    this.#standstillCount++;
    this.#stoodStillMs += lastedMs;
    // To the millisecond where the clock allows: books were stamped with the last check.
    this.standstills.publish({ since: wall - (stepped ? lastedMs : wallMs), lastedMs });
  }
}
