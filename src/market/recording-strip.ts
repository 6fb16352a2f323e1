import type { CauseReport } from './day-report.js';
import type { Exchange } from './exchange.js';

/** A part of a strip. The times are summed over the exchange's markets. */
export interface StripSlot {
  /** Its beginning, Unix ms. */
  readonly at: number;
  /** How much of it markets were being recorded, gaps included, ms. */
  readonly recordedMs: number;
  /** How much of that lies outside gaps, ms. */
  readonly coveredMs: number;
  /** Gaps that touch it. */
  readonly gaps: number;
}

/** How an exchange was recorded over a window, in parts of equal length. */
export interface RecordingStrip {
  readonly exchange: Exchange;
  /** The window: `from` included, `to` excluded, Unix ms. */
  readonly from: number;
  readonly to: number;
  /** When the first of its markets was recorded for the first time, Unix ms; null if none ever was. */
  readonly recordedFrom: number | null;
  readonly slots: readonly StripSlot[];
  /** The gaps that touch the window, by cause, the longest first; ms inside the window. */
  readonly causes: readonly CauseReport[];
}
