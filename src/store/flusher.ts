import { Topic } from '../util/topic.js';
import { failureText } from './errors.js';
import type { WriteQueue } from './write-queue.js';
import type { WriteBatch } from './writer-protocol.js';
import { within } from '../util/wait.js';

/** Timing of the flusher, all ms, and its clock. */
interface FlushTimes {
  /** How long data is batched before it is written. */
  readonly flushMs: number;
  /** First and longest wait after a failure; doubled each time. */
  readonly retryMs: number;
  readonly maxRetryMs: number;
  /** Heartbeat interval. */
  readonly heartbeatMs: number;
  /** The time of a heartbeat, Unix ms. It vouches for everything before it, so reading it may add a gap. */
  readonly now: () => number;
}

/**
 * Moves the queue to the writer: one batch at a time, shortly after something is queued, at once
 * when a whole batch is. A batch that fails is kept and retried at growing intervals.
 */
export class Flusher {
  /** Publishes the reason when writing starts to fail or the reason changes, null when it works. */
  readonly failures = new Topic<string | null>();
  /** Publishes when each book of a batch was received (Unix ms), once the batch is committed. */
  readonly commits = new Topic<readonly number[]>();

  readonly #queue: WriteQueue;
  readonly #write: (batch: WriteBatch) => Promise<void>;
  readonly #times: FlushTimes;
  readonly #pulse: NodeJS.Timeout;
  #timer: NodeJS.Timeout | undefined;
  #due = Infinity;
  #busy = false;
  #retryWait = 0;
  #lastHeartbeat = -Infinity;
  #storedBooks = 0;
  #storedTrades = 0;
  #lastFlushMs: number | null = null;
  #failure: string | null = null;
  #drained: (() => void) | undefined;
  #stopped = false;

  /** @param write stores a batch, all or nothing. */
  constructor(queue: WriteQueue, write: (batch: WriteBatch) => Promise<void>, times: FlushTimes) {
    this.#queue = queue;
    this.#write = write;
    this.#times = times;
    // More often than it is due, so that a slightly early timer does not delay it by a whole turn.
    this.#pulse = setInterval(() => this.#schedule(0), times.heartbeatMs / 4);
  }

  /** Books written since the process started. */
  get storedBooks(): number {
    return this.#storedBooks;
  }

  /** Trades written since the process started. */
  get storedTrades(): number {
    return this.#storedTrades;
  }

  /** Duration of the last batch from hand-over to commit, ms; null before the first. */
  get lastFlushMs(): number | null {
    return this.#lastFlushMs;
  }

  /** Why nothing can be written right now, or null. */
  get failure(): string | null {
    return this.#failure;
  }

  /** Signals that something is queued. */
  wake(): void {
    if (this.#queue.hasBatch) this.#schedule(0);
    // Called for every book: does not read the clock when a flush is scheduled anyway.
    else if (this.#due === Infinity) this.#schedule(this.#times.flushMs);
  }

  /** Writes what is queued, then stops for good. @returns whether all was written in `timeoutMs` */
  async stop(timeoutMs: number): Promise<boolean> {
    clearInterval(this.#pulse);
    if (this.#busy || !this.#queue.empty) {
      const drained = new Promise<void>((resolve) => (this.#drained = resolve));
      this.#retryWait = Math.min(this.#retryWait, this.#times.retryMs);
      this.#schedule(0);
      await within(drained, timeoutMs, () => undefined);
    }
    this.#stopped = true;
    clearTimeout(this.#timer);
    return !this.#busy && this.#queue.empty;
  }

  /** Flushes in `delay` ms, or earlier if already scheduled; never before a retry is due. */
  #schedule(delay: number): void {
    if (this.#busy || this.#stopped) return;
    const due = performance.now() + Math.max(delay, this.#retryWait);
    if (due >= this.#due) return;
    this.#due = due;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#flush(), Math.max(0, due - performance.now()));
  }

  async #flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#due = Infinity;
    const started = performance.now();
    const heartbeat = started - this.#lastHeartbeat >= this.#times.heartbeatMs;
    if (this.#queue.empty && !heartbeat) return;
    this.#busy = true;
    try {
      const batch = this.#queue.begin(this.#times.now(), heartbeat);
      await this.#write(batch);
      const committed = this.#queue.current;
      this.#storedBooks += committed.length;
      this.#storedTrades += this.#queue.currentTrades;
      this.#queue.commit();
      this.commits.publish(committed);
      this.#lastFlushMs = performance.now() - started;
      if (heartbeat) this.#lastHeartbeat = started;
      this.#retryWait = 0;
      this.#report(null);
    } catch (error) {
      this.#queue.abort();
      const { retryMs, maxRetryMs } = this.#times;
      this.#retryWait = Math.min(maxRetryMs, Math.max(retryMs, this.#retryWait * 2));
      this.#report(failureText(error));
    } finally {
      this.#busy = false;
    }
    if (this.#queue.empty) this.#drained?.();
    else if (this.#drained !== undefined) this.#schedule(0);
    // Without a timer, whose minimum is 1 ms: the writer would be idle that long.
    else if (this.#queue.hasBatch && this.#retryWait === 0 && !this.#stopped) void this.#flush();
    else this.wake();
  }

  #report(failure: string | null): void {
    if (failure === this.#failure) return;
    this.#failure = failure;
    this.failures.publish(failure);
  }
}
