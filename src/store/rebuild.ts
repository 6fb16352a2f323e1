import { applySide, type Level, type Side, sortLevels } from '../market/order-book.js';
import type { Client } from './connection.js';
import { decodeLevels, presentLevels } from './levels.js';
import type { Sqlite, SqliteValue } from './sqlite.js';

/** Columns of `book` that {@link StoredRow} needs, in its order. */
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

/** Rows of a statement that selects {@link ROW_COLUMNS}: without Prisma, in a third of the time. */
export function readRows(
  sqlite: Sqlite,
  sql: string,
  args: readonly SqliteValue[] = [],
): StoredRow[] {
  return sqlite.queryNumbers(sql, args).map((row) => ({
    sequence: row[0] as number,
    marketId: row[1] as number,
    timestamp: row[2] as number,
    exchangeTimestamp: row[3] as number | null,
    base: row[4] as number,
    asks: row[5] as string,
    bids: row[6] as string,
  }));
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
 * @param before an earlier book of the market: where it stands on the same whole book, only the
 * rows after it are read.
 * @returns null when there is no such row, or its whole book has been deleted.
 */
export async function rebuild(
  client: Client,
  marketId: number,
  limit = Number.MAX_SAFE_INTEGER,
  at = Number.MAX_SAFE_INTEGER,
  before: RebuiltBook | null = null,
): Promise<RebuiltBook | null> {
  const rows = await client.$queryRawUnsafe<BookPieces[]>(
    `SELECT n.sequence, n.timestamp, n.exchange_timestamp AS exchangeTimestamp, n.base,
            min(b.sequence) AS first,
            group_concat(b.asks, char(10) ORDER BY b.sequence) AS asks,
            group_concat(b.bids, char(10) ORDER BY b.sequence) AS bids
       FROM (SELECT sequence, timestamp, exchange_timestamp, base FROM book
              WHERE market_id = ? AND sequence <= ? AND timestamp <= ?
              ORDER BY sequence DESC LIMIT 1) n
      CROSS JOIN book b ON b.market_id = ?
             AND b.sequence BETWEEN iif(n.base = ?, ?, n.base) AND n.sequence
      GROUP BY n.sequence`,
    marketId,
    limit,
    at,
    marketId,
    // No row has the base -1. The row of `before` is read again: so there is always one.
    before?.base ?? -1,
    before?.sequence ?? -1,
  );
  const row = rows[0];
  if (row === undefined) return null;
  const { sequence, timestamp, exchangeTimestamp, base } = row;
  const known = before?.base === Number(base) ? before : null;
  if (Number(row.first) !== (known?.sequence ?? Number(base))) return null;
  return {
    sequence: Number(sequence),
    timestamp: Number(timestamp),
    exchangeTimestamp: exchangeTimestamp === null ? null : Number(exchangeTimestamp),
    base: Number(base),
    asks: rebuildSide('ask', known?.asks ?? null, row.asks),
    bids: rebuildSide('bid', known?.bids ?? null, row.bids),
  };
}

/**
 * A side out of the lines of its changes, the first of which is its whole book when there is no
 * `before`. Of several changes at a price the last one counts (a price has one Decimal text only):
 * they are gathered first and applied at once.
 */
function rebuildSide(side: Side, before: readonly Level[] | null, lines: string): readonly Level[] {
  const [first, ...others] = lines.split('\n');
  const changes = before === null ? others : [first!, ...others];
  const last = new Map<string, Level>();
  for (const change of changes) {
    for (const level of decodeLevels(change)) last.set(level[0], level);
  }
  const levels = before ?? presentLevels(decodeLevels(first!));
  return applySide(side, levels, sortLevels(side, [...last.values()]));
}
