import type { Market } from '../../market/market.js';
import {
  laid,
  redated,
  type TradePiece,
  type TradeSpan,
  type TradeSpanChange,
} from '../../market/trade-span.js';
import type { Session } from '../engine/engine.js';
import { sql } from '../engine/sql.js';
import { SPAN_COLUMNS, type SpanRow, toPiece } from './span-reader.js';

const WINDOW = { id: 'integer', low: 'integer', high: 'integer' } as const;
const KEY = { market_id: 'integer', start: 'integer' } as const;
const SPAN = {
  ...KEY,
  end: 'integer',
  completeness: 'text',
  cause: 'text',
  detail: 'text',
  checked: 'integer',
} as const;

/**
 * The statements that lay spans over the stored ones, and redate them, in order; nothing may come
 * in between.
 */
export async function spanStatements(
  session: Session,
  changes: readonly TradeSpanChange[],
  idOf: (market: Market) => number,
) {
  const { client, dialect } = session;
  const found = await touched(session, changes, idOf);
  const stored = new Map<number, TradePiece[]>();
  for (const row of found) {
    const known = stored.get(row[0]);
    if (known === undefined) stored.set(row[0], [toPiece(row)]);
    else known.push(toPiece(row));
  }
  for (const change of changes) {
    if ('market' in change) {
      const id = idOf(change.market);
      stored.set(id, laid(stored.get(id) ?? [], pieceOf(change), change.ifUnknown));
    } else for (const [id, pieces] of stored) stored.set(id, redated(pieces, change));
  }
  const values = [...stored].flatMap(([id, pieces]) =>
    pieces.map(({ start, end, completeness, cause, detail, checked }) => [
      ...[id, start, end],
      ...[completeness, cause, detail],
      Number(checked),
    ]),
  );
  const gone = dialect.table(
    found.map(([id, start]) => [id, start]),
    KEY,
  );
  return [
    client.$executeRaw(sql`
      DELETE FROM trade_span WHERE (market_id, start) IN (SELECT market_id, start FROM ${gone} gone)`),
    client.$executeRaw(sql`
      INSERT INTO trade_span (${SPAN_COLUMNS})
      SELECT ${SPAN_COLUMNS} FROM ${dialect.table(values, SPAN)} spans`),
  ];
}

/** The stored spans that changes may affect, by market and start. */
async function touched(
  { rows, dialect }: Session,
  changes: readonly TradeSpanChange[],
  idOf: (market: Market) => number,
): Promise<SpanRow[]> {
  const windows = new Map<number, { low: number; high: number }>();
  let redatedFrom = Infinity;
  for (const change of changes) {
    if ('market' in change) {
      const id = idOf(change.market);
      const { low, high } = windows.get(id) ?? { low: Infinity, high: -Infinity };
      windows.set(id, { low: Math.min(low, change.start), high: Math.max(high, change.end) });
    } else redatedFrom = Math.min(redatedFrom, change.after + Math.min(0, change.byMs ?? 0));
  }
  const table = dialect.table(
    [...windows].map(([id, { low, high }]) => [id, low, high]),
    WINDOW,
  );
  // Including adjacent ones: they may be equal and merge.
  const found = (await rows(sql`
    SELECT ${SPAN_COLUMNS} FROM ${table} w ${dialect.thenJoin} trade_span
        ON market_id = w.id AND start <= w.high AND "end" >= w.low
     ORDER BY market_id, start`)) as unknown as SpanRow[];
  if (redatedFrom === Infinity) return found;
  const later = (await rows(sql`
    SELECT ${SPAN_COLUMNS} FROM trade_span WHERE "end" >= ${Math.max(0, redatedFrom)}
     ORDER BY market_id, start`)) as unknown as SpanRow[];
  const all = new Map([...found, ...later].map((row) => [`${row[0]} ${row[1]}`, row]));
  return [...all.values()].sort((a, b) => a[0] - b[0] || a[1] - b[1]);
}

function pieceOf({ start, end, completeness, cause, detail, checked }: TradeSpan): TradePiece {
  return { start, end, completeness, cause, detail, checked };
}
