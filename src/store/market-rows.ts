import type { Exchange } from '../market/exchange.js';
import type { MarketRecord } from '../market/managed-lists.js';
import type { Market } from '../market/market.js';
import type { Cell, Session } from './engine/engine.js';
import { joined, raw, type Sql, sql } from './engine/sql.js';

/** Which markets: of some exchanges, of a symbol, of a currency; what is absent says nothing. */
export interface MarketChoice {
  readonly exchanges?: readonly Exchange[] | undefined;
  readonly symbol?: string | undefined;
  readonly currency?: string | undefined;
}

/** A market that the database knows. */
export interface MarketRow {
  readonly id: number;
  /** With the exchange's own spelling, where that has to be kept. */
  readonly market: Market;
  /** What else is on record of it. */
  readonly rest: Omit<MarketRecord, 'exchange' | 'symbol' | 'currency'>;
}

const ORDERS = { id: raw('id'), name: raw('symbol, currency, id') } as const;

/** The chosen markets, in the order in which they became known, or by name. */
export async function marketRows(
  session: Session,
  { exchanges, symbol, currency }: MarketChoice,
  order: keyof typeof ORDERS = 'id',
): Promise<MarketRow[]> {
  const conditions: Sql[] = [sql`true`];
  if (exchanges !== undefined) {
    if (exchanges.length === 0) return [];
    conditions.push(sql`exchange IN (${joined(exchanges)})`);
  }
  if (symbol !== undefined) conditions.push(sql`symbol = ${symbol}`);
  if (currency !== undefined) conditions.push(sql`currency = ${currency}`);
  const rows = await session.rows(sql`
    SELECT id, exchange, symbol, currency, code, korean_name, english_name, listed, wanted, recording
      FROM market WHERE ${joined(conditions, ' AND ')} ORDER BY ${ORDERS[order]}`);
  return rows.map(toMarketRow);
}

function toMarketRow(row: Cell[]): MarketRow {
  const [id, exchange, symbol, currency, code, koreanName, englishName, listed, wanted, recording] =
    row as [number, Exchange, string, string, ...(string | null)[]];
  return {
    id,
    market: { exchange, symbol, currency, ...(typeof code === 'string' ? { code } : {}) },
    rest: {
      koreanName: koreanName ?? null,
      englishName: englishName ?? null,
      // A truth is 0 or 1 in SQLite, and one of its own in PostgreSQL.
      listed: Boolean(listed),
      wanted: wanted === null ? null : Boolean(wanted),
      recording: Boolean(recording),
    },
  };
}
