import type { Market } from './market.js';

/**
 * What was received of one market in one minute. A minute in which nothing happened has no record; several
 * records of the same minute (one before a restart, one after) add up.
 */
export interface CoverageMinute {
  readonly market: Market;
  /** Beginning of the minute, Unix ms; a multiple of 60,000. */
  readonly minute: number;
  /** Valid books received. */
  readonly frames: number;
  /** Those that differed from the one before, or were the first after a gap: numbered and stored. */
  readonly changed: number;
  /** Those equal to the one before: counted only. */
  readonly repeats: number;
  /**
   * Longest time between two frames of which the later one came in this minute, ms. It may reach
   * back into earlier minutes; 0 when the only frame is the first since the start.
   */
  readonly longestSilenceMs: number;
  /** Audits by REST, and those of them that found another book; left out = 0. */
  readonly audits?: number;
  readonly auditDifferences?: number;
  /** Books that came later than newer ones and were not taken; left out = 0. */
  readonly lateBooks?: number;
}
