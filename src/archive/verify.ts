import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import { pairText } from '../market/market.js';
import { ArchiveError, reasonOf } from '../parquet/errors.js';
import { digestOfNumber } from '../parquet/digest.js';
import { quoted, rowsOf } from '../parquet/duckdb.js';
import type { ArchivedFile, Manifest, MarketDigest } from '../parquet/manifest.js';
import { describedColumns, digestSql, TABLES } from '../parquet/tables.js';
import type { TableName } from '../parquet/layout.js';

/** A Parquet file as a DuckDB table; its folder names do not become columns. */
function parquet(path: string): string {
  return `read_parquet(${quoted(path)}, hive_partitioning = false)`;
}

/** The contents of a file by market. @throws {ArchiveError} when it is unreadable or malformed */
export async function readDigests(
  connection: DuckDBConnection,
  table: TableName,
  path: string,
): Promise<Map<string, MarketDigest>> {
  try {
    const described = await rowsOf(connection, `DESCRIBE SELECT * FROM ${parquet(path)}`);
    const columns = described.map(([name, type]) => `${String(name)} ${String(type)}`);
    const wanted = describedColumns(TABLES[table]);
    if (columns.join(', ') !== wanted.join(', ')) {
      throw new ArchiveError(
        `${path} has the columns ${columns.join(', ')} where ${wanted.join(', ')} should be`,
      );
    }
    const rows = await rowsOf(connection, digestSql(TABLES[table], parquet(path)));
    return new Map(
      rows.map(([symbol, currency, count, first, last, digest]) => [
        pairText({ symbol: String(symbol), currency: String(currency) }),
        {
          rows: Number(count),
          first: Number(first),
          last: Number(last),
          digest: digestOfNumber(digest as bigint),
        },
      ]),
    );
  } catch (error) {
    if (error instanceof ArchiveError) throw error;
    throw new ArchiveError(`${path} cannot be read back: ${reasonOf(error)}`);
  }
}

/** The first market in which two digests differ, in words; null when they are equal. */
export function difference(
  wanted: ReadonlyMap<string, MarketDigest>,
  found: ReadonlyMap<string, MarketDigest>,
): string | null {
  for (const [pair, digest] of wanted) {
    const other = found.get(pair);
    if (other === undefined) return `${pair} is missing`;
    if (other.rows !== digest.rows) return `${pair} has ${other.rows} of ${digest.rows} rows`;
    if (other.digest !== digest.digest) return `${pair} has different values`;
    if (other.first !== digest.first || other.last !== digest.last)
      return `${pair} has different rows`;
  }
  const extra = [...found.keys()].find((pair) => !wanted.has(pair));
  return extra === undefined ? null : `${extra} should not be in it`;
}

/** Compares a file with its manifest. @throws {ArchiveError} naming what is wrong */
export async function verifyFile(
  connection: DuckDBConnection,
  folder: string,
  { date }: Pick<Manifest, 'date'>,
  file: ArchivedFile,
): Promise<void> {
  const path = join(folder, file.path);
  const size = await stat(path).then(
    (stats) => stats.size,
    (error: unknown) => {
      throw new ArchiveError(
        `${date}: ${path} is in the manifest and cannot be found: ${reasonOf(error)}`,
      );
    },
  );
  if (size !== file.bytes) {
    throw new ArchiveError(`${date}: ${path} has ${size} bytes, its manifest says ${file.bytes}`);
  }
  const found = await readDigests(connection, file.table, path).catch((error: unknown) => {
    throw new ArchiveError(`${date}: ${reasonOf(error)}`);
  });
  const wrong = difference(new Map(Object.entries(file.markets)), found);
  if (wrong !== null)
    throw new ArchiveError(`${date}: ${path} disagrees with its manifest: ${wrong}`);
}
