import type { Session } from './engine/engine.js';
import { sql } from './engine/sql.js';
import type { RetireBound } from './retire.js';

/** Summary of an archived day. */
export interface ArchivedDay {
  /** {@link databaseIdentity} of the database it came from. */
  readonly database: string;
  /** Sequences of its books, both ends inclusive. */
  readonly ranges: readonly (readonly [low: number, high: number])[];
  /** End of the previous day with any data, Unix ms; null for the first. */
  readonly previous: number | null;
  /**
   * Up to where trades are archived: those received on the day with a sequence up to `upTo`; all
   * with a sequence below `before`, including previous days. Null in archives from before trades.
   */
  readonly trades: { readonly upTo: number; readonly before: number } | null;
  /** Highest id of its gaps; 0 when there is none. */
  readonly lastGap: number;
  /** End of the day, Unix ms. */
  readonly end: number;
}

/** Numbers used by books, trades and gaps of some days: new ones start above them. */
export interface UsedNumbers {
  readonly sequence: number;
  readonly gap: number;
}

/** The numbers used in an archive, whichever database it came from. */
export function usedNumbers(days: readonly ArchivedDay[]): UsedNumbers {
  let sequence = 0;
  let gap = 0;
  for (const { ranges, lastGap, trades } of days) {
    sequence = Math.max(sequence, trades?.upTo ?? 0);
    for (const [, high] of ranges) sequence = Math.max(sequence, high);
    gap = Math.max(gap, lastGap);
  }
  return { sequence, gap };
}

/** A unique name of a database: that of the first migration applied, which is random. */
export async function databaseIdentity(session: Session): Promise<string> {
  const [first] = await session.rows(
    sql`SELECT id FROM _prisma_migrations ORDER BY started_at, migration_name LIMIT 1`,
  );
  return String(first?.[0]);
}

/**
 * Up to where a database may be deleted if its days must be archived first: before the first book
 * in no archived day, and the start of that book's day; and before the first trade that may be in
 * none.
 * @param days ascending
 */
export async function archivedBound(
  session: Session,
  days: readonly ArchivedDay[],
): Promise<RetireBound> {
  const identity = await databaseIdentity(session);
  const own = days.filter(({ database }) => database === identity);
  const ranges = own.flatMap((day) => day.ranges).sort((a, b) => a[0] - b[0]);
  const time = own.at(-1)?.end ?? -Infinity;
  const trades = tradesBefore(own);
  for (let from = 0, i = 0; ;) {
    const [next] = await session.rows(sql`
      SELECT sequence, timestamp FROM book WHERE sequence >= ${from} ORDER BY sequence LIMIT 1`);
    if (next === undefined) return { sequence: Number.MAX_SAFE_INTEGER, time, trades };
    const [sequence, timestamp] = next as [number, number];
    while (i < ranges.length && ranges[i]![1] < sequence) i++;
    const range = ranges[i];
    if (range === undefined || range[0] > sequence) {
      const day = timestamp - (timestamp % DAY_MS);
      return { sequence, time: Math.min(time, day), trades };
    }
    from = range[1] + 1;
  }
}

/** The sequence below which all trades are in consecutive days without a missing one. */
function tradesBefore(days: readonly ArchivedDay[]): number {
  let before = 0;
  for (const [i, { previous, trades }] of days.entries()) {
    if (i > 0 && previous !== days[i - 1]!.end) break;
    before = Math.max(before, trades?.before ?? 0);
  }
  return before;
}

const DAY_MS = 86_400_000;
