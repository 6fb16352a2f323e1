import type { Delivery } from './delivery.js';

/**
 * Conflated backlog of a reader: the latest value of every key, in the order in which the keys
 * started waiting. At most one per key and `everyMs`: the first is due at once, and the latest of
 * those that follow within the interval when it ends, so that the last one delivered is always the
 * newest. However much is put in, it never holds more than two per key.
 */
export class ConflatedQueue<T> {
  readonly #everyMs: number;
  readonly #onDue: () => void;
  /** What may be taken now. */
  readonly #due = new Map<string, Delivery<T>>();
  /** What must wait until its key's interval ends. */
  readonly #held = new Map<string, Delivery<T>>();
  /** When each recently delivered key's interval ends. All intervals are equal, so oldest first. */
  readonly #resting = new Map<string, number>();
  #timer: NodeJS.Timeout | undefined;

  /**
   * @param everyMs minimum interval between two of the same key, ms; 0 = no limit
   * @param onDue called when something that had to wait becomes due
   */
  constructor(everyMs: number, onDue: () => void) {
    this.#everyMs = everyMs;
    this.#onDue = onDue;
  }

  /** Number of deliveries that may be taken now. */
  get size(): number {
    return this.#due.size;
  }

  /** Whether nothing waits and any delivery may go out at once. */
  get idle(): boolean {
    return this.#due.size === 0 && this.#resting.size === 0;
  }

  /** Whether a delivery of `key` may not go out now, even if nothing waits. */
  rests(key: string): boolean {
    return this.#resting.has(key);
  }

  /** Adds the latest of its key. A waiting one of that key is dropped and counted as skipped. */
  put(delivery: Delivery<T>): void {
    merge(this.#resting.has(delivery.key) ? this.#held : this.#due, delivery);
  }

  /** The one that has waited longest; undefined when none is due. */
  take(): Delivery<T> | undefined {
    const first = this.#due.values().next();
    if (first.done === true) return undefined;
    const { key } = first.value;
    this.#due.delete(key);
    if (this.#everyMs > 0) {
      this.#resting.set(key, performance.now() + this.#everyMs);
      this.#timer ??= setTimeout(this.#rested, this.#everyMs);
    }
    return first.value;
  }

  /** How many wait per key, including those skipped. */
  counts(): Map<string, number> {
    const counts = new Map<string, number>();
    for (const waiting of [this.#due, this.#held]) {
      for (const [key, { skipped }] of waiting) {
        counts.set(key, (counts.get(key) ?? 0) + 1 + skipped);
      }
    }
    return counts;
  }

  /** Makes everything due at once: nothing more will come. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#resting.clear();
    for (const held of this.#held.values()) merge(this.#due, held);
    this.#held.clear();
  }

  /** Drops everything and stops the timer. */
  close(): void {
    this.flush();
    this.#due.clear();
  }

  readonly #rested = (): void => {
    this.#timer = undefined;
    const now = performance.now();
    let due = false;
    for (const [key, until] of this.#resting) {
      // A timer may fire a little early; half a millisecond either way does not matter.
      if (until > now + 0.5) {
        this.#timer = setTimeout(this.#rested, until - now);
        break;
      }
      this.#resting.delete(key);
      const held = this.#held.get(key);
      if (held === undefined) continue;
      this.#held.delete(key);
      merge(this.#due, held);
      due = true;
    }
    if (due) this.#onDue();
  };
}

function merge<T>(waiting: Map<string, Delivery<T>>, delivery: Delivery<T>): void {
  const older = waiting.get(delivery.key);
  // Setting an existing key keeps its place in the Map, so markets are served fairly.
  waiting.set(
    delivery.key,
    older === undefined
      ? delivery
      : {
          ...delivery,
          skipped: older.skipped + 1 + delivery.skipped,
          gapBefore: older.gapBefore ?? delivery.gapBefore,
        },
  );
}
