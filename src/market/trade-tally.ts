/** Counts of an exchange's trades by outcome since the process started. */
export interface TradeTally {
  /** Trades received, repeats included. */
  readonly received: number;
  /** Of those, the number recorded. */
  readonly recorded: number;
  /** Of the recorded ones, those backfilled from the exchange's REST history. */
  readonly backfilled: number;
  /** Trades skipped because they were recorded before. */
  readonly repeats: number;
  /** Recorded trades whose id had been seen before with different contents. */
  readonly reusedIds: number;
  /** Recorded trades that arrived after a later one. */
  readonly late: number;
  /** Trades skipped because their time is impossible for a trade received then. */
  readonly absurdTimes: number;
  /** Live trades whose time is ten minutes or more from their receipt: a different clock or time zone. */
  readonly otherClock: number;
  /** Unreadable trade messages. */
  readonly unreadable: number;
  /** Trades of markets that were not subscribed. */
  readonly unasked: number;
  /** Live trades at the touch of the preceding book that took the side they name. */
  readonly sideAgreed: number;
  /** Those that took the other side. A few are normal: the book may have moved meanwhile. */
  readonly sideDiffered: number;
  /** Recorded trades that could not be stored; they are backfilled from the history. */
  readonly lost: number;
  /** Pages read from the REST history, and failed calls for them. */
  readonly historyPages: number;
  readonly historyFailures: number;
  /** Trades equal in history and store; different; missing from the history. */
  readonly historyAgreed: number;
  readonly historyDiffered: number;
  readonly historyLacked: number;
  /** Equal trades with different ids, where both feeds should share them. */
  readonly otherIds: number;
  /** Rows of the history whose time text is not in the expected zone. */
  readonly otherZones: number;
  /** Checks aborted because the history's pages made no sense. */
  readonly historyFaults: number;
  /** Minutes whose volume at the exchange equals the sum of what is stored, and those where it differs. */
  readonly volumesAgreed: number;
  readonly volumesDiffered: number;
}

/** The counts of the checks against the REST history, all zero. */
export const NO_CHECKS = {
  lost: 0,
  historyPages: 0,
  historyFailures: 0,
  historyAgreed: 0,
  historyDiffered: 0,
  historyLacked: 0,
  historyFaults: 0,
  otherIds: 0,
  otherZones: 0,
  volumesAgreed: 0,
  volumesDiffered: 0,
};

/** The counts of the trades themselves, all zero. */
export const NO_TRADES_TAKEN = {
  received: 0,
  recorded: 0,
  backfilled: 0,
  repeats: 0,
  reusedIds: 0,
  late: 0,
  absurdTimes: 0,
  otherClock: 0,
  sideAgreed: 0,
  sideDiffered: 0,
};

/** An empty tally. */
export const NO_TRADES: TradeTally = {
  ...NO_TRADES_TAKEN,
  ...NO_CHECKS,
  unreadable: 0,
  unasked: 0,
};
