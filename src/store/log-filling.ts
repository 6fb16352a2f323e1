import { Topic } from '../util/topic.js';
import { pause } from '../util/wait.js';
import { StoreError } from './errors.js';
import type { WriteQueue } from './write-queue.js';
import type { LogPlace } from './writer-protocol.js';

/** How a store is filled from the log of several nodes: its progress, and when there is room for more. */
export class LogFilling {
  readonly #queue: WriteQueue;
  readonly #flushMs: number;
  /** The log being stored, and its last message added. */
  #place: LogPlace | null = null;
  #position = 0;
  #closing = false;
  readonly #room = new Topic<void>();

  /** @param flushMs how long books are batched before they are written, ms */
  constructor(queue: WriteQueue, flushMs: number) {
    this.#queue = queue;
    this.#flushMs = flushMs;
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
      const stop = this.#room.on(() => {
        if (!this.#closing && !this.#hasRoom) return;
        stop();
        resolve();
      });
    });
  }

  /** There may be room again. */
  look(): void {
    this.#room.publish();
  }

  /** See `Store.whenStored`. */
  async whenStored(position: number, signal?: AbortSignal): Promise<void> {
    while (this.#queue.logStored < position) {
      if (this.#closing) throw new StoreError('the store is closed');
      signal?.throwIfAborted();
      await pause(this.#flushMs / 4, signal);
    }
  }

  /** The store is closing: everyone waiting for it continues. */
  close(): void {
    this.#closing = true;
    this.look();
  }

  get #hasRoom(): boolean {
    return !this.#queue.gathered && this.#queue.hasRoom;
  }
}
