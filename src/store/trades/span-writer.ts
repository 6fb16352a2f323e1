import type { Market } from '../../market/market.js';
import { laid, type TradePiece, type TradeSpan } from '../../market/trade-span.js';
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

/** The statements that lay spans over those that are stored; to be given nothing else meanwhile. */
export async function spanStatements(
  { rows, client, dialect }: Session,
  spans: readonly TradeSpan[],
  idOf: (market: Market) => number,
) {
  const byMarket = new Map<number, TradeSpan[]>();
  for (const span of spans) {
    const id = idOf(span.market);
    const known = byMarket.get(id);
    if (known === undefined) byMarket.set(id, [span]);
    else known.push(span);
  }
  const windows = [...byMarket].map(([id, some]) => [
    id,
    Math.min(...some.map(({ start }) => start)),
    Math.max(...some.map(({ end }) => end)),
  ]);
  // Those that touch it, too: they may say the same and become one with it.
  const found = (await rows(sql`
    SELECT ${SPAN_COLUMNS} FROM ${dialect.table(windows, WINDOW)} w ${dialect.thenJoin} trade_span
        ON market_id = w.id AND start <= w.high AND "end" >= w.low
     ORDER BY market_id, start`)) as unknown as SpanRow[];
  const stored = new Map<number, TradePiece[]>();
  for (const row of found) stored.set(row[0], [...(stored.get(row[0]) ?? []), toPiece(row)]);
  const values = [...byMarket].flatMap(([id, some]) => {
    const before = stored.get(id) ?? [];
    const pieces = some.reduce<TradePiece[]>((known, span) => laid(known, pieceOf(span)), before);
    return pieces.map(({ start, end, completeness, cause, detail, checked }) => [
      ...[id, start, end],
      ...[completeness, cause, detail],
      Number(checked),
    ]);
  });
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

function pieceOf({ start, end, completeness, cause, detail, checked }: TradeSpan): TradePiece {
  return { start, end, completeness, cause, detail, checked };
}
