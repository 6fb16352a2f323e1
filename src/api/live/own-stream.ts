import type { LiveOperation } from './operation.js';
import { masked } from './operation.js';
import type { LiveReader, LiveSink } from './sink.js';
import type { StreamCounters } from './shared-stream.js';
import type { OwnFeed } from './source.js';
import type { Task, Turns } from './turns.js';

/**
 * One reader of an exact feed (`since`, `replay`): it gets everything, as fast as it takes it. While
 * its socket is full nothing is read for it, so nothing piles up.
 */
export class OwnStream implements Task, LiveReader {
  readonly #operation: LiveOperation;
  readonly #sink: LiveSink;
  readonly #turns: Turns;
  readonly #counters: StreamCounters;
  readonly #onEnd: () => void;
  readonly #onError: (error: unknown) => void;
  readonly #feed: OwnFeed;
  #left = false;

  constructor(
    operation: LiveOperation,
    open: (wake: () => void) => OwnFeed,
    sink: LiveSink,
    turns: Turns,
    counters: StreamCounters,
    hooks: { readonly onEnd: () => void; readonly onError: (error: unknown) => void },
  ) {
    this.#operation = operation;
    this.#sink = sink;
    this.#turns = turns;
    this.#counters = counters;
    this.#onEnd = hooks.onEnd;
    this.#onError = hooks.onError;
    this.#feed = open(() => turns.add(this));
    turns.add(this);
  }

  run(until: number): boolean {
    while (!this.#left && this.#sink.ready) {
      const delivery = this.#feed.take();
      if (delivery === undefined) {
        this.#endIfOver();
        return false;
      }
      this.#sink.send(this.#operation.render(delivery, false));
      this.#counters.delivered++;
      if (performance.now() >= until) return true;
    }
    return false;
  }

  onReady(): void {
    this.#turns.add(this);
  }

  /** Ends it in order, wherever it is: the reader can go on from its last sequence. */
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
    const shown = masked(failure);
    if (shown !== failure) this.#onError(failure);
    this.leave();
    this.#sink.fail(shown);
  }
}
