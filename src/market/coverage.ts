import type { Market } from './market.js';

/**
 * What was received for one market in one minute. A minute in which nothing happened has no record;
 * several records of the same minute (one before a restart, one after) add up.
 */
export interface CoverageMinute {
  readonly market: Market;
  /** Start of the minute, Unix ms; a multiple of 60,000. */
  readonly minute: number;
  /** Valid books received. */
  readonly frames: number;
  /** Those that differed from the one before, or were the first after a gap: numbered and stored. */
  readonly changed: number;
  /** Those equal to the one before: counted only. */
  readonly repeats: number;
  /**
   * Longest time between two frames, the later one in this minute, ms. It may reach back into
   * earlier minutes; 0 when the only frame is the first since the start.
   */
  readonly longestSilenceMs: number;
  /** REST audits, and those that found a different book; absent = 0. */
  readonly audits?: number;
  readonly auditDifferences?: number;
  /** Books that arrived after newer ones and were dropped; absent = 0. */
  readonly lateBooks?: number;
}
