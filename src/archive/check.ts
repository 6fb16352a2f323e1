import { readdir } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { EXCHANGES } from '../market/exchange.js';
import { pairText } from '../market/market.js';
import { DayReader } from '../store/day-reader.js';
import { DigestSum, rowText, type RowValue } from '../parquet/digest.js';
import { type Duck, openDuck } from '../parquet/duckdb.js';
import { reasonOf } from '../parquet/errors.js';
import { isDate, TABLE_NAMES } from '../parquet/layout.js';
import {
  archivedDates,
  booksOf,
  type Manifest,
  type MarketDigest,
  readManifest,
} from '../parquet/manifest.js';
import { difference, verifyFile } from './verify.js';

/** Rows read from the database in one statement. */
const PAGE = 4_096;
const MEMORY_MB = 256;

/** What a look at a day found. */
export interface CheckedDay {
  readonly date: string;
  readonly books: number;
  /** Whether it was compared with the database too, which may no longer have all of it. */
  readonly database: 'equal' | 'partly deleted' | 'not there';
  /** What is wrong, a line each; none when all is well. */
  readonly problems: readonly string[];
}

/**
 * Reads archived days back wholly and compares them with their manifests, and with the database where
 * it still has the day.
 * @param date only this day
 * @param dbPath null = there is no database
 */
export async function* checkArchive(
  folder: string,
  dbPath: string | null,
  date?: string,
): AsyncGenerator<CheckedDay> {
  const dates = date === undefined ? await knownDates(folder) : [date];
  const reader = dbPath === null ? null : await DayReader.open(dbPath);
  try {
    for (const day of dates) {
      const duck = await openDuck({ memoryMb: MEMORY_MB, temporary: null });
      try {
        yield await checkDay(folder, day, duck, reader);
      } finally {
        duck.close();
      }
    }
  } finally {
    await reader?.close();
  }
}

/** All days that have a manifest or a file. */
async function knownDates(folder: string): Promise<string[]> {
  const dates = new Set(await archivedDates(folder));
  for (const path of await filesBelow(folder)) {
    const found = /(?:^|\/)date=([^/]+)\//.exec(path)?.[1];
    if (found !== undefined && isDate(found)) dates.add(found);
  }
  return [...dates].sort();
}

/** The files of all tables, as paths in the archive. */
async function filesBelow(folder: string): Promise<string[]> {
  const lists = TABLE_NAMES.map(async (table) => {
    const entries = await readdir(join(folder, table), {
      recursive: true,
      withFileTypes: true,
    }).catch(() => []);
    return entries
      .filter((entry) => entry.isFile())
      .map((entry) => relative(folder, join(entry.parentPath, entry.name)));
  });
  return (await Promise.all(lists)).flat();
}

async function checkDay(
  folder: string,
  date: string,
  duck: Duck,
  reader: DayReader | null,
): Promise<CheckedDay> {
  const none: CheckedDay = { date, books: 0, database: 'not there', problems: [] };
  let manifest: Manifest | null;
  try {
    manifest = await readManifest(folder, date);
  } catch (error) {
    return { ...none, problems: [reasonOf(error)] };
  }
  if (manifest === null) {
    return { ...none, problems: [`${date}: there is no manifest; archive the day again`] };
  }
  const problems: string[] = [];
  for (const file of manifest.files) {
    await verifyFile(duck.connection, folder, manifest, file).catch((error: unknown) =>
      problems.push(reasonOf(error)),
    );
  }
  const listed = new Set(manifest.files.map(({ path }) => path));
  for (const path of await filesBelow(folder)) {
    if (!path.includes(`/date=${date}/`) || listed.has(path)) continue;
    problems.push(`${date}: ${join(folder, path)} is not in the manifest; move it away`);
  }
  const database = reader === null ? 'not there' : await compare(manifest, reader, problems);
  return { date, books: booksOf(manifest), database, problems };
}

/** Compares a day's books with those that the database still has. */
async function compare(
  manifest: Manifest,
  reader: DayReader,
  problems: string[],
): Promise<CheckedDay['database']> {
  const { date, database, ranges } = manifest;
  if (database !== reader.identity) return 'not there';
  const found = await databaseDigests(reader, ranges);
  const rows = [...found.values()].reduce((sum, digest) => sum + digest.rows, 0);
  if (rows < booksOf(manifest)) return rows === 0 ? 'not there' : 'partly deleted';
  const sums = new Map<string, MarketDigest>();
  for (const exchange of EXCHANGES) {
    const files = manifest.files.filter(
      (file) => file.table === 'books' && file.exchange === exchange,
    );
    // Of a later part only the database knows the sum with the first one.
    if (files.length > 1)
      for (const key of found.keys()) if (key.startsWith(exchange)) found.delete(key);
    if (files.length !== 1) continue;
    for (const [pair, digest] of Object.entries(files[0]!.markets))
      sums.set(`${exchange}:${pair}`, digest);
  }
  const wrong = difference(sums, found);
  if (wrong !== null) problems.push(`${date}: the archive disagrees with the database: ${wrong}`);
  return 'equal';
}

/** Digests of books in the database, by `EXCHANGE:PAIR`. */
async function databaseDigests(
  reader: DayReader,
  ranges: Manifest['ranges'],
): Promise<Map<string, MarketDigest>> {
  const names = new Map(
    (await reader.markets()).map((m) => [m.id, `${m.exchange}:${pairText(m)}`]),
  );
  const sums = new Map<string, DigestSum>();
  for (const [low, high] of ranges) {
    for (let next = low; next <= high;) {
      const rows = await reader.books(next, high, PAGE);
      for (const row of rows) {
        const name = names.get(Number(row[0]))!;
        let sum = sums.get(name);
        if (sum === undefined) sums.set(name, (sum = new DigestSum()));
        sum.add(Number(row[1]), rowText(row.slice(1) as RowValue[]));
      }
      next = rows.length < PAGE ? high + 1 : Number(rows.at(-1)![1]) + 1;
    }
  }
  return new Map([...sums].map(([name, sum]) => [name, sum.result]));
}
