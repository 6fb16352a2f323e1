/** What became of silences beyond the rhythm of their market, since the process began. */
export interface SilenceTally {
  /** Silences about which the exchange was asked. */
  readonly asked: number;
  /** Of those, how many proved to be quiet: its book by REST was the streamed one. */
  readonly quiet: number;
  /** How many became a gap: the book had changed, or could not be fetched. */
  readonly lost: number;
  /** Quiet ones that had been called `STALE` meanwhile. */
  readonly falseAlarms: number;
}
