import { Topic } from '../util/topic.js';
import { StoreError } from './errors.js';
import type { WriteQueue } from './write-queue.js';
import type { LogPlace } from './writer-protocol.js';

/** How a store is filled from the log of several nodes: its progress, and when there is room for more. */
export class LogFilling {
  readonly #queue: WriteQueue;
  /** The log being stored, and its last message added. */
  #place: LogPlace | null = null;
  #position = 0;
  #closing = false;
  /** Something was stored, or the store is closing. */
  readonly #moved = new Topic<void>();

  constructor(queue: WriteQueue) {
    this.#queue = queue;
  }

  /** The highest sequence that may have been assigned; null = the store is not filled from a log. */
  get newest(): number | null {
    return this.#place === null ? null : this.#place.base + this.#position;
  }

  /** From now on, additions come from this log. */
  begin(place: LogPlace): void {
    this.#place = place;
    this.#position = place.offset;
    this.#queue.beginLog(place.offset);
  }

  /** See `Store.logAt`. */
  at(position: number): void {
    this.#position = position;
    this.#queue.logAt(position);
  }

  /** See `Store.whenRoom`. */
  whenRoom(): Promise<void> | undefined {
    if (this.#hasRoom) return undefined;
    return new Promise((resolve) => {
      const stop = this.#moved.on(() => {
        if (!this.#closing && !this.#hasRoom) return;
        stop();
        resolve();
      });
    });
  }

  /** Something was stored: there may be room again. */
  look(): void {
    this.#moved.publish();
  }

  /** See `Store.whenStored`. */
  async whenStored(position: number, signal?: AbortSignal): Promise<void> {
    while (this.#queue.logStored < position) {
      if (this.#closing) throw new StoreError('the store is closed');
      signal?.throwIfAborted();
      await this.#whenMoved(signal);
    }
  }

  /** The store is closing: everyone waiting for it continues. */
  close(): void {
    this.#closing = true;
    this.look();
  }

  #whenMoved(signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const end = (): void => {
        stop();
        signal?.removeEventListener('abort', end);
        resolve();
      };
      const stop = this.#moved.on(end);
      signal?.addEventListener('abort', end);
    });
  }

  get #hasRoom(): boolean {
    return !this.#queue.gathered && this.#queue.hasRoom;
  }
}
