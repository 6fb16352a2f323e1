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
  /** Messages about trades that could not be read. */
  readonly unreadable: number;
  /** Trades of markets that were not asked for. */
  readonly unasked: number;
  /** Live trades at the touch of the book before them that took the side that they name. */
  readonly sideAgreed: number;
  /** Those that took the other side. Few are normal: the book may have moved meanwhile. */
  readonly sideDiffered: number;
}
