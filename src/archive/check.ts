import { readdir } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { EXCHANGES } from '../market/exchange.js';
import { pairText } from '../market/market.js';
import { DayReader } from '../store/day-reader.js';
import { addToSum, type DigestSum, sumsOf } from '../parquet/digest.js';
import { type Duck, openDuck } from '../parquet/duckdb.js';
import { reasonOf } from '../parquet/errors.js';
import { DAY_MS, isDate, startOf, TABLE_NAMES } from '../parquet/layout.js';
import {
  archivedDates,
  rowsOfDay,
  type Manifest,
  type MarketDigest,
  readManifest,
} from '../parquet/manifest.js';
import { tradeRow } from './trade-walk.js';
import { difference, verifyFile } from './verify.js';

/** Rows read from the database per statement. */
const PAGE = 4_096;
const MEMORY_MB = 256;

/** Result of checking a day. */
export interface CheckedDay {
  readonly date: string;
  readonly books: number;
  readonly trades: number;
  /** Whether it was also compared with the database, which may no longer have all of it. */
  readonly database: 'equal' | 'partly deleted' | 'not there';
  /** What is wrong, one line each; empty when all is well. */
  readonly problems: readonly string[];
}

/**
 * Compares archived days with their manifests, and with the database where it still has them.
 * @param date only this day.
 * @param dbPath null = no database
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

/** All days with a manifest or a file. */
async function knownDates(folder: string): Promise<string[]> {
  const dates = new Set(await archivedDates(folder));
  for (const path of await filesBelow(folder)) {
    const found = /(?:^|\/)date=([^/]+)\//.exec(path)?.[1];
    if (found !== undefined && isDate(found)) dates.add(found);
  }
  return [...dates].sort();
}

/** The files of all tables, as paths within the archive. */
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
  const none: CheckedDay = { date, books: 0, trades: 0, database: 'not there', problems: [] };
  let manifest: Manifest | null;
  try {
    manifest = await readManifest(folder, date);
  } catch (error) {
    return { ...none, problems: [reasonOf(error)] };
  }
  if (manifest === null) {
    return { ...none, problems: [`${date}: the manifest is missing; archive the day again`] };
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
  const database =
    reader === null ? 'not there' : await compare(folder, manifest, reader, problems);
  const [books, trades] = [rowsOfDay(manifest, 'books'), rowsOfDay(manifest, 'trades')];
  return { date, books, trades, database, problems };
}

/** Compares a day's books and trades with those still in the database. */
async function compare(
  folder: string,
  manifest: Manifest,
  reader: DayReader,
  problems: string[],
): Promise<CheckedDay['database']> {
  const { date, database, ranges, previous } = manifest;
  if (database !== reader.identity) return 'not there';
  const before = previous === null ? null : await readManifest(folder, previous).catch(() => null);
  const states = new Set<CheckedDay['database']>();
  for (const table of ['books', 'trades'] as const) {
    const found =
      table === 'books'
        ? await bookDigests(reader, ranges)
        : await tradeDigests(reader, manifest, before?.trades?.before ?? 0);
    const rows = [...found.values()].reduce((sum, digest) => sum + digest.rows, 0);
    const archived = rowsOfDay(manifest, table);
    if (rows === 0 && archived === 0) continue;
    if (rows < archived) {
      states.add(rows === 0 ? 'not there' : 'partly deleted');
      continue;
    }
    const wrong = difference(...onePart(manifest, table, found));
    if (wrong !== null) {
      problems.push(`${date}: the archive's ${table} disagree with the database: ${wrong}`);
    }
    states.add('equal');
  }
  if (states.size > 1) return 'partly deleted';
  return [...states][0] ?? 'equal';
}

/**
 * Digests of archive and database, without exchanges that have a later part: only the database
 * knows the sum of parts.
 */
function onePart(
  { files }: Manifest,
  table: 'books' | 'trades',
  found: ReadonlyMap<string, MarketDigest>,
): [Map<string, MarketDigest>, Map<string, MarketDigest>] {
  const archived = new Map<string, MarketDigest>();
  const stored = new Map(found);
  for (const exchange of EXCHANGES) {
    const own = files.filter((file) => file.table === table && file.exchange === exchange);
    if (own.length > 1)
      for (const key of stored.keys()) if (key.startsWith(exchange)) stored.delete(key);
    if (own.length !== 1) continue;
    for (const [pair, digest] of Object.entries(own[0]!.markets))
      archived.set(`${exchange}:${pair}`, digest);
  }
  return [archived, stored];
}

/** The markets of a database, by number, as `EXCHANGE:PAIR`. */
async function namesOf(reader: DayReader): Promise<Map<number, string>> {
  return new Map((await reader.markets()).map((m) => [m.id, `${m.exchange}:${pairText(m)}`]));
}

/** Digests of books in the database, by `EXCHANGE:PAIR`. */
async function bookDigests(
  reader: DayReader,
  ranges: Manifest['ranges'],
): Promise<Map<string, MarketDigest>> {
  const names = await namesOf(reader);
  const sums = new Map<string, DigestSum>();
  for (const [low, high] of ranges) {
    for (let next = low; next <= high;) {
      const rows = await reader.books(next, high, PAGE);
      for (const row of rows) addToSum(sums, names.get(Number(row[0]))!, Number(row[1]), row);
      next = rows.length < PAGE ? high + 1 : Number(rows.at(-1)![1]) + 1;
    }
  }
  return new Map(Object.entries(sumsOf(sums)));
}

/** Digests of the trades archived with a day, by `EXCHANGE:PAIR`, from sequence `from`. */
async function tradeDigests(
  reader: DayReader,
  { date, trades }: Manifest,
  from: number,
): Promise<Map<string, MarketDigest>> {
  const names = await namesOf(reader);
  const sums = new Map<string, DigestSum>();
  const day = startOf(date);
  const all = await reader.trades({ from, receivedBefore: day + DAY_MS });
  for await (const piece of all.pieces()) {
    for (const { marketId, trade } of piece) {
      const { sequence, timestamp, exchangeTimestamp } = trade;
      if (sequence > (trades?.upTo ?? 0) || timestamp < day || timestamp >= day + DAY_MS) continue;
      addToSum(sums, names.get(marketId)!, exchangeTimestamp, tradeRow(marketId, trade));
    }
  }
  return new Map(Object.entries(sumsOf(sums)));
}
