import { mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Exchange, EXCHANGES } from '../market/exchange.js';
import { fitsDecimalColumn } from '../market/decimal-column.js';
import { pairText } from '../market/market.js';
import type { DayReader, DayRow, NumberedMarket } from '../store/day-reader.js';
import { forEachLevel } from '../market/level-text.js';
import type { SequenceRange } from '../store/timeline.js';
import { VERSION } from '../util/version.js';
import { addToSum, DigestSum, sumsOf } from '../parquet/digest.js';
import { type Duck, quoted } from '../parquet/duckdb.js';
import { writeWhole } from '../parquet/durable-file.js';
import { ArchiveError } from '../parquet/errors.js';
import { joinParquet } from '../parquet/join-files.js';
import { dataFile, DAY_MS, startOf, type TableName, WORK } from '../parquet/layout.js';
import {
  type ArchivedFile,
  type ArchivedTrades,
  type Manifest,
  type MarketDigest,
  SCHEMA,
  writeManifest,
} from '../parquet/manifest.js';
import { readReport, writeReport } from '../parquet/report.js';
import { spansToArchive, withTradesOf } from './span-walk.js';
import { Staging, stageMarkets } from './staging.js';
import { type KnownTrades, tradeRow, TradeWalk, unfitTrade } from './trade-walk.js';
import { fileSql, TABLES } from '../parquet/tables.js';
import { difference, readDigests } from './verify.js';

/** Rows read from the database per statement. */
const PAGE = 4_096;
/** Books buffered in memory, over all exchanges, and the length of their text. */
const MAX_STAGED = 150_000;
const MAX_STAGED_TEXT = 32 * 1024 * 1024;

/** Maximum rows of a row group; its minimum, of which DuckDB makes groups in multiples. */
const GROUP_ROWS = 61_440;
const LEAST_ROWS = 2_048;
/** Target text size of a row group: it is held in memory, at several times its length, while being written. */
const GROUP_TEXT = 8 * 1024 * 1024;

/** Parquet options. A row group of deltas is a few megabytes and takes a few milliseconds to read. */
function format(rows: number, text: number): string {
  const fit = Math.floor((GROUP_TEXT * rows) / Math.max(text, 1) / LEAST_ROWS) * LEAST_ROWS;
  const group = Math.max(LEAST_ROWS, Math.min(GROUP_ROWS, fit));
  return (
    'FORMAT parquet, PARQUET_VERSION v2, COMPRESSION zstd, COMPRESSION_LEVEL 9,' +
    ` ROW_GROUP_SIZE ${group}, USE_TMP_FILE false`
  );
}

/** The small tables of a day, archived once. */
const RECORD_TABLES = ['gaps', 'coverage', 'recordings'] as const;

/** Identifies a file of the archive. */
type FilePlace = Pick<ArchivedFile, 'table' | 'exchange' | 'path'> & { readonly date: string };

/** What is ready of an exchange's books or trades. */
interface Pieces {
  /** Files with one stretch of them each. */
  readonly pieces: string[];
  markets: Record<string, MarketDigest>;
}

/** What is ready of an exchange's books, in order. */
interface Progress extends Pieces {
  /** The last book in them. */
  last: number;
}

/** The trades of an exchange on their way into pieces. */
interface ExchangeTrades {
  readonly staging: Staging;
  readonly pieces: string[];
  readonly sums: Map<string, DigestSum>;
}

/** What is ready of a day, for resuming after an interruption. */
interface Work {
  readonly key: string;
  readonly exchanges: Partial<Record<Exchange, Progress>>;
}

/**
 * Archives one day: writes its books by exchange and market, reads the files back, compares them
 * with the database, and only then writes the manifest that marks the day as archived.
 */
export class DayArchiver {
  readonly #folder: string;
  readonly #reader: DayReader;
  readonly #duck: Duck;
  #markets = new Map<number, NumberedMarket>();
  readonly #pieceBooks: number;

  /** @param maxStaged for tests: books buffered in memory per piece */
  constructor(folder: string, reader: DayReader, duck: Duck, maxStaged = MAX_STAGED) {
    this.#folder = folder;
    this.#reader = reader;
    this.#duck = duck;
    this.#pieceBooks = maxStaged;
  }

  /**
   * Archives a day; for a day already archived, the books and trades that have been added since (a
   * clock that was set back), and what has become known about its trades.
   * @param previous the previous archived day with any data, or null
   * @param known which trades are archived so far
   * @param existing its manifest, if it is archived
   * @returns its manifest; null when there is nothing to archive
   * @throws {ArchiveError} saying why it is not archived; the database and the existing archive are
   * untouched
   */
  async archive(
    date: string,
    previous: string | null,
    known: KnownTrades,
    existing: Manifest | null = null,
  ): Promise<Manifest | null> {
    const from = startOf(date);
    const archived = existing?.ranges ?? [];
    const ranges = uncovered(await this.#reader.ranges(from, from + DAY_MS), archived);
    // After the ranges, so that every market with a book in them is known.
    this.#markets = new Map((await this.#reader.markets()).map((market) => [market.id, market]));
    await stageMarkets(this.#duck.connection, [...this.#markets.values()]);
    const books = await this.#books(date, ranges);
    const work = this.#work(date);
    try {
      const trades = await this.#trades(date, known);
      const files = await this.#files(date, { books, trades: trades.files }, existing);
      if (files.length === 0) return null;
      const all = [...archived, ...ranges.map(({ low, high }) => [low, high] as const)];
      const manifest: Manifest = {
        schema: SCHEMA,
        program: VERSION,
        date,
        previous: existing === null ? previous : existing.previous,
        database: this.#reader.identity,
        archivedAt: new Date().toISOString(),
        ranges: all.sort((a, b) => a[0] - b[0]),
        trades: { ...trades.reached, ...(existing?.trades && { before: existing.trades.before }) },
        files: [...(existing?.files ?? []), ...files],
      };
      await this.#report(date, existing !== null && books.length + trades.files.length === 0);
      await writeManifest(this.#folder, manifest);
      return manifest;
    } finally {
      // Even on failure: whatever is wrong with the pieces must not be met again.
      await rm(work, { recursive: true, force: true }).catch(() => undefined);
    }
  }

  /** Writes the files of a day. */
  async #files(
    date: string,
    large: Readonly<Record<'books' | 'trades', readonly [Exchange, Pieces][]>>,
    existing: Manifest | null,
  ): Promise<ArchivedFile[]> {
    const files: ArchivedFile[] = [];
    for (const table of ['books', 'trades'] as const) {
      for (const [exchange, pieces] of large[table]) {
        const own = (file: ArchivedFile) => file.table === table && file.exchange === exchange;
        const part = existing?.files.filter(own).length ?? 0;
        const path = dataFile(table, exchange, date, part);
        files.push(await this.#finish({ date, table, exchange, path }, pieces));
      }
    }
    const from = startOf(date);
    const spans = await spansToArchive(this.#reader, this.#markets, date, existing);
    for (const [exchange, rows] of spans) {
      const own = (file: ArchivedFile) =>
        file.table === 'trade_spans' && file.exchange === exchange;
      const part = existing?.files.filter(own).length ?? 0;
      const path = dataFile('trade_spans', exchange, date, part);
      files.push(await this.#small({ date, table: 'trade_spans', exchange, path }, rows));
    }
    for (const table of existing === null ? RECORD_TABLES : []) {
      const rows = await this.#reader.records(table, from, from + DAY_MS);
      for (const exchange of EXCHANGES) {
        const own = rows.filter((row) => this.#market(row).exchange === exchange);
        const path = dataFile(table, exchange, date, 0);
        if (own.length > 0) files.push(await this.#small({ date, table, exchange, path }, own));
      }
    }
    return files;
  }

  /** Writes the report of a day. @param known whether only the completeness of its trades is new */
  async #report(date: string, known: boolean): Promise<void> {
    const from = startOf(date);
    const newest = await this.#reader.report(from, from + DAY_MS);
    const before = known ? await readReport(this.#folder, date) : null;
    await writeReport(this.#folder, before === null ? newest : withTradesOf(before, newest));
  }

  #work(date: string): string {
    return join(this.#folder, WORK, date);
  }

  #market(row: DayRow): NumberedMarket {
    const market = this.#markets.get(Number(row[0]));
    if (market === undefined)
      throw new ArchiveError(`a row names the unknown market ${String(row[0])}`);
    return market;
  }

  /** Writes all books of the day into pieces. */
  async #books(date: string, ranges: readonly SequenceRange[]): Promise<[Exchange, Progress][]> {
    const work = await this.#begin(date, ranges);
    const walks = new Map<Exchange, BookWalk>();
    let staged = 0;
    let text = 0;
    const flush = async (exchange: Exchange, walk: BookWalk): Promise<void> => {
      staged -= walk.staging.rows;
      text -= walk.staging.text;
      const progress = (work.exchanges[exchange] ??= {
        pieces: [],
        last: -1,
        markets: {},
      });
      const piece = join(this.#work(date), `${exchange}-${progress.pieces.length}.parquet`);
      await this.#copy(walk.staging, 'books', piece).catch(async (error: unknown) => {
        const unfit = await this.#unfit(date, exchange);
        throw unfit === null ? error : new ArchiveError(`${date} is not archived: ${unfit}`);
      });
      progress.pieces.push(piece);
      progress.last = walk.last;
      progress.markets = walk.digests();
      await this.#saveWork(date, work);
    };
    // What every exchange already has in its pieces need not be read again.
    const done = Math.min(...EXCHANGES.map((exchange) => work.exchanges[exchange]?.last ?? -1));
    for (const { low, high } of ranges) {
      for (let next = Math.max(low, done + 1); next <= high;) {
        const rows = await this.#reader.books(next, high, PAGE);
        for (const row of rows) {
          const { exchange, symbol, currency } = this.#market(row);
          let walk = walks.get(exchange);
          if (walk === undefined) {
            const staging = new Staging(this.#duck.connection, TABLES.books, `books_${exchange}`);
            walk = new BookWalk(staging, work.exchanges[exchange]);
            walks.set(exchange, walk);
          }
          const before = walk.staging.text;
          if (!(await walk.take(row, pairText({ symbol, currency })))) continue;
          staged++;
          text += walk.staging.text - before;
        }
        while (staged >= this.#pieceBooks || text >= MAX_STAGED_TEXT) {
          const [exchange, walk] = [...walks].reduce((a, b) =>
            b[1].staging.text > a[1].staging.text ? b : a,
          );
          await flush(exchange, walk);
        }
        next = rows.length < PAGE ? high + 1 : Number(rows.at(-1)![1]) + 1;
      }
    }
    for (const [exchange, walk] of walks) if (walk.staging.rows > 0) await flush(exchange, walk);
    return EXCHANGES.flatMap((exchange) => {
      const progress = work.exchanges[exchange];
      return progress === undefined ? [] : [[exchange, progress] as [Exchange, Progress]];
    });
  }

  /** Writes the day's unarchived trades into pieces. */
  async #trades(
    date: string,
    known: KnownTrades,
  ): Promise<{ files: [Exchange, Pieces][]; reached: ArchivedTrades }> {
    const walk = new TradeWalk(startOf(date), known);
    const trades = await this.#reader.trades({
      from: known.before,
      receivedBefore: startOf(date) + DAY_MS,
    });
    const days = new Map<Exchange, ExchangeTrades>();
    const flush = async (exchange: Exchange, day: ExchangeTrades) => {
      const { staging, pieces } = day;
      const name = `${exchange}-trades-${pieces.length}.parquet`;
      const piece = join(this.#work(date), name);
      await this.#copy(staging, 'trades', piece);
      pieces.push(piece);
    };
    let staged = 0;
    for await (const piece of trades.pieces()) {
      for (const { marketId, trade } of piece) {
        if (!walk.takes(trade)) continue;
        const market = this.#market([marketId]);
        const { exchange } = market;
        let day = days.get(exchange);
        if (day === undefined) {
          const staging = new Staging(this.#duck.connection, TABLES.trades, `trades_${exchange}`);
          days.set(exchange, (day = { staging, pieces: [], sums: new Map() }));
        }
        const row = tradeRow(marketId, trade);
        const unfit = unfitTrade(trade);
        if (unfit !== null) {
          throw new ArchiveError(
            `${date} is not archived: ${exchange}:${pairText(market)} has ${unfit} at sequence ${trade.sequence}, which DECIMAL(38,18) cannot hold`,
          );
        }
        addToSum(day.sums, pairText(market), trade.exchangeTimestamp, row);
        await day.staging.add(row);
        staged++;
      }
      if (staged < this.#pieceBooks) continue;
      for (const [exchange, day] of days) if (day.staging.rows > 0) await flush(exchange, day);
      staged = 0;
    }
    for (const [exchange, day] of days) if (day.staging.rows > 0) await flush(exchange, day);
    const files = EXCHANGES.flatMap((exchange): [Exchange, Pieces][] => {
      const day = days.get(exchange);
      return day === undefined
        ? []
        : [[exchange, { pieces: day.pieces, markets: sumsOf(day.sums) }]];
    });
    const before = Math.min(walk.unarchivedFrom, trades.unseenFrom, trades.newest + 1);
    return { files, reached: { upTo: trades.newest, before } };
  }

  /** What an interrupted run has left of this day, if it can be resumed. */
  async #begin(date: string, ranges: readonly SequenceRange[]): Promise<Work> {
    const key = JSON.stringify([SCHEMA, VERSION, 'text', this.#reader.identity, date, ranges]);
    const folder = this.#work(date);
    try {
      const work = JSON.parse(await readFile(join(folder, 'work.json'), 'utf8')) as Work;
      if (work.key === key) return work;
    } catch {
      // There is none, or it is incomplete.
    }
    await rm(folder, { recursive: true, force: true });
    await mkdir(folder, { recursive: true });
    return { key, exchanges: {} };
  }

  async #saveWork(date: string, work: Work): Promise<void> {
    const text = JSON.stringify(work);
    await writeWhole(join(this.#work(date), 'work.json'), (part) => writeFile(part, text));
  }

  /** Writes what is staged into a file. */
  async #copy(staging: Staging, table: TableName, path: string): Promise<void> {
    await staging.flush();
    const sql = fileSql(TABLES[table], staging.name);
    await writeWhole(path, (part) =>
      this.#run(`COPY (${sql}) TO ${quoted(part)} (${format(staging.rows, staging.text)})`),
    );
    await this.#duck.connection.run(`DROP TABLE ${staging.name}`);
    staging.clear();
  }

  /** Joins the pieces of a file, reads it back, compares, and publishes it under its name. */
  async #finish(file: FilePlace, { pieces, markets }: Pieces): Promise<ArchivedFile> {
    const { date, table, exchange, path } = file;
    const rows = Object.values(markets).reduce((sum, market) => sum + market.rows, 0);
    let bytes = 0;
    await writeWhole(join(this.#folder, path), async (part) => {
      await joinParquet(pieces, part);
      const found = await readDigests(this.#duck.connection, table, part);
      const wrong = difference(new Map(Object.entries(markets)), found);
      if (wrong !== null) {
        const reason = table === 'books' ? await this.#unfit(date, exchange) : null;
        throw new ArchiveError(
          `${date} is not archived: read back, the ${table} of ${exchange} differ from the database: ${reason ?? wrong}`,
        );
      }
      bytes = (await stat(part)).size;
    });
    return { table, exchange, path, bytes, rows, markets };
  }

  /** A file with few rows. */
  async #small(file: FilePlace, rows: readonly DayRow[]): Promise<ArchivedFile> {
    const { table, exchange } = file;
    const staging = new Staging(this.#duck.connection, TABLES[table], `small_${table}`);
    const key = TABLES[table].columns.findIndex(({ name }) => name === TABLES[table].key) + 1;
    const sums = new Map<string, DigestSum>();
    for (const row of rows) {
      const pair = pairText(this.#market(row));
      addToSum(sums, pair, Number(row[key]), row);
      await staging.add(row);
    }
    const piece = join(this.#work(file.date), `${table}-${exchange}.parquet`);
    await this.#copy(staging, table, piece);
    return this.#finish(file, { pieces: [piece], markets: sumsOf(sums) });
  }

  /** The first value of an exchange's day that no file can hold exactly, in words; null for none. */
  async #unfit(date: string, exchange: Exchange): Promise<string | null> {
    const from = startOf(date);
    for (const { low, high } of await this.#reader.ranges(from, from + DAY_MS)) {
      for (let next = low; next <= high;) {
        const rows = await this.#reader.books(next, high, PAGE);
        for (const row of rows) {
          const market = this.#market(row);
          if (market.exchange !== exchange) continue;
          const value = unfitValue(row);
          if (value === null) continue;
          return `${exchange}:${pairText(market)} has ${value} at sequence ${String(row[1])}, which DECIMAL(38,18) cannot hold`;
        }
        next = rows.length < PAGE ? high + 1 : Number(rows.at(-1)![1]) + 1;
      }
    }
    return null;
  }

  async #run(sql: string): Promise<void> {
    await this.#duck.connection.run(sql);
  }
}

/** The parts of some ranges that no other range covers. */
function uncovered(
  ranges: readonly SequenceRange[],
  covered: readonly (readonly [low: number, high: number])[],
): SequenceRange[] {
  let left = [...ranges];
  for (const [from, to] of covered) {
    left = left.flatMap(({ low, high }) => [
      ...(low < from ? [{ low, high: Math.min(high, from - 1) }] : []),
      ...(high > to ? [{ low: Math.max(low, to + 1), high }] : []),
    ]);
  }
  return left;
}

/** The books of an exchange on their way into pieces. */
class BookWalk {
  readonly staging: Staging;
  last: number;
  readonly #sums = new Map<string, DigestSum>();

  constructor(staging: Staging, before: Progress | undefined) {
    this.staging = staging;
    this.last = before?.last ?? -1;
    for (const [pair, digest] of Object.entries(before?.markets ?? {})) {
      this.#sums.set(pair, new DigestSum(digest));
    }
  }

  /** @returns false when an earlier run has already handled it */
  async take(row: DayRow, pair: string): Promise<boolean> {
    const sequence = Number(row[1]);
    if (sequence <= this.last) return false;
    this.last = sequence;
    addToSum(this.#sums, pair, sequence, row);
    await this.staging.add(row);
    return true;
  }

  digests(): Record<string, MarketDigest> {
    return sumsOf(this.#sums);
  }
}

/** The first price or volume of a row that the decimal column cannot hold; null for none. */
function unfitValue(row: DayRow): string | null {
  let found: string | null = null;
  const look = (price: string, volume: string): void => {
    found ??= [price, volume].find((text) => !fitsDecimalColumn(text)) ?? null;
  };
  forEachLevel(row[5] as string, look);
  forEachLevel(row[6] as string, look);
  return found;
}
