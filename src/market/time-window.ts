/** Time window of a history query: `from` inclusive, `to` exclusive, Unix ms; absent = open. */
export interface TimeWindow {
  readonly from?: number | undefined;
  readonly to?: number | undefined;
}
