import { applySide, type Level, type Side } from '../market/order-book.js';
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

/** The rows that make a book: its whole one and the changes since, in one row of the result. */
interface BookPieces {
  readonly sequence: number | bigint;
  readonly timestamp: number | bigint;
  readonly exchangeTimestamp: number | bigint | null;
  readonly base: number | bigint;
  /** Sequence of the first row that was found. */
  readonly first: number | bigint;
  /** Texts of the sides of all rows, a line each. */
  readonly asks: string;
  readonly bids: string;
}

/**
 * The book of a market at its greatest sequence up to `limit` whose timestamp is not after `at`
 * (Unix ms): the whole book that it stands on, then all changes up to it. One statement, which reads
 * the market index down from `limit` and then up from the whole book.
 * @returns null when there is no such row, or its whole book has been deleted.
 */
export async function rebuild(
  client: Client,
  marketId: number,
  limit = Number.MAX_SAFE_INTEGER,
  at = Number.MAX_SAFE_INTEGER,
): Promise<RebuiltBook | null> {
  const rows = await client.$queryRawUnsafe<BookPieces[]>(
    `SELECT n.sequence, n.timestamp, n.exchange_timestamp AS exchangeTimestamp, n.base,
            min(b.sequence) AS first,
            group_concat(b.asks, char(10) ORDER BY b.sequence) AS asks,
            group_concat(b.bids, char(10) ORDER BY b.sequence) AS bids
       FROM (SELECT sequence, timestamp, exchange_timestamp, base FROM book
              WHERE market_id = ? AND sequence <= ? AND timestamp <= ?
              ORDER BY sequence DESC LIMIT 1) n
      CROSS JOIN book b ON b.market_id = ? AND b.sequence BETWEEN n.base AND n.sequence
      GROUP BY n.sequence`,
    marketId,
    limit,
    at,
    marketId,
  );
  const row = rows[0];
  if (row === undefined || Number(row.first) !== Number(row.base)) return null;
  const { sequence, timestamp, exchangeTimestamp, base } = row;
  return {
    sequence: Number(sequence),
    timestamp: Number(timestamp),
    exchangeTimestamp: exchangeTimestamp === null ? null : Number(exchangeTimestamp),
    base: Number(base),
    asks: rebuildSide('ask', row.asks),
    bids: rebuildSide('bid', row.bids),
  };
}

/** A side out of the lines of its whole book and its changes. */
function rebuildSide(side: Side, lines: string): readonly Level[] {
  const [whole, ...changes] = lines.split('\n');
  let levels: readonly Level[] = presentLevels(decodeLevels(whole!));
  for (const change of changes) {
    if (change !== '[]') levels = applySide(side, levels, decodeLevels(change));
  }
  return levels;
}
