/** What all streams together count. */
export interface StreamCounters {
  /** Events handed to readers. */
  delivered: number;
  /** Books that readers missed because they, or the server, were too slow. */
  skipped: number;
}
