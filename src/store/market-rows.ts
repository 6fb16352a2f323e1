import type { Exchange } from '../market/exchange.js';
import type { MarketRecord } from '../market/managed-lists.js';
import type { Market } from '../market/market.js';
import type { Cell, Session } from './engine/engine.js';
import { joined, raw, type Sql, sql } from './engine/sql.js';

/** Selects markets by exchanges, symbol and currency; absent parts match any. */
export interface MarketChoice {
  readonly exchanges?: readonly Exchange[] | undefined;
  readonly symbol?: string | undefined;
  readonly currency?: string | undefined;
}

/** A market in the database. */
export interface MarketRow {
  readonly id: number;
  /** With the exchange's own spelling, where that must be kept. */
  readonly market: Market;
  /** Its other attributes. */
  readonly rest: Omit<MarketRecord, 'exchange' | 'symbol' | 'currency'>;
}

const ORDERS = { id: raw('id'), name: raw('symbol, currency, id') } as const;

/** The selected markets, in the order in which they became known, or by name. */
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
      // A boolean is 0 or 1 in SQLite, and a type of its own in PostgreSQL.
      listed: Boolean(listed),
      wanted: wanted === null ? null : Boolean(wanted),
      recording: Boolean(recording),
    },
  };
}
