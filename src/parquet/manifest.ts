import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Exchange, EXCHANGES } from '../market/exchange.js';
import { ArchiveError, reasonOf } from './errors.js';
import { writeWhole } from './durable-file.js';
import { isDate, manifestFile, MANIFESTS, TABLE_NAMES, type TableName } from './layout.js';

/** Format version of files and manifests; older ones are readable. 2: trades; 3: their completeness. */
export const SCHEMA = 3;

/** A market's rows in a file. */
export interface MarketDigest {
  readonly rows: number;
  /** Lowest and highest key of the table (books: `sequence`; trades: exchange time). */
  readonly first: number;
  readonly last: number;
  /** The MD5 of each row's text, XORed: 32 hex digits (docs/archive.md). */
  readonly digest: string;
}

/** A Parquet file of a day. */
export interface ArchivedFile {
  readonly table: TableName;
  readonly exchange: Exchange;
  /** Its path in the archive. */
  readonly path: string;
  readonly bytes: number;
  readonly rows: number;
  /** By pair, `BTC-KRW`. */
  readonly markets: Readonly<Record<string, MarketDigest>>;
}

/** Up to where trades are archived. */
export interface ArchivedTrades {
  /** Every trade received on the day with a sequence up to this is in the day's files. */
  readonly upTo: number;
  /** Every trade with a sequence below this is in the files of this day or an earlier one. */
  readonly before: number;
}

/** Marks a day as archived: its files were read back and found equal to the database. */
export interface Manifest {
  readonly schema: number;
  /** Version of the program that wrote it. */
  readonly program: string;
  readonly date: string;
  /** The previous day with any data; null for the first. */
  readonly previous: string | null;
  /** The database it was archived from. */
  readonly database: string;
  /** When it was archived, ISO 8601. */
  readonly archivedAt: string;
  /** The sequences of the day's books, ascending, both ends inclusive. */
  readonly ranges: readonly (readonly [low: number, high: number])[];
  /** Absent in manifests from before trades were archived. */
  readonly trades?: ArchivedTrades | undefined;
  readonly files: readonly ArchivedFile[];
}

/** Number of books, or trades, of a day. */
export function rowsOfDay({ files }: Manifest, wanted: 'books' | 'trades'): number {
  return files.reduce((sum, { table, rows }) => sum + (table === wanted ? rows : 0), 0);
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const isCount = (value: unknown): value is number => Number.isSafeInteger(value);

function isDigest(value: unknown): value is MarketDigest {
  if (!isObject(value)) return false;
  const { rows, first, last, digest } = value;
  return [rows, first, last].every(isCount) && /^[0-9a-f]{32}$/.test(String(digest));
}

function isFile(value: unknown): value is ArchivedFile {
  if (!isObject(value) || !isObject(value.markets)) return false;
  const { table, exchange, path, bytes, rows, markets } = value;
  return (
    TABLE_NAMES.includes(table as TableName) &&
    EXCHANGES.includes(exchange as Exchange) &&
    typeof path === 'string' &&
    !path.startsWith('/') &&
    !path.split('/').includes('..') &&
    isCount(bytes) &&
    isCount(rows) &&
    Object.values(markets).every(isDigest)
  );
}

/** What is wrong with the contents of a manifest, or null. */
function problemOf(value: unknown, date: string): string | null {
  if (!isObject(value)) return 'is not an object';
  const { schema, database, ranges, files } = value;
  if (!isCount(schema) || schema < 1) return 'has no schema version';
  if (schema > SCHEMA) {
    return `has schema ${schema}, this program knows up to ${SCHEMA}; update the program`;
  }
  if (value.date !== date) return `is that of ${String(value.date)}`;
  const { previous } = value;
  if (previous !== null && !(typeof previous === 'string' && isDate(previous))) {
    return 'names no day before it';
  }
  if (typeof database !== 'string') return 'does not name its database';
  const areRanges =
    Array.isArray(ranges) &&
    ranges.every((range) => Array.isArray(range) && range.length === 2 && range.every(isCount));
  if (!areRanges) return 'has no sequence ranges';
  const { trades } = value;
  const areTrades = isObject(trades) && isCount(trades['upTo']) && isCount(trades['before']);
  if (trades !== undefined && !areTrades) return 'does not say up to where it has trades';
  if (!Array.isArray(files) || !files.every(isFile)) return 'has no valid list of files';
  return null;
}

/** The manifest of a day, or null. @throws {ArchiveError} when it is unreadable or not ours */
export async function readManifest(folder: string, date: string): Promise<Manifest | null> {
  const path = join(folder, manifestFile(date));
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw new ArchiveError(`${date}: the manifest ${path} cannot be read: ${reasonOf(error)}`);
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new ArchiveError(`${date}: the manifest ${path} is not JSON; archive the day again`);
  }
  const problem = problemOf(value, date);
  if (problem !== null) throw new ArchiveError(`${date}: the manifest ${path} ${problem}`);
  return value as Manifest;
}

/** Writes the manifest of a day, complete or not at all. */
export async function writeManifest(folder: string, manifest: Manifest): Promise<void> {
  const text = `${JSON.stringify(manifest)}\n`;
  await writeWhole(join(folder, manifestFile(manifest.date)), (part) => writeFile(part, text));
}

/**
 * The days with a manifest, ascending; none if there is no archive.
 * @throws {ArchiveError} when the folder is unreadable
 */
export async function archivedDates(folder: string): Promise<string[]> {
  try {
    const names = await readdir(join(folder, MANIFESTS));
    return names
      .map((name) => name.replace(/^date=/, ''))
      .filter(isDate)
      .sort();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw new ArchiveError(`the archive ${folder} cannot be read: ${reasonOf(error)}`);
  }
}
