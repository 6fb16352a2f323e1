/** Work done in small pieces. */
export interface Task {
  /**
   * Prepares what {@link run} will write. All tasks of a turn do this before the first one writes:
   * back-to-back writes to different sockets cost the system far less than isolated ones, when the
   * receiver has gone to sleep in between.
   * @param until when to stop, on the clock of `performance.now()`
   */
  prepare?(until: number): void;
  /**
   * Works until nothing is left to do or time is up.
   * @param until when to stop, on the clock of `performance.now()`
   * @returns whether there is more to do
   */
  run(until: number): boolean;
}

/** Time for deliveries per turn of the event loop, ms. */
const TURN_MS = 2;
/** A turn requested longer ago than this is late, ms. */
const LATE_MS = 1;
/** Time for one task, and for all to prepare, before the next one runs, ms. */
const SLICE_MS = 1;

/**
 * Shares the event loop between live deliveries and everything else. A book for 500 readers takes
 * some milliseconds to write, and a new reader of the whole market needs thousands of books: done
 * in one go they would hold up the collectors' sockets. Here the tasks get {@link TURN_MS} of each
 * turn of the loop, and as much within a long one ({@link Scheduler.hurry}), round robin,
 * {@link SLICE_MS} each; what arrives meanwhile is conflated.
 */
export class Scheduler {
  readonly #queue = new Set<Task>();
  /** Prepared tasks, the next to run last. */
  #prepared: Task[] = [];
  readonly #onError: (error: unknown) => void;
  #armed = false;
  /** When the turn was asked for that comes next, as `performance.now()` counts. */
  #askedAt = 0;

  /** @param onError called with what a task threw; the others go on */
  constructor(onError: (error: unknown) => void) {
    this.#onError = onError;
  }

  /** Schedules `task`; once is enough until it reports that it is done. */
  add(task: Task): void {
    this.#queue.add(task);
    if (!this.#armed) this.#arm();
  }

  /**
   * Works at once if the requested turn is late: where many frames have piled up, their turn of the
   * event loop takes long. Must not be called from within a task.
   */
  hurry(): void {
    if (!this.#armed || performance.now() - this.#askedAt < LATE_MS) return;
    this.#work();
    this.#askedAt = performance.now();
  }

  #arm(): void {
    this.#armed = true;
    this.#askedAt = performance.now();
    setImmediate(this.#turn);
  }

  readonly #turn = (): void => {
    this.#work();
    this.#armed = false;
    if (this.#queue.size > 0 || this.#prepared.length > 0) this.#arm();
  };

  #work(): void {
    let now = performance.now();
    const end = now + TURN_MS;
    while (now < end) {
      if (this.#prepared.length === 0) this.#prepare(now + SLICE_MS);
      const task = this.#prepared.pop();
      if (task === undefined) break;
      try {
        if (task.run(Math.min(end, now + SLICE_MS))) this.#queue.add(task);
      } catch (error) {
        this.#onError(error);
      }
      now = performance.now();
    }
  }

  #prepare(until: number): void {
    for (const task of this.#queue) {
      this.#queue.delete(task);
      this.#prepared.push(task);
      try {
        task.prepare?.(until);
      } catch (error) {
        this.#onError(error);
      }
      if (performance.now() >= until) break;
    }
    this.#prepared.reverse();
  }
}
