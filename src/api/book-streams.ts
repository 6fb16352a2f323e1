import {
  createSourceEventStream,
  type ExecutionArgs,
  type ExecutionResult,
  GraphQLError,
} from 'graphql';
import type { Bus } from '../bus.js';
import type { ApiServices } from './context.js';
import { apiError } from './errors.js';
import { isShared, LiveOperation, operationKey } from './live/operation.js';
import { OwnStream } from './live/own-stream.js';
import { SharedStream, type StreamCounters } from './live/shared-stream.js';
import type { LiveReader, LiveSink } from './live/sink.js';
import { OwnSource, SharedSource } from './live/source.js';
import { Turns } from './live/turns.js';
import { LIMIT_SETTINGS } from './limits.js';
import type { ApiLog } from './log.js';

/** What {@link BookStreams} has counted since it was made. */
export interface StreamCounts extends Readonly<StreamCounters> {
  /** Events executed and serialised; far fewer than delivered where subscriptions are equal. */
  readonly executed: number;
  /** Readers ended because they took nothing for too long. */
  readonly idled: number;
}

/** A subscription that was let in and waits for its transport. */
export interface LiveSubscription {
  /** Begins to deliver. Everything from this moment on arrives at `sink`. */
  start(sink: LiveSink): LiveReader;
  /** Gives the place back, if it was not started: the client has gone or cannot take a stream. */
  discard(): void;
}

/** How {@link BookStreams} is to work. */
export interface StreamOptions {
  /** Subscriptions at once. */
  readonly max: number;
  /** Different subscriptions at once. */
  readonly maxOperations: number;
  /** Whether equal subscriptions are executed once; false only to measure what that is worth. */
  readonly share: boolean;
  readonly log: ApiLog;
}

/** An operation and those who asked for it. */
interface Entry {
  readonly operation: LiveOperation;
  stream: SharedStream | null;
  uses: number;
}

/**
 * All live subscriptions of the API: lets them in, joins equal ones, bounds their number, ends them at
 * shutdown. Every delivery is made in {@link Turns}, so that however many readers there are the
 * event loop goes on turning for the collectors.
 */
export class BookStreams {
  readonly #bus: Bus;
  readonly #options: StreamOptions;
  readonly #turns: Turns;
  readonly #entries = new Map<string, Entry>();
  readonly #counters: StreamCounters = { delivered: 0, skipped: 0 };
  readonly #own = new Set<OwnStream>();
  #executedBefore = 0;
  #idled = 0;
  #size = 0;
  #unique = 0;
  #closing = false;
  #drained: (() => void) | undefined;

  constructor(bus: Bus, options: StreamOptions) {
    this.#bus = bus;
    this.#options = options;
    this.#turns = new Turns((error) => options.log.error(error));
  }

  /** Number of open subscriptions. */
  get size(): number {
    return this.#size;
  }

  /** Number of different operations that are being executed; equal subscriptions are one. */
  get operations(): number {
    return this.#entries.size;
  }

  /** What was delivered and skipped so far. */
  get counts(): StreamCounts {
    let executed = this.#executedBefore;
    for (const { operation } of this.#entries.values()) executed += operation.executions;
    return { ...this.#counters, executed, idled: this.#idled };
  }

  /** Notes that a transport has ended a reader that took nothing. */
  noteIdle(): void {
    this.#idled++;
  }

  /**
   * Lets a subscription in: calls its `subscribe` resolver, unless an equal one is open already.
   * @param services what the resolvers of its events work with
   * @returns the subscription, or the errors why there is none, as graphql-js gives them
   */
  async open(
    args: ExecutionArgs,
    services: ApiServices,
  ): Promise<LiveSubscription | ExecutionResult> {
    const refused = this.#refusal();
    if (refused !== null) return { errors: [refused] };
    this.#size++;
    try {
      const shared = this.#options.share && isShared(args);
      const key = shared ? operationKey(args) : String(++this.#unique);
      if (!this.#entries.has(key)) {
        this.#refuseBeyondOperations();
        const source = await createSourceEventStream(args);
        if (!(source instanceof SharedSource || source instanceof OwnSource)) {
          this.#release();
          return source as ExecutionResult;
        }
        // Another equal one may have come while this one's resolver was at work, or others enough.
        if (!this.#entries.has(key)) {
          this.#refuseBeyondOperations();
          const operation = new LiveOperation(source, args, services, this.#options.log);
          this.#entries.set(key, { operation, stream: null, uses: 0 });
        }
      }
      const entry = this.#entries.get(key)!;
      entry.uses++;
      return this.#subscription(key, entry);
    } catch (error) {
      this.#release();
      if (error instanceof GraphQLError) return { errors: [error] };
      throw error;
    }
  }

  /** Ends all streams; settles when each has given what was pending and said that it is done. */
  async close(): Promise<void> {
    this.#closing = true;
    this.#bus.close();
    for (const own of this.#own) own.complete();
    for (const { stream } of this.#entries.values()) stream?.finish();
    if (this.#size === 0) return;
    await new Promise<void>((resolve) => {
      this.#drained = resolve;
    });
  }

  #refusal() {
    if (this.#closing) return apiError('SHUTTING_DOWN', 'the server is shutting down');
    const { max } = this.#options;
    if (this.#size < max) return null;
    return apiError(
      'TOO_MANY_SUBSCRIPTIONS',
      `there are ${max} subscriptions already, as many as this server allows (${LIMIT_SETTINGS.subscriptions.variable}); close one first`,
    );
  }

  /** @throws {GraphQLError} when there are as many different subscriptions as there may be */
  #refuseBeyondOperations(): void {
    const { maxOperations } = this.#options;
    if (this.#entries.size < maxOperations) return;
    throw apiError(
      'TOO_MANY_SUBSCRIPTIONS',
      `there are ${maxOperations} different subscriptions already, as many as this server allows (${LIMIT_SETTINGS.liveOperations.variable}); use one that is open, to the letter and with the same variables, or close one first`,
    );
  }

  #subscription(key: string, entry: Entry): LiveSubscription {
    let over = false;
    const end = (): void => {
      if (over) return;
      over = true;
      if (--entry.uses === 0) {
        this.#executedBefore += entry.operation.executions;
        this.#entries.delete(key);
      }
      this.#release();
    };
    return {
      discard: end,
      start: (sink) => {
        const { source } = entry.operation;
        return source instanceof OwnSource
          ? this.#startOwn(entry.operation, source, sink, end)
          : this.#join(entry, source, sink, end);
      },
    };
  }

  #startOwn(
    operation: LiveOperation,
    source: OwnSource,
    sink: LiveSink,
    onEnd: () => void,
  ): LiveReader {
    const stream: OwnStream = new OwnStream(
      operation,
      (wake) => source.open(wake),
      sink,
      this.#turns,
      this.#counters,
      {
        onEnd: () => {
          this.#own.delete(stream);
          onEnd();
        },
        onError: (error) => this.#options.log.error(error),
      },
    );
    this.#own.add(stream);
    if (this.#closing) stream.complete();
    return stream;
  }

  #join(entry: Entry, source: SharedSource, sink: LiveSink, onEnd: () => void): LiveReader {
    entry.stream ??= new SharedStream(
      entry.operation,
      source,
      this.#turns,
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
