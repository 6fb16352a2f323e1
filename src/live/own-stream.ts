import { Batch } from './batch.js';
import type { Renderings } from './rendering.js';
import type { Scheduler, Task } from './scheduler.js';
import type { LiveReader, LiveSink } from './sink.js';
import type { OwnFeed, OwnSource } from './source.js';
import type { StreamCounters } from './stream-counters.js';

/**
 * One reader of an exact feed (`since`, `replay`): it gets everything, as fast as it reads. While
 * its sink is full nothing is read for it, so nothing piles up.
 */
export class OwnStream implements Task, LiveReader {
  readonly #renderings: Renderings;
  readonly #sink: LiveSink;
  readonly #scheduler: Scheduler;
  readonly #counters: StreamCounters;
  readonly #onEnd: () => void;
  readonly #feed: OwnFeed;
  readonly #shared: boolean;
  #left = false;

  /** @param onEnd called when the reader has left or has received everything */
  constructor(
    renderings: Renderings,
    source: OwnSource,
    sink: LiveSink,
    scheduler: Scheduler,
    counters: StreamCounters,
    onEnd: () => void,
  ) {
    this.#renderings = renderings;
    this.#sink = sink;
    this.#scheduler = scheduler;
    this.#counters = counters;
    this.#onEnd = onEnd;
    this.#shared = source.sharesRenderings;
    this.#feed = source.open(() => scheduler.add(this));
    scheduler.add(this);
  }

  run(until: number): boolean {
    while (!this.#left && this.#sink.ready) {
      const batch = new Batch();
      try {
        batch.fill(this.#feed, this.#renderings, this.#shared, until);
      } finally {
        if (batch.size > 0) this.#sink.send(batch.together);
        this.#counters.delivered += batch.size;
      }
      if (batch.size === 0) {
        this.#endIfOver();
        return false;
      }
      if (performance.now() >= until) return true;
    }
    return false;
  }

  onReady(): void {
    this.#scheduler.add(this);
  }

  /** Completes it, wherever it is: the reader can resume from its last sequence. */
  complete(): void {
    if (this.#left) return;
    this.leave();
    this.#sink.complete();
  }

  leave(): void {
    if (this.#left) return;
    this.#left = true;
    this.#feed.close();
    this.#onEnd();
  }

  #endIfOver(): void {
    const { failure, ended } = this.#feed;
    if (ended) return this.complete();
    if (failure === null || this.#left) return;
    this.leave();
    this.#sink.fail(failure);
  }
}
