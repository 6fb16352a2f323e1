import type { Market } from './market.js';

/**
 * State of one market's collector. `STARTING` until the first book, `LIVE` with a current book,
 * `STALE` when silence can no longer be distinguished from loss, `RECONNECTING` while its connection is
 * down, `STOPPED` on request, `FAILED` when only a person can help (unknown market, refusal).
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

/** What is known of one market's collector right now. */
export interface CollectorStatus {
  readonly market: Market;
  readonly state: CollectorState;
  /** When it was last started, Unix ms; null if never since the process began. */
  readonly startedAt: number | null;
  /** Receive time of its last valid book, Unix ms. */
  readonly lastBookAt: number | null;
  /** Valid books received since `startedAt`, equal ones included. */
  readonly books: number;
  /** Of those, books equal to the one before (counted, not stored). */
  readonly repeats: number;
  /** Times its connection was re-established since `startedAt`. */
  readonly reconnects: number;
  /** Messages about this market that could not be read since `startedAt`. */
  readonly parseFailures: number;
  /** Valid books since `startedAt` that were older than the one before, and dropped. */
  readonly lateBooks: number;
  /** Books since `startedAt` whose exchange's time could not be read or believed. */
  readonly doubtedTimes: number;
  /** Audits of its book by REST since `startedAt`. */
  readonly audits: number;
  /** Of those, how many found a book that the stream had not. */
  readonly auditDifferences: number;
  /** When an audit last found the same book, Unix ms; null before the first. */
  readonly auditAgreedAt: number | null;
  /** The node that holds it; absent in a process alone. */
  readonly node?: string;
  /** Why it is not LIVE, in words; null when it is. */
  readonly error: string | null;
}
