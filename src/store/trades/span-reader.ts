import type { GapCause } from '../../market/gap.js';
import type { TimeWindow } from '../../market/time-window.js';
import type { TradeCompleteness, TradePiece } from '../../market/trade-span.js';
import type { Session } from '../engine/engine.js';
import { raw, type Sql, sql } from '../engine/sql.js';
import type { Page, SpanQuery } from '../reader-types.js';

/** A row of `trade_span`. */
export type SpanRow = readonly [
  marketId: number,
  start: number,
  end: number,
  completeness: string,
  cause: string | null,
  detail: string | null,
  checked: number,
];

/** The columns of a {@link SpanRow}. */
export const SPAN_COLUMNS = raw('market_id, start, "end", completeness, cause, detail, checked');

/** A row as a span of its market. */
export function toPiece([, start, end, completeness, cause, detail, checked]: SpanRow): TradePiece {
  return {
    start,
    end,
    completeness: completeness as TradeCompleteness,
    cause: cause as GapCause | null,
    detail,
    checked: checked === 1,
  };
}

/**
 * The spans that overlap a window, for use after `FROM`; `w` is their market. Spans of a market do
 * not overlap, so each market's start with the one that reaches into the window: no older one is
 * read.
 * @param from Unix ms; the end is exclusive
 */
export function spansIn(from: Sql | number, to: Sql | number): Sql {
  return sql`market w CROSS JOIN trade_span
     WHERE market_id = w.id AND start < ${to} AND "end" > ${from}
       AND start >= coalesce(
             (SELECT max(o.start) FROM trade_span o WHERE o.market_id = w.id AND o.start <= ${from}),
             ${from})`;
}

/** The spans of a market that overlap a window, by start. */
export async function spanPage(
  { rows }: Pick<Session, 'rows'>,
  marketId: number,
  { from = 0, to = Number.MAX_SAFE_INTEGER, completeness, checked, after = -1, limit }: SpanQuery,
): Promise<Page<TradePiece>> {
  const known = completeness === undefined ? sql`true` : sql`completeness = ${completeness}`;
  const asked = checked === undefined ? sql`true` : sql`checked = ${Number(checked)}`;
  const found = await rows(sql`
    SELECT ${SPAN_COLUMNS} FROM ${spansIn(from, to)}
       AND w.id = ${marketId} AND start > ${after} AND ${known} AND ${asked}
     ORDER BY start LIMIT ${limit + 1}`);
  const items = (found as unknown as SpanRow[]).slice(0, limit).map(toPiece);
  return { items, more: found.length > limit };
}

/** End of what is known about a market's trades, Unix ms; null when nothing is. */
export async function spansUntil(
  { rows }: Pick<Session, 'rows'>,
  marketId: number,
): Promise<number | null> {
  const [last] = await rows(
    sql`SELECT "end" FROM trade_span WHERE market_id = ${marketId} ORDER BY start DESC LIMIT 1`,
  );
  return (last?.[0] as number | undefined) ?? null;
}

/** Time at each completeness in a window, ms, by market number; zeros are left out. */
export async function spanSumsOf(
  { rows, dialect }: Pick<Session, 'rows' | 'dialect'>,
  { from = 0, to = Number.MAX_SAFE_INTEGER }: TimeWindow,
  marketId: number | null = null,
): Promise<Map<number, Partial<Record<TradeCompleteness, number>>>> {
  const some = marketId === null ? sql`true` : sql`w.id = ${marketId}`;
  const end = dialect.integer(to);
  const start = dialect.integer(from);
  const found = (await rows(sql`
    SELECT market_id, completeness,
           sum(CASE WHEN "end" < ${end} THEN "end" ELSE ${end} END
               - CASE WHEN start > ${start} THEN start ELSE ${start} END)
      FROM ${spansIn(start, end)} AND ${some}
     GROUP BY market_id, completeness`)) as [number, TradeCompleteness, number][];
  const sums = new Map<number, Partial<Record<TradeCompleteness, number>>>();
  for (const [id, completeness, ms] of found) {
    sums.set(id, { ...sums.get(id), [completeness]: ms });
  }
  return sums;
}
