import type { Session } from './engine/engine.js';
import { sql } from './engine/sql.js';
import type { SeriesGrid } from './series.js';
import type { Timeline } from './timeline.js';

/**
 * Number of stored books of each market in each step of a window. Rows are found by the market
 * index; their levels are not read.
 * @param ids numbers of the markets; null = unknown to the database
 * @returns for each market a count per step, oldest first
 */
export async function bookCounts(
  { rows }: Pick<Session, 'rows'>,
  timeline: Timeline,
  ids: readonly (number | null)[],
  { from, to, step }: SeriesGrid,
): Promise<number[][]> {
  const ranges = await timeline.ranges({ from, to });
  const steps = Math.ceil((to - from) / step);
  const all: number[][] = [];
  for (const id of ids) {
    const counts = new Array<number>(steps).fill(0);
    for (const { low, high } of id === null ? [] : ranges) {
      const found = await rows(sql`
        SELECT CAST((timestamp - ${from}) / ${step} AS INTEGER) AS slot, count(*) FROM book
         WHERE market_id = ${id} AND sequence BETWEEN ${low} AND ${high} GROUP BY slot`);
      for (const [slot, count] of found as [number, number][]) counts[slot]! += count;
    }
    all.push(counts);
  }
  return all;
}
