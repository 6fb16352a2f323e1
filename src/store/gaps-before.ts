import type { Gap, GapCause } from '../market/gap.js';
import type { Market } from '../market/market.js';
import type { Client } from './connection.js';
import type { StoredRow } from './rebuild.js';

/** A gap is looked for among so many of a market's gaps that began before a book. */
const RECENT_GAPS = 4;

/** A row of the statement that looks for gaps. */
interface GapFound {
  readonly sequence: number;
  readonly start: bigint | number;
  readonly end: bigint | number;
  readonly cause: string;
  readonly detail: string | null;
  readonly attempts: bigint | number;
}

/**
 * The gaps that ended with one of `rows`, by its sequence: a gap's end is the receive time of the
 * first book after it, and that book is stored whole, so only such rows are looked up.
 */
export async function gapsBefore(
  client: Client,
  rows: readonly StoredRow[],
  marketOf: (marketId: number) => Market,
): Promise<Map<number, Gap>> {
  const gaps = new Map<number, Gap>();
  const whole = rows.filter((row) => row.base === row.sequence);
  if (whole.length === 0) return gaps;
  const asked = whole.map((row) => [row.sequence, row.marketId, row.timestamp]);
  const found = await client.$queryRawUnsafe<GapFound[]>(
    `SELECT asked.value ->> 0 AS sequence, gap.start, gap."end", gap.cause, gap.detail, gap.attempts
       FROM json_each(?) asked JOIN gap ON gap.id IN (
         SELECT id FROM gap WHERE market_id = asked.value ->> 1 AND start <= asked.value ->> 2
          ORDER BY start DESC LIMIT ${RECENT_GAPS})
      WHERE gap."end" = asked.value ->> 2 ORDER BY gap.start DESC`,
    JSON.stringify(asked),
  );
  const markets = new Map(whole.map((row) => [row.sequence, row.marketId]));
  for (const { sequence, start, end, cause, detail, attempts } of found) {
    gaps.set(Number(sequence), {
      market: marketOf(markets.get(Number(sequence))!),
      start: Number(start),
      end: Number(end),
      cause: cause as GapCause,
      detail,
      attempts: Number(attempts),
    });
  }
  return gaps;
}
