/** What became of the alerts of this process. */
export interface AlertCounts {
  /** Alerts that are not over. */
  readonly active: number;
  /** Messages that the webhook took. */
  readonly sent: number;
  /** Messages that wait to be taken. */
  readonly waiting: number;
  /** Messages given up. */
  readonly dropped: number;
  /** Tries that failed, by kind. */
  readonly failures: Readonly<Record<string, number>>;
}
