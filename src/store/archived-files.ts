import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Exchange } from '../market/exchange.js';
import type { Market } from '../market/market.js';
import type { TimeWindow } from '../market/time-window.js';
import { type Duck, openDuck, quoted, rowsOf } from '../parquet/duckdb.js';
import { reasonOf } from '../parquet/errors.js';
import { DAY_MS, manifestFile, startOf, type TableName } from '../parquet/layout.js';
import { archivedDates, type ArchivedFile, readManifest } from '../parquet/manifest.js';
import { type Day, type Hole, marketOf, marketsAround, marketsIn } from './archive-days.js';

/** How long a reading of the manifests is valid, ms: what the database deletes must be found here. */
const FRESH_MS = 1_000;
/** DuckDB's memory, MB; it is opened by the first query that reaches into the archive. */
const MEMORY_MB = 192;
/** How long an unreadable file is left alone, ms. */
const BROKEN_MS = 60_000;
/** Range of times that DuckDB can hold, ms. */
export const MAX_TIME = 8.64e15;

/** A time, Unix ms, as SQL. */
export const timeSql = (ms: number): string => `make_timestamp(${ms * 1_000})::TIMESTAMPTZ`;

/** The rows of a market, as a condition. */
export function marketSql({ symbol, currency }: Market): string {
  return `symbol = ${quoted(symbol)} AND currency = ${quoted(currency)}`;
}

/** The rows of a window, as a condition. */
export function windowSql({ from, to }: TimeWindow, column = 'timestamp'): string {
  const parts = [];
  if (from !== undefined && from > -MAX_TIME) parts.push(`"${column}" >= ${timeSql(from)}`);
  if (to !== undefined && to < MAX_TIME) parts.push(`"${column}" < ${timeSql(to)}`);
  return parts.length === 0 ? 'true' : parts.join(' AND ');
}

/** The days of an archive and the rows of their files, some of which may be missing or damaged. */
export class ArchivedFiles {
  readonly #folder: string;
  #days: Day[] = [];
  #lookedAt = -Infinity;
  #duck: Promise<Duck> | null = null;
  /** Unreadable files, and when that was discovered. */
  readonly #broken = new Map<string, number>();

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Folder of the archive. */
  get folder(): string {
    return this.#folder;
  }

  /** Closes what reads the files. */
  async close(): Promise<void> {
    const duck = this.#duck;
    this.#duck = null;
    (await duck?.catch(() => null))?.close();
  }

  /** The current days. A manifest is read again when it has changed. */
  async days(): Promise<Day[]> {
    if (performance.now() - this.#lookedAt < FRESH_MS) return this.#days;
    const known = new Map(this.#days.map((day) => [day.date, day]));
    const days: Day[] = [];
    for (const date of await archivedDates(this.#folder).catch(() => [])) {
      const mtimeMs = await stat(join(this.#folder, manifestFile(date))).then(
        (stats) => stats.mtimeMs,
        () => -1,
      );
      const before = known.get(date);
      if (before?.mtimeMs === mtimeMs) days.push(before);
      else {
        let problem: string | null = null;
        const manifest = await readManifest(this.#folder, date).catch((error: unknown) => {
          problem = reasonOf(error);
          return null;
        });
        // A day's folder without a manifest is not an archived day.
        if (manifest !== null || problem !== null) days.push({ date, mtimeMs, manifest, problem });
      }
    }
    this.#days = days;
    this.#lookedAt = performance.now();
    return days;
  }

  /** All markets that have anything in a table. */
  async markets(table: TableName): Promise<Market[]> {
    return [...marketsIn(await this.days(), [table]).values()];
  }

  /** The holes of some tables in a window. */
  async holes(
    from: number,
    to: number,
    tables: readonly TableName[] = ['books', 'trades'],
  ): Promise<Hole[]> {
    const touches = (date: string): boolean => startOf(date) + DAY_MS > from && startOf(date) < to;
    const days = await this.days();
    const holes: Hole[] = [];
    for (const [i, { date, manifest, problem }] of days.entries()) {
      if (manifest === null) {
        const markets = marketsAround(days[i - 1], days[i + 1], tables);
        if (touches(date)) holes.push({ date, markets, detail: problem ?? 'it cannot be read' });
        continue;
      }
      const { previous } = manifest;
      if (previous !== null && touches(previous) && !days.some((day) => day.date === previous)) {
        const before = days.slice(0, i).findLast((day) => day.date < previous);
        const detail = `the archive has no ${previous}`;
        holes.push({ date: previous, markets: marketsAround(before, days[i], tables), detail });
      }
      const gone = new Set<Exchange>();
      for (const file of touches(date) ? manifest.files : []) {
        const { table, exchange } = file;
        if (!tables.includes(table)) continue;
        // Books come first in a manifest: if they are missing, it is reported once.
        if ((await this.#isWhole(file)) || (table === 'trades' && gone.has(exchange))) continue;
        if (table === 'books') gone.add(exchange);
        const markets = Object.keys(file.markets).map((pair) => marketOf(file.exchange, pair));
        const detail = `${join(this.#folder, file.path)} is missing or damaged`;
        holes.push({ date, markets, detail });
      }
    }
    return holes;
  }

  /** Rows of some files, skipping unreadable ones ({@link holes}). @param sql around their source */
  rows(files: readonly ArchivedFile[], sql: (source: string) => string): Promise<unknown[][]> {
    return this.read(files, [], (source, { connection }) => rowsOf(connection, sql(source)));
  }

  /**
   * What `work` reads from some files, given the SQL that stands for them. It is repeated without
   * those that are unreadable.
   * @returns `none` when no file is left
   */
  async read<T>(
    files: readonly ArchivedFile[],
    none: T,
    work: (source: string, duck: Duck) => Promise<T>,
  ): Promise<T> {
    for (;;) {
      const readable = files.filter((file) => !this.isBroken(file));
      if (readable.length === 0) return none;
      this.#duck ??= openDuck({ memoryMb: MEMORY_MB, temporary: null });
      try {
        return await work(this.#parquet(readable), await this.#duck);
      } catch (error) {
        if (!(await this.noteBroken(readable, error))) throw error;
      }
    }
  }

  /** Whether a file exists with its length, and was not found damaged. */
  async #isWhole(file: ArchivedFile): Promise<boolean> {
    if (this.isBroken(file)) return false;
    const stats = await stat(join(this.#folder, file.path)).catch(() => null);
    return stats?.size === file.bytes;
  }

  /** Whether a file was recently found damaged. */
  isBroken({ path }: ArchivedFile): boolean {
    const found = this.#broken.get(path);
    if (found === undefined) return false;
    if (performance.now() - found < BROKEN_MS) return true;
    this.#broken.delete(path);
    return false;
  }

  #parquet(files: readonly ArchivedFile[]): string {
    const paths = files.map(({ path }) => quoted(join(this.#folder, path)));
    return `read_parquet([${paths.join(', ')}], hive_partitioning = false)`;
  }

  /** Records which files a failure concerned. @returns whether it concerned any */
  async noteBroken(files: readonly ArchivedFile[], error: unknown): Promise<boolean> {
    const failure = String(error);
    let found = false;
    for (const file of files) {
      if (!failure.includes(file.path) && (await this.#isWhole(file))) continue;
      this.#broken.set(file.path, performance.now());
      found = true;
    }
    return found;
  }
}
