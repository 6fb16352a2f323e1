/** Timers that end together, and keep no process alive. */
export class Timers {
  readonly #timers = new Set<NodeJS.Timeout>();

  /** Runs `task` once in `ms`. */
  later(ms: number, task: () => void): NodeJS.Timeout {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      task();
    }, ms);
    timer.unref();
    this.#timers.add(timer);
    return timer;
  }

  /** Runs `task` in `ms`, at once when that is 0. */
  in(ms: number, task: () => void): NodeJS.Timeout | undefined {
    if (ms > 0) return this.later(ms, task);
    task();
    return undefined;
  }

  /** Runs `task` every `ms`. */
  every(ms: number, task: () => void): NodeJS.Timeout {
    const timer = setInterval(task, ms);
    timer.unref();
    this.#timers.add(timer);
    return timer;
  }

  /** Ends one timer. */
  cancel(timer: NodeJS.Timeout | undefined): void {
    if (timer === undefined) return;
    clearTimeout(timer);
    this.#timers.delete(timer);
  }

  /** Ends all timers. */
  clearTimers(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
  }
}
