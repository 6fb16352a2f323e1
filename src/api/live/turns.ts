/** Work that is done in small pieces. */
export interface Task {
  /**
   * Works until there is nothing left to do or the time has come.
   * @param until when to stop, as `performance.now()` counts
   * @returns whether there is more to do
   */
  run(until: number): boolean;
}

/** Time for deliveries in one turn of the event loop, ms. */
const TURN_MS = 2;
/** Time for one task before the next has its turn, ms. */
const SLICE_MS = 1;

/**
 * Shares the event loop between live deliveries and everything else. A book for 500 readers takes
 * some milliseconds to write and a new reader of the whole market thousands of books: done at once
 * they would hold up the collectors' sockets. Here the tasks get {@link TURN_MS} of each turn of the
 * loop, one after the other, {@link SLICE_MS} each; what comes in meanwhile is conflated.
 */
export class Turns {
  readonly #queue = new Set<Task>();
  #last: (() => void)[] = [];
  readonly #onError: (error: unknown) => void;
  #armed = false;

  /** @param onError told what a task threw; the task is dropped, the others go on */
  constructor(onError: (error: unknown) => void) {
    this.#onError = onError;
  }

  /** Asks for `task` to be run; once is enough until it says that it has no more to do. */
  add(task: Task): void {
    this.#queue.add(task);
    if (this.#armed) return;
    this.#armed = true;
    setImmediate(this.#turn);
  }

  /**
   * Does `work`, which must be short, at the end of the turn that is under way. Writes to different
   * sockets cost the system far less one after the other than each on its own, when the
   * receiver has gone to sleep meanwhile.
   */
  atEnd(work: () => void): void {
    this.#last.push(work);
  }

  readonly #turn = (): void => {
    let now = performance.now();
    const end = now + TURN_MS;
    for (const task of this.#queue) {
      // Deleted first: a task that is added anew while it runs goes to the end of the line.
      this.#queue.delete(task);
      this.#try(() => {
        if (task.run(Math.min(end, now + SLICE_MS))) this.#queue.add(task);
      });
      now = performance.now();
      if (now >= end) break;
    }
    const last = this.#last;
    this.#last = [];
    for (const work of last) this.#try(work);
    this.#armed = this.#queue.size > 0;
    if (this.#armed) setImmediate(this.#turn);
  };

  #try(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.#onError(error);
    }
  }
}
