import { Random, seedFrom } from '../random.js';

/** How often a market sends. */
export interface Rhythm {
  /** Frames a second, on average. */
  readonly perSecond: number;
  /** Shortest time between two frames, ms. Default 0. */
  readonly gapMs?: number;
  /** Frames come on a grid of this many ms, with the market's own phase. Default: no grid. */
  readonly gridMs?: number;
}

/** A market in the pacer's wheel. */
interface Entry {
  readonly rhythm: Rhythm;
  readonly random: Random;
  readonly beat: () => void;
  /** Moment of its next beat, own ms. */
  due: number;
  /** The one after it in the same slot of the wheel. */
  next: Entry | undefined;
  removed: boolean;
}

/** Slots of the wheel, one for each own ms; entries due later go round more than once. */
const SLOTS = 4096;
/** Real ms between two checks of what is due. */
const TICK_MS = 4;
/** Real ms that are caught up on after a standstill of the process; older frames are left out. */
const MAX_LAG_MS = 1000;

/**
 * One clock for the frames of thousands of markets. It counts in its own ms, which pass `speed`
 * times as fast as real ones, so that a change of speed applies to every market at once, and a
 * pause is speed 0. Markets wait in a wheel with a slot for each of these ms, so a frame costs
 * neither a timer nor an object.
 */
export class FramePacer {
  readonly #seed: number;
  readonly #entries = new Map<string, Entry>();
  readonly #wheel: (Entry | undefined)[] = new Array<undefined>(SLOTS).fill(undefined);
  #speed: number;
  #timer: NodeJS.Timeout | undefined;
  /** The pacer's own time up to which everything has been done, and when that was (real, ms). */
  #now = 0;
  #at = performance.now();
  /** Part of an own ms that has passed since `#now`. */
  #rest = 0;

  /** @param speed 0: paused */
  constructor(seed: number, speed: number) {
    this.#seed = seed;
    this.#speed = speed;
    this.#run();
  }

  /** How many own ms pass in a real one; 0: paused. */
  get speed(): number {
    return this.#speed;
  }

  set speed(speed: number) {
    this.#advance();
    this.#speed = speed;
    this.#run();
  }

  /** Calls `beat` in that rhythm; its moments depend on nothing but the seed and the key. */
  add(key: string, rhythm: Rhythm, beat: () => void): void {
    this.remove(key);
    const random = new Random(seedFrom('beats', this.#seed, key));
    const entry = { rhythm, random, beat, due: 0, next: undefined, removed: false };
    this.#entries.set(key, entry);
    const { gridMs = 0 } = rhythm;
    // On a grid the next point of the market's phase may be the first.
    const since = gridMs > 0 ? (this.#now + random.int(0, gridMs - 1)) % gridMs : 0;
    this.#schedule(entry, this.#now - since);
  }

  /** Stops the beats under a key, if there are any. */
  remove(key: string): void {
    const entry = this.#entries.get(key);
    if (entry !== undefined) entry.removed = true;
    this.#entries.delete(key);
  }

  /** Ends all beats. */
  stop(): void {
    clearInterval(this.#timer);
    this.#wheel.fill(undefined);
    this.#entries.clear();
  }

  #run(): void {
    clearInterval(this.#timer);
    this.#at = performance.now();
    if (this.#speed === 0) return;
    this.#timer = setInterval(() => this.#advance(), TICK_MS);
    this.#timer.unref();
  }

  /** Runs what has become due. */
  #advance(): void {
    const at = performance.now();
    const passed = Math.min(at - this.#at, MAX_LAG_MS) * this.#speed + this.#rest;
    this.#at = at;
    const end = this.#now + Math.floor(passed);
    this.#rest = passed - Math.floor(passed);
    while (this.#now < end) {
      this.#now += 1;
      const slot = this.#now % SLOTS;
      let entry = this.#wheel[slot];
      this.#wheel[slot] = undefined;
      while (entry !== undefined) {
        const { next } = entry;
        if (entry.due > this.#now) {
          this.#wait(entry);
        } else if (!entry.removed) {
          this.#schedule(entry, this.#now);
          entry.beat();
        }
        entry = next;
      }
    }
  }

  /** Schedules the beat after the one at `from`. */
  #schedule(entry: Entry, from: number): void {
    entry.due = Math.max(this.#now + 1, from + wait(entry.rhythm, entry.random));
    this.#wait(entry);
  }

  #wait(entry: Entry): void {
    const slot = entry.due % SLOTS;
    entry.next = this.#wheel[slot];
    this.#wheel[slot] = entry;
  }
}

/** A waiting time in whole ms whose average is that of the rhythm. */
function wait(rhythm: Rhythm, random: Random): number {
  const { perSecond, gapMs = 0, gridMs = 0 } = rhythm;
  const mean = 1000 / perSecond;
  if (gridMs === 0) return Math.round(gapMs + random.exponential(Math.max(0, mean - gapMs)));
  // At each grid point the market sends with the probability that gives its average.
  const chance = gridMs / mean;
  const points =
    chance >= 1 ? 1 : 1 + Math.floor(Math.log(1 - random.next()) / Math.log(1 - chance));
  return points * gridMs;
}
