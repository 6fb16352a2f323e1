import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Exchange } from '../market/exchange.js';
import type { CoverageMinute } from '../market/coverage.js';
import type { DayReport } from '../market/day-report.js';
import type { Gap, GapCause } from '../market/gap.js';
import { type Market, pairText } from '../market/market.js';
import type { TimeWindow } from '../market/time-window.js';
import { type Duck, openDuck, quoted, rowsOf } from '../parquet/duckdb.js';
import { reasonOf } from '../parquet/errors.js';
import { dateOf, DAY_MS, manifestFile, startOf } from '../parquet/layout.js';
import { archivedDates, type ArchivedFile, readManifest } from '../parquet/manifest.js';
import { readReport } from '../parquet/report.js';
import { storedColumns, TABLES } from '../parquet/tables.js';
import {
  type ArchivedSelection,
  type Day,
  digestOf,
  filesOf,
  filesOfExchange,
  type Hole,
  marketOf,
  marketsAround,
  missesDay,
  overlaps,
} from './archive-days.js';
import { applyRow, type RebuiltBook, type StoredRow } from './rebuild.js';
import type { Identified, ReceivedSums } from './store-types.js';
import type { SequenceRange } from './timeline.js';

/** How long a look at the manifests holds, ms: what the database deletes must be found here. */
const FRESH_MS = 1_000;
/** Memory of DuckDB, MB; it is opened by the first question that reaches into the archive. */
const MEMORY_MB = 192;
/** Sequences that the first statement of a walk spans, and rows that one should give at most. */
const FIRST_SPAN = 50_000;
const PIECE_ROWS = 40_000;
/** Up to so many markets are looked for by name, of more all are read. */
const FEW = 8;
/** How long a file that could not be read is left alone, ms. */
const BROKEN_MS = 60_000;
/** Ids of the gaps that missing days are: above all others, a day after the other. */
const MISSING_IDS = 4e15;
const MARKETS = 100_000;
/** Times that DuckDB can hold, ms. */
const MAX_TIME = 8.64e15;

/** Which markets; what is undefined may be anything. */
type PairFilter = { readonly symbol?: string | undefined; readonly currency?: string | undefined };

/** A row and its market. */
export interface ArchivedRow extends Omit<StoredRow, 'marketId'> {
  readonly market: Market;
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
  readonly #hotFrom: (market: Market) => Promise<number>;
  #days: Day[] = [];
  #lookedAt = -Infinity;
  #duck: Promise<Duck> | null = null;
  /** Files that could not be read, and when that was found. */
  readonly #broken = new Map<string, number>();

  /**
   * @param hotFrom the time of the first book of a market that the database still has, Unix ms;
   * Infinity without one
   */
  constructor(folder: string, hotFrom: (market: Market) => Promise<number>) {
    this.#folder = folder;
    this.#hotFrom = hotFrom;
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
        [file],
        (source) =>
          `SELECT sequence, base FROM ${source}
            WHERE ${marketSql(market)} AND sequence <= ${upTo} AND ${until}
            ORDER BY sequence DESC LIMIT 1`,
      );
      // What it had may be newer than all that is left.
      if (this.#isBroken(file)) return null;
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
    let span = FIRST_SPAN;
    for (let low = range.low; low <= range.high;) {
      const part = { ...window, low, high: Math.min(range.high, low + span - 1) };
      let rows: ArchivedRow[] = [];
      for (const exchange of exchanges) {
        const own = markets.filter((market) => market.exchange === exchange);
        const found = await this.#books(exchange, own, part);
        rows = rows.length === 0 ? found : rows.concat(found);
      }
      if (exchanges.size > 1) rows.sort((a, b) => a.sequence - b.sequence);
      if (rows.length > 0) yield rows;
      low = part.high + 1;
      // Many sequences of quiet markets in one statement, few of busy ones in memory.
      if (rows.length < PIECE_ROWS / 4) span *= 2;
      else if (rows.length > PIECE_ROWS) span = Math.max(1, Math.floor(span / 2));
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
        [file],
        (source) =>
          `SELECT sequence FROM ${source}
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

  /**
   * The gaps of some markets that touch a window, by id; the last ones are the days that are missing.
   * @param exchange undefined = all
   */
  async gaps(
    exchange: Exchange | undefined,
    pair: PairFilter,
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
          [file],
          (source) =>
            `SELECT symbol, currency, ${storedColumns(TABLES.gaps)}
               FROM (SELECT * FROM ${source} WHERE ${conditions.join(' AND ')})`,
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
    found.sort((a, b) => a.id - b.id);
    return [...found, ...(await this.#missingDays(exchange, pair, { from, to }))];
  }

  /** When a market was first being recorded, as far as the archive knows, Unix ms; null = never. */
  async recordedFrom(market: Market): Promise<number | null> {
    const starts = filesOf(await this.#look(), 'recordings', market);
    return starts.reduce<number | null>(
      (least, file) => Math.min(least ?? Infinity, digestOf(file, market).first),
      null,
    );
  }

  /** What was received of a market in the minutes from `from` to before `to` (Unix ms), oldest first. */
  async minutes(
    market: Market,
    from: number,
    to: number,
    limit: number,
  ): Promise<CoverageMinute[]> {
    const rows = await this.#coverage(
      market,
      from,
      to,
      (source) => `SELECT ${storedColumns(TABLES.coverage)} FROM (SELECT * FROM ${source}
         WHERE frames > 0 ORDER BY minute LIMIT ${limit})`,
    );
    return rows.map((row) => {
      const [minute, frames, changed, repeats, longestSilenceMs] = row.map(Number);
      const counts = { frames: frames!, changed: changed!, repeats: repeats! };
      return { market, minute: minute!, ...counts, longestSilenceMs: longestSilenceMs! };
    });
  }

  /** The sums of those minutes. */
  async minuteSums(market: Market, from: number, to: number): Promise<ReceivedSums> {
    const [row] = await this.#coverage(
      market,
      from,
      to,
      (source) =>
        `SELECT sum(frames), sum(changed), sum(repeats), max(longest_silence_ms) FROM ${source}`,
    );
    const [frames = 0, changed = 0, repeats = 0, longestSilenceMs = 0] = (row ?? []).map(Number);
    return { frames, changed, repeats, longestSilenceMs };
  }

  /** The report of a day as it was archived; null without one. */
  async report(date: string): Promise<DayReport | null> {
    return (await this.#look()).some((day) => day.date === date)
      ? readReport(this.#folder, date)
      : null;
  }

  /** The newest day; null when there is none. */
  async newestDate(): Promise<string | null> {
    return (await this.#look()).at(-1)?.date ?? null;
  }

  /** Rows of `sql` over the coverage of a market's minutes. */
  async #coverage(
    market: Market,
    from: number,
    to: number,
    sql: (source: string) => string,
  ): Promise<unknown[][]> {
    if (from >= to) return [];
    const files = filesOf(await this.#look(), 'coverage', market).filter(
      ({ date }) => startOf(date) + DAY_MS > from && startOf(date) < to,
    );
    return this.#rows(files, (source) =>
      sql(
        `(SELECT * FROM ${source} WHERE ${marketSql(market)} AND ${windowSql({ from, to }, 'minute')})`,
      ),
    );
  }

  /**
   * Days that were archived and are missing or cannot be read, as gaps of the markets that they had,
   * as far as the database does not have these books.
   */
  async #missingDays(
    exchange: Exchange | undefined,
    { symbol, currency }: PairFilter,
    { from = -Infinity, to = Infinity }: TimeWindow,
  ): Promise<Identified<Gap>[]> {
    const gaps: Identified<Gap>[] = [];
    for (const { date, markets, detail } of await this.#holes(from, to)) {
      const start = startOf(date);
      for (const [i, market] of markets.entries()) {
        if (exchange !== undefined && market.exchange !== exchange) continue;
        if ((symbol ?? market.symbol) !== market.symbol) continue;
        if ((currency ?? market.currency) !== market.currency) continue;
        const end = Math.min(start + DAY_MS, await this.#hotFrom(market));
        if (end <= start) continue;
        const gap = { market, start, end, cause: 'ARCHIVE_MISSING', detail, attempts: 0 } as const;
        gaps.push({ id: MISSING_IDS + (start / DAY_MS) * MARKETS + i, value: gap });
      }
    }
    return gaps;
  }

  /** The holes of the archive that touch a window. */
  async #holes(from: number, to: number): Promise<Hole[]> {
    const touches = (date: string): boolean => startOf(date) + DAY_MS > from && startOf(date) < to;
    const days = await this.#look();
    const holes: Hole[] = [];
    for (const [i, { date, manifest, problem }] of days.entries()) {
      if (manifest === null) {
        const markets = marketsAround(days[i - 1], days[i + 1]);
        if (touches(date)) holes.push({ date, markets, detail: problem ?? 'it cannot be read' });
        continue;
      }
      const { previous } = manifest;
      if (previous !== null && touches(previous) && !days.some((day) => day.date === previous)) {
        const before = days.slice(0, i).findLast((day) => day.date < previous);
        const detail = `the archive has no ${previous}`;
        holes.push({ date: previous, markets: marketsAround(before, days[i]), detail });
      }
      for (const file of touches(date) ? manifest.files : []) {
        if (file.table !== 'books' || (await this.#isWhole(file))) continue;
        const markets = Object.keys(file.markets).map((pair) => marketOf(file.exchange, pair));
        const detail = `${join(this.#folder, file.path)} is missing or damaged`;
        holes.push({ date, markets, detail });
      }
    }
    return holes;
  }

  /** Whether a file is there with its length, and was not found damaged. */
  async #isWhole(file: ArchivedFile): Promise<boolean> {
    if (this.#isBroken(file)) return false;
    const stats = await stat(join(this.#folder, file.path)).catch(() => null);
    return stats?.size === file.bytes;
  }

  #isBroken({ path }: ArchivedFile): boolean {
    const found = this.#broken.get(path);
    if (found === undefined) return false;
    if (performance.now() - found < BROKEN_MS) return true;
    this.#broken.delete(path);
    return false;
  }

  /** When a market was being recorded in a window: intervals, Unix ms, ascending. */
  async recordings(market: Market, { from = -Infinity, to = Infinity }: TimeWindow) {
    const files = filesOf(await this.#look(), 'recordings', market).filter(
      ({ date }) => startOf(date) + DAY_MS > from && startOf(date) < to,
    );
    const rows = await this.#rows(
      files,
      (source) =>
        `SELECT ${storedColumns(TABLES.recordings)}
           FROM (SELECT * FROM ${source} WHERE ${marketSql(market)}) ORDER BY 1`,
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
    const wanted = few ? `(${markets.map(marketSql).join(' OR ')})` : 'true';
    const rows = await this.#rows(
      files,
      (source) =>
        `SELECT symbol, currency, ${storedColumns(TABLES.books)} FROM (
           SELECT * FROM ${source}
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

  /**
   * Rows out of some files. Those that cannot be read are left out: {@link gaps} tells of them.
   * @param sql the query, given what stands for the files in it
   */
  async #rows(
    files: readonly ArchivedFile[],
    sql: (source: string) => string,
  ): Promise<unknown[][]> {
    for (;;) {
      const readable = files.filter((file) => !this.#isBroken(file));
      if (readable.length === 0) return [];
      this.#duck ??= openDuck({ memoryMb: MEMORY_MB, temporary: null });
      try {
        return await rowsOf((await this.#duck).connection, sql(this.#parquet(readable)));
      } catch (error) {
        if (!(await this.#noteBroken(readable, String(error)))) throw error;
      }
    }
  }

  /** Notes which of some files a failure was about. @returns whether it was about any */
  async #noteBroken(files: readonly ArchivedFile[], failure: string): Promise<boolean> {
    let found = false;
    for (const file of files) {
      if (!failure.includes(file.path) && (await this.#isWhole(file))) continue;
      this.#broken.set(file.path, performance.now());
      found = true;
    }
    return found;
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
        let problem: string | null = null;
        const manifest = await readManifest(this.#folder, date).catch((error: unknown) => {
          problem = reasonOf(error);
          return null;
        });
        // A folder of a day without a manifest is no archived day.
        if (manifest !== null || problem !== null) days.push({ date, mtimeMs, manifest, problem });
      }
    }
    this.#days = days;
    this.#lookedAt = performance.now();
    return days;
  }
}
