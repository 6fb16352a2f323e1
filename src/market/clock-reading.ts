/** What was dated by a clock that was wrong. */
export interface Redate {
  /** What lies after this time, Unix ms. */
  readonly after: number;
  /** By how much it is to be moved, ms (negative); null = by an amount that is not known: it is cut. */
  readonly byMs: number | null;
}

/** What the exchanges' own times say of the system clock. */
export interface ClockReading {
  /** When it was taken, by the system clock, Unix ms. */
  readonly at: number;
  /** How far the system clock is ahead of them, ms. */
  readonly aheadMs: number;
}
