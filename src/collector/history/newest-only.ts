import type { ReadRows } from './read-page.js';
import { oldestTime } from './read-page.js';
import type { HistoryPage } from './trade-history.js';

/**
 * A page of a history that has the newest trades only.
 * @param rows trades that it may have: one with fewer has all there are
 */
export function newestOnly(read: ReadRows, rows: number): HistoryPage {
  const whole = read.trades.length + read.unreadable < rows;
  // Of the oldest ms it may have some only.
  return { ...read, from: whole ? -Infinity : oldestTime(read.trades) + 1, next: null };
}
