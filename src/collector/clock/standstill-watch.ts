import { uptime } from 'node:os';
import { Topic } from '../../util/topic.js';

/**
 * From this long on the program stood still, ms. Shorter, the sockets' buffers hold what came, some
 * seconds of the busiest; garbage collection or a start block well under a second.
 */
const STANDSTILL_MS = 2000;
/** A difference between the system clock and the time that really passed from this long on is a step, ms. */
const STEP_MS = 1000;
/** Time between two looks of the watch's own, ms. */
const LOOK_MS = 250;
/** A look so much after the one before, or at a time so far from it, is examined, ms. */
const DOUBT_MS = 500;

/** A time in which the program did not run: stopped, suspended with its machine, or blocked. */
export interface Standstill {
  /** Last moment before it, Unix ms by the clock of now. */
  readonly since: number;
  /** How long it took, ms. */
  readonly lastedMs: number;
}

/** The system clock was set. */
export interface ClockStep {
  /** What it shows now, Unix ms. */
  readonly at: number;
  /** By how much it was set, ms; negative = back. */
  readonly byMs: number;
}

/** Clocks of the machine, all in ms; tests give others. */
export interface MachineClocks {
  /** Unix time; it may be set at any moment. */
  readonly wall: () => number;
  /** Rises steadily; on Linux it stands still while the machine is suspended. */
  readonly monotonic: () => number;
  /** Time since the machine was started, suspended time included; as coarse as 1 s on some. */
  readonly boot: () => number;
}

const MACHINE: MachineClocks = {
  wall: () => Date.now(),
  monotonic: () => performance.now(),
  boot: () => uptime() * 1000,
};

/**
 * Notices that the program stood still, and that the clock was set, by comparing the machine's clocks
 * between two looks: a stop (SIGSTOP, a paused container) and a blocked event loop show in the
 * monotonic time, a suspended machine only in the time since its start, and a clock that was set in
 * neither. Looks by itself four times a second; code that stamps something with the time asks
 * {@link look}, so that what happened while it stood still is known before anything received then.
 */
export class StandstillWatch {
  /** Publishes each standstill when it is over. */
  readonly standstills = new Topic<Standstill>();
  /** Publishes each step of the clock, before the standstill that it came with. */
  readonly steps = new Topic<ClockStep>();

  readonly #clocks: MachineClocks;
  readonly #timer: NodeJS.Timeout;
  #wall: number;
  #monotonic: number;
  /** How far the time since the start was ahead of the monotonic one when last compared. */
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

  /** Standstills since the program began. */
  get standstillCount(): number {
    return this.#standstillCount;
  }

  /** How long they took together, ms. */
  get stoodStillMs(): number {
    return this.#stoodStillMs;
  }

  /** Steps of the clock since the program began. */
  get stepCount(): number {
    return this.#stepCount;
  }

  /** Compares the clocks. @returns what the system clock shows, Unix ms */
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

  /** Ends the watch. */
  close(): void {
    clearInterval(this.#timer);
  }

  #examine(wall: number, wallMs: number, ranMs: number): void {
    const asleep = this.#clocks.boot() - this.#monotonic;
    const suspendedMs = asleep - this.#asleep;
    this.#asleep = asleep;
    // Less is what the coarse clock makes of nothing.
    let passedMs = suspendedMs > STEP_MS ? ranMs + suspendedMs : ranMs;
    // A machine that does not count its sleep: to wake takes it a while, to set a clock does not.
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
    // To the millisecond, where the clock allows: books were stamped with the last look.
    this.standstills.publish({ since: wall - (stepped ? lastedMs : wallMs), lastedMs });
  }
}
