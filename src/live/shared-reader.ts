import { ConflatedQueue } from './conflated-queue.js';
import type { Delivery } from './delivery.js';
import type { Rendering } from './rendering.js';
import type { LiveReader, LiveSink } from './sink.js';
import type { JoinPoint } from './source.js';

/** What a reader reports to its stream. */
interface ReaderHooks {
  /** It can be sent what it has missed. */
  readonly onBehind: () => void;
  readonly onLeft: () => void;
}

/** One reader of a `SharedStream`, and what it missed and has not yet received. */
export class SharedReader implements LiveReader {
  readonly sink: LiveSink;
  readonly missed: ConflatedQueue<unknown>;
  readonly #joined: JoinPoint;
  readonly #hooks: ReaderHooks;
  #left = false;

  constructor(sink: LiveSink, joined: JoinPoint, everyMs: number, hooks: ReaderHooks) {
    this.sink = sink;
    this.#joined = joined;
    this.#hooks = hooks;
    this.missed = new ConflatedQueue(everyMs, hooks.onBehind);
    for (const delivery of joined.first) this.missed.put(delivery);
  }

  /** Whether a batch with lowest order `oldest` may go to it: it is in step, and not past it. */
  takes(oldest: number): boolean {
    const { order, waiting } = this.#joined;
    return (
      this.sink.ready &&
      this.missed.idle &&
      oldest > order &&
      (waiting === undefined || waiting.size === 0)
    );
  }

  /**
   * Sends an event if the reader is in step, otherwise sets it aside.
   * @returns `sent`; `late` when it replaced another that the reader now misses; otherwise `kept`
   */
  offer(delivery: Delivery<unknown>, rendering: Rendering): 'sent' | 'kept' | 'late' {
    const { order, waiting } = this.#joined;
    const before = waiting?.get(delivery.key);
    if (before !== undefined) waiting!.delete(delivery.key);
    // It was there when the reader joined, which has had it or a newer one.
    if (delivery.order <= order) return 'kept';
    if (before !== undefined) {
      // The reader missed only what came after it joined: a separate rendering says so.
      this.missed.put({ ...delivery, skipped: Math.max(0, delivery.skipped - before) });
      this.#hooks.onBehind();
      return 'kept';
    }
    if (this.sink.ready && this.missed.size === 0 && !this.missed.rests(delivery.key)) {
      this.sink.send(rendering);
      return 'sent';
    }
    const { size } = this.missed;
    this.missed.put(delivery);
    return this.missed.size === size && !this.sink.ready ? 'late' : 'kept';
  }

  onReady(): void {
    this.#hooks.onBehind();
  }

  /** Completes it. */
  complete(): void {
    if (this.#left) return;
    this.leave();
    this.sink.complete();
  }

  leave(): void {
    if (this.#left) return;
    this.#left = true;
    this.missed.close();
    this.#hooks.onLeft();
  }
}
