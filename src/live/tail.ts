import type { Delivery } from './delivery.js';

/** Items a tail holds: some two seconds of the whole market, many times a flush of the store. */
const LENGTH = 4096;

/**
 * The newest published items of one kind, across all markets, in order, for readers that must not
 * miss one: what is newer than the store's last commit exists only here. One ring for all of them;
 * it exists while there is such a reader, and a reader is just a position in it.
 */
export class Tail<T> {
  readonly #follow: (take: (delivery: Delivery<T>) => void) => () => void;
  readonly #newest: () => number;
  readonly #length: number;
  readonly #wakes = new Set<() => void>();
  #ring: Delivery<T>[] = [];
  /** Items put in since the tail started. */
  #put = 0;
  #floor = 0;
  #stop: (() => void) | undefined;

  /**
   * @param follow calls `take` with everything from now on; its result unsubscribes
   * @param newest the highest sequence assigned so far
   * @param length number of items it holds
   */
  constructor(
    follow: (take: (delivery: Delivery<T>) => void) => () => void,
    newest: () => number,
    length = LENGTH,
  ) {
    this.#follow = follow;
    this.#newest = newest;
    this.#length = length;
  }

  /** Starts holding items, unless it already does. @param wake called with each new item */
  watch(wake: () => void): void {
    this.#wakes.add(wake);
    if (this.#stop !== undefined) return;
    this.#floor = this.#newest();
    this.#stop = this.#follow((delivery) => {
      const slot = this.#put++ % this.#length;
      const oldest = this.#ring[slot];
      if (oldest !== undefined) this.#floor = oldest.order;
      this.#ring[slot] = delivery;
      for (const woken of this.#wakes) woken();
    });
  }

  /** Undoes {@link watch}; with the last watcher all items are dropped. */
  unwatch(wake: () => void): void {
    this.#wakes.delete(wake);
    if (this.#wakes.size > 0) return;
    this.#stop?.();
    this.#stop = undefined;
    this.#ring = [];
    this.#put = 0;
  }

  /** Everything with a greater sequence is in the tail. Valid while there is a watcher. */
  get floor(): number {
    return this.#floor;
  }

  /** Position of the first item after `sequence`, which must not be below the floor. */
  placeAfter(sequence: number): number {
    let low = Math.max(0, this.#put - this.#length);
    let high = this.#put;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#ring[middle % this.#length]!.order > sequence) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  /** The item at a position; undefined when it has not come yet, null when it has left already. */
  at(place: number): Delivery<T> | undefined | null {
    if (place >= this.#put) return undefined;
    return place < this.#put - this.#length ? null : this.#ring[place % this.#length];
  }
}
