/** Time window of a history question: `from` included, `to` excluded, Unix ms; absent = open. */
export interface TimeWindow {
  readonly from?: number | undefined;
  readonly to?: number | undefined;
}
