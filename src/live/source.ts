import type { Delivery } from './delivery.js';

/** What one who comes to a {@link SharedFeed} begins with. */
export interface JoinPoint {
  /** What it gets first. */
  readonly first: Iterable<Delivery<unknown>>;
  /** The order up to which it has everything then. */
  readonly order: number;
  /**
   * How many of each key the feed's next delivery will count as skipped that came before this reader;
   * left out where readers are not given such counts.
   */
  readonly waiting?: Map<string, number>;
}

/** What all readers of one operation are given alike. Conflated: it holds the newest of each key. */
export interface SharedFeed {
  /** Lets one more reader in. */
  join(): JoinPoint;
  /** The next delivery for all; undefined when there is none now. */
  take(): Delivery<unknown> | undefined;
  /** Nothing more will come; what is held may be taken at once. */
  finish(): void;
  close(): void;
}

/** What one reader is given at its own speed. Exact: nothing is left out. */
export interface OwnFeed {
  /** The next delivery; undefined when there is none now. */
  take(): Delivery<unknown> | undefined;
  /** Whether everything has been taken and nothing more will come. */
  readonly ended: boolean;
  /** Why nothing more can come; null while all is well. */
  readonly failure: unknown;
  close(): void;
}

/**
 * What a subscription delivers. It is an async iterable by type only, as graphql-js wants of a
 * `subscribe` resolver; its readers are served by `LiveStreams`.
 */
abstract class Source<T> implements AsyncIterable<Delivery<T>> {
  [Symbol.asyncIterator](): AsyncIterator<Delivery<T>> {
    throw new Error('a live source is read through LiveStreams');
  }
}

/** A source whose readers are all given the same, as fast as each takes it. */
export abstract class SharedSource<T = unknown> extends Source<T> {
  /** Time between two deliveries of the same key, ms; 0 = as they come. */
  abstract readonly everyMs: number;

  /** Opens what all readers share. @param wake to be called when something came */
  abstract open(wake: () => void): SharedFeed;
}

/** A source that each reader reads on its own, from its own place and at its own speed. */
export abstract class OwnSource<T = unknown> extends Source<T> {
  /** Whether other readers may need what one reader gets, so that its text is kept for them. */
  readonly sharesRenderings: boolean = false;

  /** Opens one reader's feed. @param wake to be called when something came, or it ended */
  abstract open(wake: () => void): OwnFeed;
}

/** What a subscription delivers. */
export type LiveSource = SharedSource | OwnSource;
