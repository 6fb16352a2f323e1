/** Counters over all streams. */
export interface StreamCounters {
  /** Events delivered to readers. */
  delivered: number;
  /** Books that readers missed because they, or the server, were too slow. */
  skipped: number;
}
