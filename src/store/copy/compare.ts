import type { Cell, Rows } from '../engine/engine.js';
import { sql } from '../engine/sql.js';
import { StoreError } from '../errors.js';
import { addToSum, type DigestSum, sumsOf } from '../../parquet/digest.js';
import type { MarketDigest } from '../../parquet/manifest.js';
import { HistoryWalk } from './history.js';
import { type CopiedTable, pagesOf, TABLES_AFTER, TABLES_BEFORE } from './tables.js';

/** Contents of a database. */
export interface Contents {
  /** Row counts and digests of each table, and of books and trades by market, by display name. */
  readonly digests: Readonly<Record<string, MarketDigest>>;
  readonly books: number;
  readonly trades: number;
  readonly markets: number;
}

/** Reads a whole database. @param onSequence called with its progress */
export async function contentsOf(
  rows: Rows,
  onSequence: (sequence: number) => void,
): Promise<Contents> {
  const sums = new Map<string, DigestSum>();
  const markets = await rows(sql`SELECT id, exchange, symbol, currency FROM market`);
  const names = new Map(
    (markets as [number, string, string, string][]).map(
      ([id, exchange, symbol, currency]) => [id, `${exchange}:${symbol}-${currency}`] as const,
    ),
  );
  let books = 0;
  let trades = 0;
  for await (const stretch of new HistoryWalk(rows).stretches()) {
    for (const row of stretch.books) addRow(sums, `books of ${names.get(row[1])}`, row);
    for (const row of stretch.trades) addRow(sums, `trades of ${names.get(row[1])}`, row);
    books += stretch.books.length;
    trades += stretch.trades.length;
    onSequence(stretch.books.at(-1)?.[0] ?? stretch.after);
  }
  for (const table of [...TABLES_BEFORE, ...TABLES_AFTER]) await addTable(sums, rows, table);
  return { digests: sumsOf(sums), books, trades, markets: names.size };
}

async function addTable(
  sums: Map<string, DigestSum>,
  rows: Rows,
  table: CopiedTable,
): Promise<void> {
  for await (const page of pagesOf(rows, table)) {
    for (const row of page.rows) addRow(sums, `rows of the table ${table.name}`, row);
  }
}

function addRow(sums: Map<string, DigestSum>, name: string, row: readonly unknown[]): void {
  // As JSON, which is unambiguous between values.
  addToSum(sums, name, Number(row[0]) || 0, [null, JSON.stringify(row)]);
}

/** @throws {StoreError} naming the first difference between a copy and its source */
export function checkEqual(source: Contents, copy: Contents): void {
  const names = new Set([...Object.keys(source.digests), ...Object.keys(copy.digests)]);
  for (const name of names) {
    const [a, b] = [source.digests[name], copy.digests[name]];
    if (a?.rows === b?.rows && a?.digest === b?.digest) continue;
    throw new StoreError(
      `the copy differs from its source: ${name}: ${a?.rows ?? 0} in the source, ${b?.rows ?? 0} in the copy${a?.rows === b?.rows ? ', with different contents' : ''}; do not use it`,
    );
  }
}

/** State of the source that belongs to its history. */
export async function stateRows(rows: Rows): Promise<Cell[][]> {
  return rows(sql`SELECT key, value FROM state ORDER BY key`);
}
