/** Counts of this process's alerts. */
export interface AlertCounts {
  /** Alerts that are not resolved. */
  readonly active: number;
  /** Messages the webhook accepted. */
  readonly sent: number;
  /** Messages waiting to be delivered. */
  readonly waiting: number;
  /** Messages given up on. */
  readonly dropped: number;
  /** Failed attempts, by kind. */
  readonly failures: Readonly<Record<string, number>>;
}
