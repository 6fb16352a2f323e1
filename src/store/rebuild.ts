import { applySide, type Level } from '../market/order-book.js';
import type { Client } from './connection.js';
import { decodeLevels, presentLevels } from './levels.js';

/** Columns of `book` that {@link StoredRow} needs. All are declared INTEGER or TEXT: plain numbers. */
export const ROW_COLUMNS =
  'sequence, market_id AS marketId, timestamp, exchange_timestamp AS exchangeTimestamp, base, asks, bids';

/** A row of `book`. */
export interface StoredRow {
  readonly sequence: number;
  readonly marketId: number;
  readonly timestamp: number;
  readonly exchangeTimestamp: number | null;
  /** Sequence of the whole book it stands on; its own for a whole book. */
  readonly base: number;
  readonly asks: string;
  readonly bids: string;
}

/** A whole book as it was at one row. */
export interface RebuiltBook {
  readonly sequence: number;
  readonly timestamp: number;
  readonly exchangeTimestamp: number | null;
  readonly base: number;
  readonly asks: readonly Level[];
  readonly bids: readonly Level[];
}

/**
 * The book after `row`, given the book at the market's row before it.
 * @returns null when `row` is a change and `before` does not stand on the same whole book.
 */
export function applyRow(before: RebuiltBook | null, row: StoredRow): RebuiltBook | null {
  const { sequence, timestamp, exchangeTimestamp, base } = row;
  const asks = decodeLevels(row.asks);
  const bids = decodeLevels(row.bids);
  if (base === sequence) {
    const whole = { asks: presentLevels(asks), bids: presentLevels(bids) };
    return { sequence, timestamp, exchangeTimestamp, base, ...whole };
  }
  if (before?.base !== base) return null;
  return {
    sequence,
    timestamp,
    exchangeTimestamp,
    base,
    asks: applySide('ask', before.asks, asks),
    bids: applySide('bid', before.bids, bids),
  };
}

/**
 * The book of a market at its row `sequence`: the whole book that the row stands on, then all
 * changes up to it, read through the market index.
 * @returns null when there is no such row, or its whole book has been deleted.
 */
export async function rebuildAt(
  client: Client,
  marketId: number,
  sequence: number,
): Promise<RebuiltBook | null> {
  const rows = await client.$queryRawUnsafe<StoredRow[]>(
    `SELECT ${ROW_COLUMNS} FROM book
      WHERE market_id = ? AND sequence >= (SELECT base FROM book WHERE sequence = ?) AND sequence <= ?
      ORDER BY sequence`,
    marketId,
    sequence,
    sequence,
  );
  let book: RebuiltBook | null = null;
  for (const row of rows) book = applyRow(book, row);
  return book?.sequence === sequence ? book : null;
}

/**
 * Greatest sequence of a market that is not above `limit` and whose timestamp is not after `at`
 * (Unix ms), or null. Reads down the market index from `limit`.
 */
export async function newestSequence(
  client: Client,
  marketId: number,
  limit = Number.MAX_SAFE_INTEGER,
  at = Number.MAX_SAFE_INTEGER,
): Promise<number | null> {
  const rows = await client.$queryRawUnsafe<{ sequence: number }[]>(
    `SELECT sequence FROM book WHERE market_id = ? AND sequence <= ? AND timestamp <= ?
      ORDER BY sequence DESC LIMIT 1`,
    marketId,
    limit,
    at,
  );
  return rows[0]?.sequence ?? null;
}

/** Newest stored book of a market, or null when there is none. */
export async function newestStored(client: Client, marketId: number): Promise<RebuiltBook | null> {
  const sequence = await newestSequence(client, marketId);
  return sequence === null ? null : rebuildAt(client, marketId, sequence);
}
