import { OwnStream } from './own-stream.js';
import { type Renderer, Renderings } from './rendering.js';
import { Scheduler } from './scheduler.js';
import { SharedStream } from './shared-stream.js';
import type { LiveReader, LiveSink } from './sink.js';
import { type LiveSource, OwnSource, type SharedSource } from './source.js';
import type { StreamCounters } from './stream-counters.js';

/** Counters of {@link LiveStreams} since it was created. */
interface StreamCounts extends Readonly<StreamCounters> {
  /** Events rendered; far fewer than delivered where subscriptions are equal. */
  readonly executed: number;
  /** Readers disconnected because they read nothing for too long. */
  readonly idled: number;
}

/** An accepted subscription, waiting for its transport. */
export interface LiveSubscription {
  /** Starts delivery. Everything from this moment on arrives at `sink`. */
  start(sink: LiveSink): LiveReader;
  /** Releases the slot of a subscription not started: the client has gone or cannot take a stream. */
  discard(): void;
}

/** Options of {@link LiveStreams}. */
interface StreamOptions {
  /** Maximum concurrent subscriptions. */
  readonly max: number;
  /** Maximum concurrent distinct subscriptions. */
  readonly maxOperations: number;
  /** Whether equal subscriptions are rendered once; false only to measure the benefit. */
  readonly share: boolean;
  /** Called with unexpected errors. */
  readonly onError: (error: unknown) => void;
}

/** What is delivered, and how it is rendered. */
export interface LiveOperation {
  readonly source: LiveSource;
  readonly renderer: Renderer;
}

/** Why a subscription is refused. */
export class LiveRefusal extends Error {
  /** The limit `max` or `maxOperations` of {@link StreamOptions} is reached, or the streams are closing. */
  readonly reason: 'MAX' | 'MAX_OPERATIONS' | 'CLOSING';

  constructor(reason: LiveRefusal['reason']) {
    super(reason);
    this.reason = reason;
  }
}

/** An operation and its subscribers. */
interface Entry {
  readonly source: LiveSource;
  readonly renderings: Renderings;
  stream: SharedStream | null;
  uses: number;
}

/**
 * All live subscriptions: accepts them, merges equal ones, limits and ends them. The
 * {@link Scheduler} makes every delivery, so that collectors are never held up.
 */
export class LiveStreams {
  readonly #options: StreamOptions;
  readonly #scheduler: Scheduler;
  readonly #entries = new Map<string, Entry>();
  readonly #counters: StreamCounters = { delivered: 0, skipped: 0 };
  readonly #own = new Set<OwnStream>();
  #executedBefore = 0;
  #idled = 0;
  #size = 0;
  #unique = 0;
  #closing = false;
  #drained: (() => void) | undefined;

  constructor(options: StreamOptions) {
    this.#options = options;
    this.#scheduler = new Scheduler(options.onError);
  }

  /** Number of open subscriptions. */
  get size(): number {
    return this.#size;
  }

  /** Number of distinct operations being rendered; equal subscriptions count once. */
  get operations(): number {
    return this.#entries.size;
  }

  /** What has been delivered and skipped so far. */
  get counts(): StreamCounts {
    let executed = this.#executedBefore;
    for (const { renderings } of this.#entries.values()) executed += renderings.made;
    return { ...this.#counters, executed, idled: this.#idled };
  }

  /** See {@link Scheduler.hurry}. */
  hurry(): void {
    this.#scheduler.hurry();
  }

  /** Records that a transport disconnected an idle reader. */
  noteIdle(): void {
    this.#idled++;
  }

  /**
   * Accepts a subscription.
   * @param key shared by equal subscriptions; null = equal to no other
   * @param make creates what is delivered; not called when an equal subscription is open
   * @throws {LiveRefusal} when it is refused; and whatever `make` throws
   */
  async open(key: string | null, make: () => Promise<LiveOperation>): Promise<LiveSubscription> {
    if (this.#closing) throw new LiveRefusal('CLOSING');
    if (this.#size >= this.#options.max) throw new LiveRefusal('MAX');
    this.#size++;
    try {
      const name = key === null || !this.#options.share ? String(++this.#unique) : key;
      if (!this.#entries.has(name)) {
        this.#refuseBeyondOperations();
        const { source, renderer } = await make();
        // Meanwhile an equal one may have been opened, or the limit reached.
        if (!this.#entries.has(name)) {
          this.#refuseBeyondOperations();
          const renderings = new Renderings(renderer);
          this.#entries.set(name, { source, renderings, stream: null, uses: 0 });
        }
      }
      const entry = this.#entries.get(name)!;
      entry.uses++;
      return this.#subscription(name, entry);
    } catch (error) {
      this.#release();
      throw error;
    }
  }

  /** Ends all streams; settles when each has delivered what was pending and completed. */
  async close(): Promise<void> {
    this.#closing = true;
    for (const own of this.#own) own.complete();
    for (const { stream } of this.#entries.values()) stream?.finish();
    if (this.#size === 0) return;
    await new Promise<void>((resolve) => {
      this.#drained = resolve;
    });
  }

  #refuseBeyondOperations(): void {
    if (this.#entries.size < this.#options.maxOperations) return;
    throw new LiveRefusal('MAX_OPERATIONS');
  }

  #subscription(name: string, entry: Entry): LiveSubscription {
    let over = false;
    const end = (): void => {
      if (over) return;
      over = true;
      if (--entry.uses === 0) {
        this.#executedBefore += entry.renderings.made;
        this.#entries.delete(name);
      }
      this.#release();
    };
    return {
      discard: end,
      start: (sink) =>
        entry.source instanceof OwnSource
          ? this.#startOwn(entry.renderings, entry.source, sink, end)
          : this.#join(entry, entry.source, sink, end),
    };
  }

  #startOwn(
    renderings: Renderings,
    source: OwnSource,
    sink: LiveSink,
    onEnd: () => void,
  ): LiveReader {
    const stream: OwnStream = new OwnStream(
      renderings,
      source,
      sink,
      this.#scheduler,
      this.#counters,
      () => {
        this.#own.delete(stream);
        onEnd();
      },
    );
    this.#own.add(stream);
    if (this.#closing) stream.complete();
    return stream;
  }

  #join(entry: Entry, source: SharedSource, sink: LiveSink, onEnd: () => void): LiveReader {
    entry.stream ??= new SharedStream(
      entry.renderings,
      source,
      this.#scheduler,
      this.#counters,
      () => (entry.stream = null),
    );
    const reader = entry.stream.join(sink, onEnd);
    if (this.#closing) entry.stream.finish();
    return reader;
  }

  #release(): void {
    if (--this.#size === 0) this.#drained?.();
  }
}
