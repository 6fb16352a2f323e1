/** What has become of an exchange's trades since the process began. */
export interface TradeTally {
  /** Trades received, repeated ones included. */
  readonly received: number;
  /** Of those, recorded. */
  readonly recorded: number;
  /** Of the recorded ones, those out of the exchange's REST history. */
  readonly backfilled: number;
  /** Trades that were recorded before, and left out. */
  readonly repeats: number;
  /** Recorded trades whose id had come before with other contents. */
  readonly reusedIds: number;
  /** Recorded trades that came after a later one. */
  readonly late: number;
  /** Trades left out because their time cannot be that of a trade received then. */
  readonly absurdTimes: number;
  /** Live trades whose time is ten minutes and more from their receipt: of another clock or zone. */
  readonly otherClock: number;
  /** Messages about trades that could not be read. */
  readonly unreadable: number;
  /** Trades of markets that were not asked for. */
  readonly unasked: number;
  /** Live trades at the touch of the book before them that took the side that they name. */
  readonly sideAgreed: number;
  /** Those that took the other side. Few are normal: the book may have moved meanwhile. */
  readonly sideDiffered: number;
  /** Recorded trades that could not be stored; the history is asked for them. */
  readonly lost: number;
  /** Pages of the REST history that were read, and calls for it that failed. */
  readonly historyPages: number;
  readonly historyFailures: number;
  /** Trades that history and stream have alike; differently; that the history lacks. */
  readonly historyAgreed: number;
  readonly historyDiffered: number;
  readonly historyLacked: number;
  /** Equal trades with different ids, where both feeds are said to share them. */
  readonly otherIds: number;
  /** Rows of the history whose text of the time is not of the zone that it should be. */
  readonly otherZones: number;
  /** Checks that were broken off, because the pages of the history made no sense. */
  readonly historyFaults: number;
  /** Minutes whose volume by the exchange equals the sum of what is stored, and those where it does not. */
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

/** A tally of nothing. */
export const NO_TRADES: TradeTally = {
  ...NO_TRADES_TAKEN,
  ...NO_CHECKS,
  unreadable: 0,
  unasked: 0,
};
