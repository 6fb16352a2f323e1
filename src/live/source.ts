import type { Delivery } from './delivery.js';

/** Where a reader that joins a {@link SharedFeed} starts. */
export interface JoinPoint {
  /** What it gets first. */
  readonly first: Iterable<Delivery<unknown>>;
  /** The order up to which it then has everything. */
  readonly order: number;
  /**
   * For each key, how many events from before this reader joined the feed's next delivery will
   * count as skipped; absent where readers get no such counts.
   */
  readonly waiting?: Map<string, number>;
}

/** What all readers of one operation get alike. Conflated: it holds the latest of each key. */
export interface SharedFeed {
  /** Adds a reader. */
  join(): JoinPoint;
  /** The next delivery for all; undefined when there is none now. */
  take(): Delivery<unknown> | undefined;
  /** Nothing more will come; held deliveries become due at once. */
  finish(): void;
  close(): void;
}

/** What one reader gets at its own speed. Exact: nothing is skipped. */
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
 * What a subscription delivers. An async iterable by type only, as graphql-js requires of a
 * `subscribe` resolver; `LiveStreams` serves its readers.
 */
abstract class Source<T> implements AsyncIterable<Delivery<T>> {
  [Symbol.asyncIterator](): AsyncIterator<Delivery<T>> {
    throw new Error('a live source is read through LiveStreams');
  }
}

/** A source whose readers all get the same, each as fast as it reads. */
export abstract class SharedSource<T = unknown> extends Source<T> {
  /** Minimum interval between two deliveries of the same key, ms; 0 = no limit. */
  abstract readonly everyMs: number;

  /** Opens what all readers share. @param wake called when something arrives */
  abstract open(wake: () => void): SharedFeed;
}

/** A source that each reader reads from its own position and at its own speed. */
export abstract class OwnSource<T = unknown> extends Source<T> {
  /** Whether other readers may need what one reader gets, so that its text is cached for them. */
  readonly sharesRenderings: boolean = false;

  /** Opens one reader's feed. @param wake called when something arrives, or it ends */
  abstract open(wake: () => void): OwnFeed;
}

/** What a subscription delivers. */
export type LiveSource = SharedSource | OwnSource;
