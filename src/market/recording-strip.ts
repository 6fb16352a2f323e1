import type { CauseReport } from './day-report.js';
import type { Exchange } from './exchange.js';

/** A slot of a strip. Times are summed over the exchange's markets. */
export interface StripSlot {
  /** Its start, Unix ms. */
  readonly at: number;
  /** Recorded market time in it, gaps included, ms. */
  readonly recordedMs: number;
  /** Of that, the time outside gaps, ms. */
  readonly coveredMs: number;
  /** Gaps that overlap it. */
  readonly gaps: number;
}

/** How an exchange was recorded over a window, in slots of equal length. */
export interface RecordingStrip {
  readonly exchange: Exchange;
  /** The window: `from` inclusive, `to` exclusive, Unix ms. */
  readonly from: number;
  readonly to: number;
  /** When any of its markets was first recorded, Unix ms; null if none ever was. */
  readonly recordedFrom: number | null;
  readonly slots: readonly StripSlot[];
  /** The gaps that overlap the window, by cause, longest first; ms within the window. */
  readonly causes: readonly CauseReport[];
}
