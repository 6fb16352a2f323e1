import type { Random } from '../random.js';

/** Changes the books of an exchange by themselves, each at random moments with its own average rate. */
export class RandomSteps {
  readonly #random: Random;
  readonly #timers = new Map<string, NodeJS.Timeout>();
  #closed = false;

  constructor(random: Random) {
    this.#random = random;
  }

  /** Starts a book, if it changes at all. @param step changes it this many times */
  add(pair: string, perSecond: number, step: (times: number) => void): void {
    if (perSecond <= 0 || this.#closed) return;
    // Timers count whole ms, so a very busy book steps several times on one tick.
    let wait = 0;
    let steps = 0;
    while (wait < 1) {
      wait += this.#random.exponential(1000 / perSecond);
      steps += 1;
    }
    const timer = setTimeout(() => {
      step(steps);
      this.add(pair, perSecond, step);
    }, wait);
    timer.unref();
    this.#timers.set(pair, timer);
  }

  /** Stops a book. */
  remove(pair: string): void {
    clearTimeout(this.#timers.get(pair));
  }

  /** Stops all of them for good. */
  close(): void {
    this.#closed = true;
    for (const timer of this.#timers.values()) clearTimeout(timer);
  }
}
