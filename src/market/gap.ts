import type { Market } from './market.js';

/** Why a wanted market was not covered. */
export const GAP_CAUSES = [
  'CONNECT_FAILED',
  'DISCONNECTED',
  'STALE',
  'REFUSED',
  'RATE_LIMITED',
  'MAINTENANCE',
  'RESYNC',
  'PARSE_FAILED',
  'QUEUE_OVERFLOW',
  'STORE_FAILED',
  'PROCESS_DOWN',
  'STANDSTILL',
  'RETIRED',
  'ARCHIVE_MISSING',
  'UNLISTED',
] as const;

/** Cause of a gap. */
export type GapCause = (typeof GAP_CAUSES)[number];

/** An interval in which a wanted market was not covered. Identified by its market and start. */
export interface Gap {
  readonly market: Market;
  /** Last proof that the market was covered, Unix ms. */
  readonly start: number;
  /** Receive time of the first book after the gap, Unix ms; null while the gap is open. */
  readonly end: number | null;
  readonly cause: GapCause;
  /** Words for people: the close code, the error text, …; null when there is nothing to add. */
  readonly detail: string | null;
  /** Attempts made to end the gap (connects, polls), 0 when none was needed yet. */
  readonly attempts: number;
}
