import type { Gap, GapCause } from '../market/gap.js';
import type { Market } from '../market/market.js';
import type { Session } from './engine/engine.js';
import { sql } from './engine/sql.js';
import type { StoredRow } from './rebuild.js';

/** How many of a market's gaps that started before a book are searched. */
const RECENT_GAPS = 4;

/**
 * The gaps that ended with one of `rows`, by its sequence: a gap ends at the receive time of the
 * first book after it, and that book is stored whole, so only such rows are looked up.
 */
export async function gapsBefore(
  session: Session,
  rows: readonly StoredRow[],
  marketOf: (marketId: number) => Market,
): Promise<Map<number, Gap>> {
  const gaps = new Map<number, Gap>();
  const whole = rows.filter((row) => row.base === row.sequence);
  if (whole.length === 0) return gaps;
  const asked = whole.map((row) => [row.sequence, row.marketId, row.timestamp]);
  const columns = { sequence: 'integer', market_id: 'integer', at: 'integer' } as const;
  const found = await session.rows(sql`
    SELECT asked.sequence, gap.start, gap."end", gap.cause, gap.detail, gap.attempts
      FROM ${session.dialect.table(asked, columns)} asked JOIN gap ON gap.id IN (
        SELECT id FROM gap WHERE market_id = asked.market_id AND start <= asked.at
         ORDER BY start DESC LIMIT ${RECENT_GAPS})
     WHERE gap."end" = asked.at ORDER BY gap.start DESC`);
  const markets = new Map(whole.map((row) => [row.sequence, row.marketId]));
  for (const row of found) {
    const [sequence, start, end, cause, detail, attempts] = row as [
      ...[sequence: number, start: number, end: number],
      ...[cause: string, detail: string | null, attempts: number],
    ];
    gaps.set(sequence, {
      market: marketOf(markets.get(sequence)!),
      start,
      end,
      cause: cause as GapCause,
      detail,
      attempts,
    });
  }
  return gaps;
}
