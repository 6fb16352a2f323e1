/** Outcomes of silences longer than usual for their market, since the process started. */
export interface SilenceTally {
  /** Silences that were checked by REST. */
  readonly asked: number;
  /** Of those, how many proved quiet: the REST book equalled the streamed one. */
  readonly quiet: number;
  /** How many became a gap: the REST book had changed or could not be fetched. */
  readonly lost: number;
  /** Quiet ones that had been marked `STALE` meanwhile. */
  readonly falseAlarms: number;
}
