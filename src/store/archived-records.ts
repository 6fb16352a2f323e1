import type { CoverageMinute } from '../market/coverage.js';
import type { DayReport } from '../market/day-report.js';
import type { Exchange } from '../market/exchange.js';
import type { Gap, GapCause } from '../market/gap.js';
import type { Market } from '../market/market.js';
import type { TimeWindow } from '../market/time-window.js';
import { quoted } from '../parquet/duckdb.js';
import { DAY_MS, startOf } from '../parquet/layout.js';
import { readReport } from '../parquet/report.js';
import { storedColumns, TABLES } from '../parquet/tables.js';
import { digestOf, filesOf } from './archive-days.js';
import { type ArchivedFiles, marketSql, MAX_TIME, timeSql, windowSql } from './archived-files.js';
import type { Identified, ReceivedSums } from './reader-types.js';

/** Gap ids for missing days: above all others, in order of days. */
const MISSING_IDS = 4e15;
const MARKETS = 100_000;

/** Selects markets; undefined matches any. */
type PairFilter = { readonly symbol?: string | undefined; readonly currency?: string | undefined };

/** What archived days hold besides books: gaps, recordings, what was received, reports. */
export class ArchivedRecords {
  readonly #files: ArchivedFiles;
  readonly #hotFrom: (market: Market) => Promise<number>;

  /** @param hotFrom time of a market's first book still in the database, Unix ms; Infinity without one */
  constructor(files: ArchivedFiles, hotFrom: (market: Market) => Promise<number>) {
    this.#files = files;
    this.#hotFrom = hotFrom;
  }

  /** Gaps of some markets in a window, by id, then missing days. @param exchange undefined = all */
  async gaps(
    exchange: Exchange | undefined,
    pair: PairFilter,
    { from, to }: TimeWindow,
  ): Promise<Identified<Gap>[]> {
    const days = (await this.#files.days()).filter(
      ({ date }) => startOf(date) + DAY_MS > (from ?? -Infinity),
    );
    const found: Identified<Gap>[] = [];
    for (const { manifest } of days) {
      for (const file of manifest?.files ?? []) {
        if (file.table !== 'gaps' || (exchange !== undefined && file.exchange !== exchange))
          continue;
        const conditions = [
          from === undefined ? 'true' : `"end" >= ${timeSql(from)}`,
          to === undefined || to >= MAX_TIME ? 'true' : `start < ${timeSql(to)}`,
          pair.symbol === undefined ? 'true' : `symbol = ${quoted(pair.symbol)}`,
          pair.currency === undefined ? 'true' : `currency = ${quoted(pair.currency)}`,
        ];
        const rows = await this.#files.rows(
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

  /** When a market was first recorded, as far as the archive knows, Unix ms; null = never. */
  async recordedFrom(market: Market): Promise<number | null> {
    const starts = filesOf(await this.#files.days(), 'recordings', market);
    return starts.reduce<number | null>(
      (least, file) => Math.min(least ?? Infinity, digestOf(file, market).first),
      null,
    );
  }

  /** What was received for a market in the minutes from `from` to before `to` (Unix ms), oldest first. */
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

  /** The sums over those minutes. */
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

  /** The report of a day as archived; null without one. */
  async report(date: string): Promise<DayReport | null> {
    return (await this.#files.days()).some((day) => day.date === date)
      ? readReport(this.#files.folder, date)
      : null;
  }

  /** The newest day; null when there is none. */
  async newestDate(): Promise<string | null> {
    return (await this.#files.days()).at(-1)?.date ?? null;
  }

  /** When a market was being recorded within a window: intervals, Unix ms, ascending. */
  async recordings(market: Market, { from = -Infinity, to = Infinity }: TimeWindow) {
    const files = filesOf(await this.#files.days(), 'recordings', market).filter(
      ({ date }) => startOf(date) + DAY_MS > from && startOf(date) < to,
    );
    const rows = await this.#files.rows(
      files,
      (source) =>
        `SELECT ${storedColumns(TABLES.recordings)}
           FROM (SELECT * FROM ${source} WHERE ${marketSql(market)}) ORDER BY 1`,
    );
    return rows.map(([start, end]) => ({ start: Number(start), end: Number(end) }));
  }

  /** When each market was being recorded within a window: intervals, Unix ms. */
  async allRecordings({ from = -Infinity, to = Infinity }: TimeWindow) {
    const found: { market: Market; start: number; end: number }[] = [];
    for (const { date, manifest } of await this.#files.days()) {
      if (startOf(date) + DAY_MS <= from || startOf(date) >= to) continue;
      for (const file of manifest?.files ?? []) {
        if (file.table !== 'recordings') continue;
        const { exchange } = file;
        const rows = await this.#files.rows(
          [file],
          (source) =>
            `SELECT symbol, currency, ${storedColumns(TABLES.recordings)} FROM (SELECT * FROM ${source})`,
        );
        for (const [symbol, currency, start, end] of rows) {
          const market = { exchange, symbol: String(symbol), currency: String(currency) };
          found.push({ market, start: Number(start), end: Number(end) });
        }
      }
    }
    return found;
  }

  /** When each exchange was first recorded, as far as the archive knows, Unix ms. */
  async firstRecorded(): Promise<Map<Exchange, number>> {
    const first = new Map<Exchange, number>();
    for (const { manifest } of await this.#files.days()) {
      for (const { table, exchange, markets } of manifest?.files ?? []) {
        if (table !== 'recordings') continue;
        const starts = Object.values(markets).map((digest) => digest.first);
        first.set(exchange, Math.min(first.get(exchange) ?? Infinity, ...starts));
      }
    }
    return first;
  }

  /** Rows of `sql` over the coverage of a market's minutes. */
  async #coverage(
    market: Market,
    from: number,
    to: number,
    sql: (source: string) => string,
  ): Promise<unknown[][]> {
    if (from >= to) return [];
    const files = filesOf(await this.#files.days(), 'coverage', market).filter(
      ({ date }) => startOf(date) + DAY_MS > from && startOf(date) < to,
    );
    return this.#files.rows(files, (source) =>
      sql(
        `(SELECT * FROM ${source} WHERE ${marketSql(market)} AND ${windowSql({ from, to }, 'minute')})`,
      ),
    );
  }

  /**
   * Archived days that are missing or unreadable, as gaps of the markets they had, unless the
   * database still has those books.
   */
  async #missingDays(
    exchange: Exchange | undefined,
    { symbol, currency }: PairFilter,
    { from = -Infinity, to = Infinity }: TimeWindow,
  ): Promise<Identified<Gap>[]> {
    const gaps: Identified<Gap>[] = [];
    const counts = new Map<string, number>();
    for (const { date, markets, detail } of await this.#files.holes(from, to)) {
      const start = startOf(date);
      for (const market of markets) {
        // A day may have several holes: each of their gaps needs its own id.
        const i = counts.get(date) ?? 0;
        counts.set(date, i + 1);
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
}
