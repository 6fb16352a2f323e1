import { constants } from 'node:fs';
import { access, mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { DayReader } from '../store/day-reader.js';
import { Sqlite, SqliteError } from '../store/engine/sqlite/sqlite.js';
import { DayArchiver } from './day-archiver.js';
import { spansToArchive } from './span-walk.js';
import { type KnownTrades, knownTrades, tradesSettled } from './trade-walk.js';
import { openDuck } from '../parquet/duckdb.js';
import { ArchiveError, reasonOf } from '../parquet/errors.js';
import { dateOf, DAY_MS, startOf, WORK } from '../parquet/layout.js';
import { archivedDates, type Manifest, readManifest } from '../parquet/manifest.js';

/** What to archive, and where. */
export interface ArchiveTask {
  /** Folder of the archive; created if missing. */
  readonly folder: string;
  /** The database (a path, or the address of a server), which may be recording meanwhile. */
  readonly dbPath: string;
  /** A day is archived once it has been over for this many days. */
  readonly afterDays: number;
  /** The present, Unix ms. */
  readonly now: number;
  /** For tests: books buffered in memory per file. */
  readonly maxStaged?: number | undefined;
}

/** An archived day. */
export interface ArchivedDay {
  readonly manifest: Manifest;
  readonly seconds: number;
}

/** DuckDB's memory on top of the program's, MB. */
const MEMORY_MB = 208;

/** The days that ended long enough ago, starting with that of `first`, ascending. */
function* closedDays(first: number, { now, afterDays }: ArchiveTask): Generator<string> {
  for (let day = startOf(dateOf(first)); day + (1 + afterDays) * DAY_MS <= now; day += DAY_MS) {
    yield dateOf(day);
  }
}

/**
 * Archives all closed days not archived yet, oldest first. It stops at a day that cannot be
 * archived: the archive is always complete up to some day.
 * @param onDay called after each day
 * @returns how many days were archived
 * @throws {Error} with one line naming the day; the database and the days archived before are
 * untouched
 */
export async function archiveClosedDays(
  task: ArchiveTask,
  onDay: (day: ArchivedDay) => void,
): Promise<number> {
  const { folder, dbPath } = task;
  const reader = await DayReader.open(dbPath);
  try {
    const first = await reader.firstTime();
    if (first === null) return 0;
    await usable(folder);
    const lock = lockArchive(folder);
    try {
      const dates = await archivedDates(folder);
      const own = await ownDays(folder, dates, reader.identity);
      let archived = 0;
      for (const date of closedDays(first, task)) {
        const found = dates.includes(date) ? await readManifest(folder, date) : null;
        if (found !== null) checkOrigin(found, reader.identity);
        const known = knownTrades(own.values());
        if (found !== null && (await settled(found, reader, known))) continue;
        const previous = dates.filter((other) => other < date).at(-1) ?? null;
        const started = performance.now();
        const manifest = await archiveDay(task, reader, { date, previous, known, found });
        if (manifest === null) continue;
        archived++;
        own.set(date, manifest);
        if (!dates.includes(date)) dates.push(date);
        dates.sort();
        onDay({ manifest, seconds: (performance.now() - started) / 1000 });
      }
      return archived;
    } finally {
      lock.close();
    }
  } finally {
    await reader.close();
  }
}

/** The days archived from a database; those with unreadable manifests are left out. */
async function ownDays(
  folder: string,
  dates: readonly string[],
  identity: string,
): Promise<Map<string, Manifest>> {
  const days = new Map<string, Manifest>();
  for (const date of dates) {
    const manifest = await readManifest(folder, date).catch(() => null);
    if (manifest?.database === identity) days.set(date, manifest);
  }
  return days;
}

/** @throws {ArchiveError} when a day was archived from another database */
function checkOrigin({ date, database }: Manifest, identity: string): void {
  if (database === identity) return;
  throw new ArchiveError(
    `${date} was archived from another database; set ARCHIVE_PATH to a separate folder for this one`,
  );
}

/** Whether all books and trades of a day in the database are archived, and what it knows about them. */
async function settled(
  manifest: Manifest,
  reader: DayReader,
  known: KnownTrades,
): Promise<boolean> {
  const { date, ranges } = manifest;
  const present = await reader.ranges(startOf(date), startOf(date) + DAY_MS);
  const books = present.every(({ low, high }) =>
    ranges.some(([from, to]) => from <= low && high <= to),
  );
  if (!books || !(await tradesSettled(reader, date, known))) return false;
  const markets = new Map((await reader.markets()).map((market) => [market.id, market]));
  return (await spansToArchive(reader, markets, date, manifest)).size === 0;
}

/** Archives one day with its own DuckDB instance. */
async function archiveDay(
  { folder, maxStaged }: ArchiveTask,
  reader: DayReader,
  day: {
    readonly date: string;
    readonly previous: string | null;
    readonly known: KnownTrades;
    readonly found: Manifest | null;
  },
): Promise<Manifest | null> {
  const { date, previous, known, found } = day;
  const temporary = join(folder, WORK, 'duckdb');
  const duck = await openDuck({ memoryMb: MEMORY_MB, temporary });
  try {
    const archiver = new DayArchiver(folder, reader, duck, maxStaged);
    return await archiver.archive(date, previous, known, found);
  } catch (error) {
    if (error instanceof ArchiveError) throw error;
    throw new ArchiveError(`${date} is not archived: ${reasonOf(error)}`);
  } finally {
    duck.close();
    await rm(temporary, { recursive: true, force: true }).catch(() => undefined);
  }
}

async function usable(folder: string): Promise<void> {
  try {
    await mkdir(join(folder, WORK), { recursive: true });
  } catch (error) {
    // For a read-only file system Node reports that the folder does not exist.
    const reason = await access(folder, constants.W_OK).then(
      () => error,
      (other: NodeJS.ErrnoException) => (other.code === 'ENOENT' ? error : other),
    );
    throw new ArchiveError(`the archive ${folder} cannot be used: ${reasonOf(reason)}`);
  }
}

/** The lock on writing the archive; the system releases it when the process ends, however it ends. */
function lockArchive(folder: string): Sqlite {
  try {
    const lock = new Sqlite(join(folder, WORK, 'lock'), { readonly: false, busyTimeoutMs: 0 });
    lock.script('BEGIN EXCLUSIVE');
    return lock;
  } catch (error) {
    if (error instanceof SqliteError && error.code.startsWith('SQLITE_BUSY')) {
      throw new ArchiveError(
        `another process is writing the archive ${folder}; wait until it ends`,
      );
    }
    throw new ArchiveError(`the archive ${folder} cannot be written: ${reasonOf(error)}`);
  }
}
