import type { ReadRows } from './read-page.js';
import { provenTime } from './page-order.js';
import type { HistoryPage } from './trade-history.js';

/** A page of only the newest trades; one with fewer than `rows` has all there are. */
export function newestOnly(read: ReadRows, rows: number): HistoryPage {
  const whole = read.trades.length + read.unreadable < rows;
  // Of the last ms it may have only some.
  return { ...read, from: whole ? -Infinity : provenTime(read.trades) + 1, next: null };
}
