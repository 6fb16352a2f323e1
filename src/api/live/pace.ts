import { Conflation, type Delivery } from '../../bus.js';

/** What waits for a reader: {@link Conflation}, or {@link Pace} when there is a rate to keep. */
export interface Waiting<T> {
  /** Number of deliveries that may be taken now. */
  readonly size: number;
  put(delivery: Delivery<T>): void;
  take(): Delivery<T> | undefined;
  /** Whether a delivery of `key` may not be given now, even though nothing waits. */
  holds(key: string): boolean;
  /** Adds to `counts` how many of each key wait, those counted that were left out. */
  count(counts: Map<string, number>): void;
  /** Lets everything be taken at once: nothing more will come. */
  flush(): void;
  /** Ends it: drops everything, stops its timer. */
  close(): void;
}

/** The newest of every key, to be taken at any time. */
export class Unpaced<T> extends Conflation<T> implements Waiting<T> {
  holds(): boolean {
    return false;
  }
  flush(): void {}
  close(): void {
    this.clear();
  }
}

/**
 * The newest of every key, of each key at most one per `everyMs`: the first at once, and what comes
 * within the time after it when the time is over, so that the last one given always is the newest.
 */
export class Pace<T> implements Waiting<T> {
  readonly #everyMs: number;
  readonly #onDue: () => void;
  /** What may be taken now. */
  readonly #due = new Conflation<T>();
  /** What has to wait. */
  readonly #held = new Conflation<T>();
  /** Until when each key given lately must rest. The time is the same for all, so oldest first. */
  readonly #resting = new Map<string, number>();
  #timer: NodeJS.Timeout | undefined;

  /**
   * @param everyMs time between two of the same key, ms
   * @param onDue called when something that had to wait may be taken
   */
  constructor(everyMs: number, onDue: () => void) {
    this.#everyMs = everyMs;
    this.#onDue = onDue;
  }

  get size(): number {
    return this.#due.size;
  }

  holds(key: string): boolean {
    return this.#resting.has(key);
  }

  put(delivery: Delivery<T>): void {
    (this.#resting.has(delivery.key) ? this.#held : this.#due).put(delivery);
  }

  take(): Delivery<T> | undefined {
    const delivery = this.#due.take();
    if (delivery !== undefined) {
      this.#resting.set(delivery.key, performance.now() + this.#everyMs);
      this.#timer ??= setTimeout(this.#rested, this.#everyMs);
    }
    return delivery;
  }

  count(counts: Map<string, number>): void {
    this.#due.count(counts);
    this.#held.count(counts);
  }

  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#resting.clear();
    for (let held = this.#held.take(); held; held = this.#held.take()) this.#due.put(held);
  }

  close(): void {
    this.flush();
    this.#due.clear();
  }

  readonly #rested = (): void => {
    this.#timer = undefined;
    const now = performance.now();
    let due = false;
    for (const [key, until] of this.#resting) {
      // A timer may fire a little early; half a millisecond more or less is no matter.
      if (until > now + 0.5) {
        this.#timer = setTimeout(this.#rested, until - now);
        break;
      }
      this.#resting.delete(key);
      const held = this.#held.takeKey(key);
      if (held === undefined) continue;
      this.#due.put(held);
      due = true;
    }
    if (due) this.#onDue();
  };
}
