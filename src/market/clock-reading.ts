/** A correction of timestamps from a wrong clock. */
export interface Redate {
  /** Applies to everything after this time, Unix ms. */
  readonly after: number;
  /** Offset to apply, ms (negative); null = the offset is unknown: cut off there. */
  readonly byMs: number | null;
}

/** What the exchanges' own times say about the system clock. */
export interface ClockReading {
  /** When it was taken, by the system clock, Unix ms. */
  readonly at: number;
  /** How far the system clock is ahead of them, ms. */
  readonly aheadMs: number;
}
