import type { Market } from './market.js';

/**
 * State of one market's collector. `STARTING` until the first book, `LIVE` with a current book,
 * `STALE` when a quiet market can no longer be told from lost data, `RECONNECTING` while its
 * connection is down, `STOPPED` on request, `FAILED` when manual action is needed (unknown market,
 * refusal).
 */
export const COLLECTOR_STATES = [
  'STARTING',
  'LIVE',
  'STALE',
  'RECONNECTING',
  'STOPPED',
  'FAILED',
] as const;

/** State of one market's collector. */
export type CollectorState = (typeof COLLECTOR_STATES)[number];

/** Current status of one market's collector. */
export interface CollectorStatus {
  readonly market: Market;
  readonly state: CollectorState;
  /** When it was last started, Unix ms; null if never since the process started. */
  readonly startedAt: number | null;
  /** Receive time of its last valid book, Unix ms. */
  readonly lastBookAt: number | null;
  /** Valid books received since `startedAt`, repeats included. */
  readonly books: number;
  /** Of those, books equal to the one before (counted, not stored). */
  readonly repeats: number;
  /** Times its connection was re-established since `startedAt`. */
  readonly reconnects: number;
  /** Messages about this market that could not be read since `startedAt`. */
  readonly parseFailures: number;
  /** Valid books since `startedAt` that were older than the one before, and dropped. */
  readonly lateBooks: number;
  /** Books since `startedAt` whose exchange time was unreadable or implausible. */
  readonly doubtedTimes: number;
  /** REST audits of its book since `startedAt`. */
  readonly audits: number;
  /** Of those, how many found a book that the stream did not have. */
  readonly auditDifferences: number;
  /** When an audit last found the same book, Unix ms; null before the first. */
  readonly auditAgreedAt: number | null;
  /** The node that runs it; absent in a single process. */
  readonly node?: string;
  /** Why it is not LIVE, in words; null when it is. */
  readonly error: string | null;
}
