import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Exchange } from '../market/exchange.js';
import type { Gap, GapCause } from '../market/gap.js';
import { type Market, pairText } from '../market/market.js';
import type { TimeWindow } from '../market/time-window.js';
import { type Duck, openDuck, quoted, rowsOf } from '../parquet/duckdb.js';
import { dateOf, DAY_MS, manifestFile, startOf, type TableName } from '../parquet/layout.js';
import {
  archivedDates,
  type ArchivedFile,
  type Manifest,
  readManifest,
} from '../parquet/manifest.js';
import { storedColumns, TABLES } from '../parquet/tables.js';
import { applyRow, type RebuiltBook, type StoredRow } from './rebuild.js';
import type { Identified } from './store-types.js';
import type { SequenceRange } from './timeline.js';

/** How long a look at the manifests holds, ms: what the database deletes must be found here. */
const FRESH_MS = 1_000;
/** Memory of DuckDB, MB; it is opened by the first question that reaches into the archive. */
const MEMORY_MB = 192;
/** Sequences that one statement of a walk spans: of few markets, and of many. */
const SPAN_FEW = 2_000_000;
const SPAN_MANY = 100_000;
const FEW = 8;
/** Times that DuckDB can hold, ms. */
const MAX_TIME = 8.64e15;

/** A day of the archive, as last looked at. */
interface Day {
  readonly date: string;
  readonly mtimeMs: number;
  /** Null when it cannot be read: then nothing of the day is known. */
  readonly manifest: Manifest | null;
}

/** A row and its market. */
export interface ArchivedRow extends Omit<StoredRow, 'marketId'> {
  readonly market: Market;
}

/** What of the archive a walk reads. */
export interface ArchivedSelection extends TimeWindow {
  readonly markets: readonly Market[];
  /** Sequences, both included. */
  readonly low: number;
  readonly high: number;
}

const time = (ms: number): string => `make_timestamp(${ms * 1_000})::TIMESTAMPTZ`;

function marketSql({ symbol, currency }: Market): string {
  return `symbol = ${quoted(symbol)} AND currency = ${quoted(currency)}`;
}

function windowSql({ from, to }: TimeWindow, column = 'timestamp'): string {
  const parts = [];
  if (from !== undefined && from > -MAX_TIME) parts.push(`"${column}" >= ${time(from)}`);
  if (to !== undefined && to < MAX_TIME) parts.push(`"${column}" < ${time(to)}`);
  return parts.length === 0 ? 'true' : parts.join(' AND ');
}

/** The books, gaps and recordings of the days in an archive, whose database may have deleted them. */
export class ArchivedBooks {
  readonly #folder: string;
  #days: Day[] = [];
  #lookedAt = -Infinity;
  #duck: Promise<Duck> | null = null;

  constructor(folder: string) {
    this.#folder = folder;
  }

  async close(): Promise<void> {
    const duck = this.#duck;
    this.#duck = null;
    (await duck?.catch(() => null))?.close();
  }

  /** All markets of which the archive has books. */
  async markets(): Promise<Market[]> {
    const found = new Map<string, Market>();
    for (const { manifest } of await this.#look()) {
      for (const { table, exchange, markets } of manifest?.files ?? []) {
        if (table !== 'books') continue;
        for (const pair of Object.keys(markets)) {
          if (found.has(`${exchange}:${pair}`)) continue;
          found.set(`${exchange}:${pair}`, marketOf(exchange, pair));
        }
      }
    }
    return [...found.values()];
  }

  /**
   * The whole book of a market at its last row up to `sequence` that is not after `at` (Unix ms).
   * @returns null when there is none, or a day that is missing lies between it and `at`
   */
  async bookUpTo(market: Market, sequence: number, at: number): Promise<RebuiltBook | null> {
    const days = await this.#look();
    const last = at < MAX_TIME ? dateOf(at) : '9999-12-31';
    const files = filesOf(days, 'books', market)
      .filter((file) => file.date <= last && digestOf(file, market).first <= sequence)
      .sort((a, b) => digestOf(b, market).last - digestOf(a, market).last);
    let best: { sequence: number; base: number; date: string } | null = null;
    for (const file of files) {
      if (best !== null && digestOf(file, market).last < best.sequence) break;
      const until = at < MAX_TIME ? `timestamp <= ${time(at)}` : 'true';
      const upTo = Math.min(sequence, Number.MAX_SAFE_INTEGER);
      const [row] = await this.#rows(
        `SELECT sequence, base FROM ${this.#parquet([file])}
          WHERE ${marketSql(market)} AND sequence <= ${upTo} AND ${until}
          ORDER BY sequence DESC LIMIT 1`,
      );
      if (row === undefined || Number(row[0]) <= (best?.sequence ?? -1)) continue;
      best = { sequence: Number(row[0]), base: Number(row[1]), date: file.date };
    }
    if (best === null || missesDay(days, best.date, last)) return null;
    const { base } = best;
    const rows = await this.#books(market.exchange, [market], {
      low: base,
      high: best.sequence,
    });
    let book: RebuiltBook | null = null;
    for (const row of rows) {
      book = applyRow(book, { ...row, marketId: 0 });
      if (book === null) return null;
    }
    return book;
  }

  /** The sequences of the archive that a selection touches, ascending; adjacent ones are joined. */
  async ranges({
    from = -Infinity,
    to = Infinity,
    low,
    high,
  }: ArchivedSelection): Promise<SequenceRange[]> {
    const joined: SequenceRange[] = [];
    const all = (await this.#look())
      .filter(({ date }) => startOf(date) + DAY_MS > from && startOf(date) < to)
      .flatMap(({ manifest }) => manifest?.ranges ?? [])
      .sort((a, b) => a[0] - b[0]);
    for (const [first, end] of all) {
      const range = { low: Math.max(first, low), high: Math.min(end, high) };
      if (range.low > range.high) continue;
      const before = joined.at(-1);
      if (before !== undefined && before.high + 1 >= range.low) {
        joined[joined.length - 1] = { low: before.low, high: Math.max(before.high, range.high) };
      } else joined.push(range);
    }
    return joined;
  }

  /** The rows of one range of {@link ranges} in order of sequence, in pieces. */
  async *walk(selection: ArchivedSelection, range: SequenceRange): AsyncGenerator<ArchivedRow[]> {
    const { markets, ...window } = selection;
    const exchanges = new Set(markets.map(({ exchange }) => exchange));
    const span = markets.length <= FEW ? SPAN_FEW : SPAN_MANY;
    for (let low = range.low; low <= range.high; low += span) {
      const part = { ...window, low, high: Math.min(range.high, low + span - 1) };
      const rows: ArchivedRow[] = [];
      for (const exchange of exchanges) {
        const own = markets.filter((market) => market.exchange === exchange);
        rows.push(...(await this.#books(exchange, own, part)));
      }
      if (exchanges.size > 1) rows.sort((a, b) => a.sequence - b.sequence);
      if (rows.length > 0) yield rows;
    }
  }

  /** Sequence of the first of the last `count` rows of a market, or of the first that there is. */
  async startOfLast(
    market: Market,
    selection: ArchivedSelection,
    count: number,
  ): Promise<number | null> {
    const files = filesOf(await this.#look(), 'books', market)
      .filter((file) => overlaps(file, market, selection))
      .sort((a, b) => digestOf(b, market).last - digestOf(a, market).last);
    let start: number | null = null;
    let left = count;
    for (const file of files) {
      const rows = await this.#rows(
        `SELECT sequence FROM ${this.#parquet([file])}
          WHERE ${marketSql(market)} AND ${windowSql(selection)}
            AND sequence BETWEEN ${selection.low} AND ${selection.high}
          ORDER BY sequence DESC LIMIT ${left}`,
      );
      const first = rows.at(-1)?.[0];
      if (first !== undefined) start = Math.min(start ?? Infinity, Number(first));
      left -= rows.length;
      if (left <= 0) break;
    }
    return start;
  }

  /** The gaps of some markets that touch a window, by id. `market` undefined = all of the exchange. */
  async gaps(
    exchange: Exchange | undefined,
    pair: { readonly symbol?: string | undefined; readonly currency?: string | undefined },
    { from, to }: TimeWindow,
  ): Promise<Identified<Gap>[]> {
    const days = (await this.#look()).filter(
      ({ date }) => startOf(date) + DAY_MS > (from ?? -Infinity),
    );
    const found: Identified<Gap>[] = [];
    for (const { manifest } of days) {
      for (const file of manifest?.files ?? []) {
        if (file.table !== 'gaps' || (exchange !== undefined && file.exchange !== exchange))
          continue;
        const conditions = [
          from === undefined ? 'true' : `"end" >= ${time(from)}`,
          to === undefined || to >= MAX_TIME ? 'true' : `start < ${time(to)}`,
          pair.symbol === undefined ? 'true' : `symbol = ${quoted(pair.symbol)}`,
          pair.currency === undefined ? 'true' : `currency = ${quoted(pair.currency)}`,
        ];
        const rows = await this.#rows(
          `SELECT symbol, currency, ${storedColumns(TABLES.gaps)}
             FROM (SELECT * FROM ${this.#parquet([file])} WHERE ${conditions.join(' AND ')})`,
        );
        for (const [symbol, currency, id, start, end, cause, detail, attempts] of rows) {
          const market = {
            exchange: file.exchange,
            symbol: String(symbol),
            currency: String(currency),
          };
          found.push({
            id: Number(id),
            value: {
              market,
              start: Number(start),
              end: Number(end),
              cause: cause as GapCause,
              detail: detail as string | null,
              attempts: Number(attempts),
            },
          });
        }
      }
    }
    return found.sort((a, b) => a.id - b.id);
  }

  /** When a market was being recorded in a window: intervals, Unix ms, ascending. */
  async recordings(market: Market, { from = -Infinity, to = Infinity }: TimeWindow) {
    const files = filesOf(await this.#look(), 'recordings', market).filter(
      ({ date }) => startOf(date) + DAY_MS > from && startOf(date) < to,
    );
    if (files.length === 0) return [];
    const rows = await this.#rows(
      `SELECT ${storedColumns(TABLES.recordings)}
         FROM (SELECT * FROM ${this.#parquet(files)} WHERE ${marketSql(market)}) ORDER BY 1`,
    );
    return rows.map(([start, end]) => ({ start: Number(start), end: Number(end) }));
  }

  async #books(
    exchange: Exchange,
    markets: readonly Market[],
    { low, high, ...window }: Omit<ArchivedSelection, 'markets'>,
  ): Promise<ArchivedRow[]> {
    const pairs = new Map(markets.map((market) => [pairText(market), market]));
    const few = markets.length <= FEW;
    const files = filesOfExchange(await this.#look(), 'books', exchange).filter((file) =>
      few
        ? markets.some((market) => overlaps(file, market, { low, high, ...window }))
        : Object.values(file.markets).some(({ first, last }) => first <= high && last >= low),
    );
    if (files.length === 0) return [];
    const wanted = few ? `(${markets.map(marketSql).join(' OR ')})` : 'true';
    const rows = await this.#rows(
      `SELECT symbol, currency, ${storedColumns(TABLES.books)} FROM (
         SELECT * FROM ${this.#parquet(files)}
          WHERE ${wanted} AND sequence BETWEEN ${low} AND ${high} AND ${windowSql(window)}
          ORDER BY sequence)`,
    );
    const books: ArchivedRow[] = [];
    for (const [symbol, currency, sequence, timestamp, own, base, asks, bids] of rows) {
      const market = pairs.get(`${String(symbol)}-${String(currency)}`);
      if (market === undefined) continue;
      books.push({
        market,
        sequence: Number(sequence),
        timestamp: Number(timestamp),
        exchangeTimestamp: own === null ? null : Number(own),
        base: Number(base),
        asks: asks as string,
        bids: bids as string,
      });
    }
    return books;
  }

  #parquet(files: readonly ArchivedFile[]): string {
    const paths = files.map(({ path }) => quoted(join(this.#folder, path)));
    return `read_parquet([${paths.join(', ')}], hive_partitioning = false)`;
  }

  async #rows(sql: string): Promise<unknown[][]> {
    this.#duck ??= openDuck({ memoryMb: MEMORY_MB, temporary: null });
    return rowsOf((await this.#duck).connection, sql);
  }

  /** The days that there are now. A manifest is read again when it has changed. */
  async #look(): Promise<Day[]> {
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
        const manifest = await readManifest(this.#folder, date).catch(() => null);
        days.push({ date, mtimeMs, manifest });
      }
    }
    this.#days = days;
    this.#lookedAt = performance.now();
    return days;
  }
}

/** A file and its day. */
type DatedFile = ArchivedFile & { readonly date: string };

function marketOf(exchange: Exchange, pair: string): Market {
  const [symbol, currency] = pair.split('-');
  return { exchange, symbol: symbol!, currency: currency! };
}

function filesOfExchange(days: readonly Day[], table: TableName, exchange: Exchange): DatedFile[] {
  return days.flatMap(({ date, manifest }) =>
    (manifest?.files ?? [])
      .filter((file) => file.table === table && file.exchange === exchange)
      .map((file) => ({ ...file, date })),
  );
}

function filesOf(days: readonly Day[], table: TableName, market: Market): DatedFile[] {
  const pair = pairText(market);
  return filesOfExchange(days, table, market.exchange).filter(
    (file) => file.markets[pair] !== undefined,
  );
}

function digestOf(file: ArchivedFile, market: Market) {
  return file.markets[pairText(market)]!;
}

function overlaps(
  file: DatedFile,
  market: Market,
  { low, high, from, to }: Omit<ArchivedSelection, 'markets'>,
): boolean {
  const digest = file.markets[pairText(market)];
  if (digest === undefined || digest.first > high || digest.last < low) return false;
  const start = startOf(file.date);
  return start + DAY_MS > (from ?? -Infinity) && start < (to ?? Infinity);
}

/** Whether a day that was archived is missing, or cannot be read, after `date` and up to `last`. */
function missesDay(days: readonly Day[], date: string, last: string): boolean {
  return days.some(({ date: other, manifest }) => {
    if (other <= date) return false;
    if (manifest === null) return other <= last;
    const { previous } = manifest;
    return (
      previous !== null &&
      previous > date &&
      previous <= last &&
      !days.some((day) => day.date === previous)
    );
  });
}
