/** A synchronous in-process topic. A listener that throws is reported and never stops the others. */
export class Topic<T> {
  readonly #listeners = new Set<(value: T) => void>();

  /** Calls `listener` for every value published from now on; the result ends that. */
  readonly on = (listener: (value: T) => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** Hands `value` to all listeners, in the order they came. */
  publish(value: T): void {
    for (const listener of this.#listeners) {
      try {
        listener(value);
      } catch (error) {
        process.emitWarning(error instanceof Error ? error : new Error(String(error)));
      }
    }
  }

  /** Number of listeners. */
  get size(): number {
    return this.#listeners.size;
  }
}
