import type { Gap } from '../market/gap.js';
import type { Market } from '../market/market.js';
import type { TimeWindow } from '../market/time-window.js';
import type { ArchivedSelection } from './archive-days.js';
import type { ArchivedBooks } from './archived-books.js';
import type { BookSource, DatabaseSource } from './book-source.js';
import { liesIn, type LostRows } from './lost-rows.js';
import type { Breaks } from './reader-types.js';
import type { RebuiltBook, StoredRow } from './rebuild.js';
import type { SequenceRange } from './timeline.js';

/** Prefetched rows. */
interface Buffer {
  rows: StoredRow[];
  at: number;
  part: number;
  done: boolean;
}

/** The archive's part of a selection. */
export interface OlderPart {
  readonly books: ArchivedBooks;
  readonly selection: ArchivedSelection;
  readonly ranges: readonly SequenceRange[];
  /** Number of a market by its key. */
  readonly numberOf: (market: Market) => number;
  /** By number: the market's first row still in the database; all earlier ones are in the archive. */
  readonly firstHot: ReadonlyMap<number, number>;
  readonly lostRows: LostRows;
  /** The result of {@link LostRows.ranges}. */
  readonly lost: readonly SequenceRange[];
}

/** A {@link BookSource} of archive and database: each market's older rows, then its others. */
export class TieredSource implements BookSource {
  readonly markets: ReadonlyMap<number, Market>;
  readonly range: SequenceRange | null;
  readonly #hot: DatabaseSource;
  readonly #older: OlderPart;
  readonly #pieces: AsyncGenerator<{ rows: StoredRow[]; part: number }, void>;
  readonly #cold: Buffer = { rows: [], at: 0, part: 0, done: false };
  readonly #warm: Buffer = { rows: [], at: 0, part: 0, done: false };
  #part = 0;

  constructor(hot: DatabaseSource, older: OlderPart) {
    this.markets = hot.markets;
    this.#hot = hot;
    this.#older = older;
    const first = older.ranges[0];
    const last = older.ranges.at(-1);
    const { range } = hot;
    this.range =
      first === undefined || last === undefined
        ? range
        : {
            low: Math.min(first.low, range?.low ?? Infinity),
            high: Math.max(last.high, range?.high ?? 0),
          };
    this.#pieces = this.#walk();
  }

  get part(): number {
    return this.#part;
  }

  async next(limit: number): Promise<StoredRow[]> {
    const rows: StoredRow[] = [];
    while (rows.length < limit) {
      // Called for each row: there are many.
      if (isEmpty(this.#cold) || isEmpty(this.#warm)) await this.#fill(limit);
      const cold = this.#cold.rows[this.#cold.at];
      const warm = this.#warm.rows[this.#warm.at];
      if (cold === undefined && warm === undefined) break;
      // Both count where rows are skipped; a piece belongs to one part only.
      const part = this.#cold.part + this.#warm.part;
      if (rows.length > 0 && part !== this.#part) break;
      this.#part = part;
      const fromCold = warm === undefined || (cold !== undefined && cold.sequence < warm.sequence);
      rows.push(fromCold ? cold! : warm);
      if (fromCold) this.#cold.at++;
      else this.#warm.at++;
    }
    return rows;
  }

  async startOfLast(count: number): Promise<number | null> {
    const start = await this.#hot.startOfLast(count);
    if (start !== null) return start;
    const [market] = this.#older.selection.markets;
    if (market === undefined || this.#older.selection.markets.length > 1) return null;
    // A few rows too many, which the database also has, are skipped by the caller.
    return this.#older.books.startOfLast(market, this.#older.selection, count);
  }

  async bookUpTo(marketId: number, sequence: number, at = Infinity): Promise<RebuiltBook | null> {
    const hot = await this.#hot.bookUpTo(marketId, sequence, at === Infinity ? undefined : at);
    return this.#newest(marketId, hot, sequence, at);
  }

  async bookAt(marketId: number, at: number): Promise<RebuiltBook | null> {
    const hot = await this.#hot.bookAt(marketId, at);
    return this.#newest(marketId, hot, Number.MAX_SAFE_INTEGER, at);
  }

  async gapsBefore(rows: readonly StoredRow[]): Promise<Map<number, Gap>> {
    const gaps = await this.#hot.gapsBefore(rows);
    const older = rows.filter(
      ({ sequence, marketId, base }) => base === sequence && this.#isOlder(marketId, sequence),
    );
    if (older.length === 0) return gaps;
    const from = Math.min(...older.map(({ timestamp }) => timestamp));
    const to = Math.max(...older.map(({ timestamp }) => timestamp)) + 1;
    const found = await this.#older.books.records.gaps(undefined, {}, { from, to });
    const byEnd = new Map(
      found.map(({ value }) => [`${this.#older.numberOf(value.market)} ${value.end}`, value]),
    );
    for (const { marketId, timestamp, sequence } of older) {
      const gap = byEnd.get(`${marketId} ${timestamp}`);
      if (gap !== undefined && !gaps.has(sequence)) gaps.set(sequence, gap);
    }
    return gaps;
  }

  async breaks(marketId: number, window: TimeWindow): Promise<Breaks> {
    const hot = await this.#hot.breaks(marketId, window);
    const market = this.markets.get(marketId)!;
    const spans = await this.#older.books.records.recordings(market, window);
    if (spans.length === 0) return hot;
    const { symbol, currency, exchange } = market;
    const gaps = await this.#older.books.records.gaps(exchange, { symbol, currency }, window);
    const from = window.from ?? -Infinity;
    const to = window.to ?? Infinity;
    const cut = spans
      .map(({ start, end }) => ({ start: Math.max(start, from), end: Math.min(end, to) }))
      .filter(({ start, end }) => start < end);
    const all = joined([...cut, ...hot.spans]);
    const older = gaps.map(({ value: { start, end } }) => ({
      start: Math.max(start, from),
      end: Math.min(end ?? to, to),
    }));
    const stops = cut
      .map(({ end }) => end)
      .filter((end) => end < to && all.some((span) => span.end === end));
    return {
      spans: all,
      gaps: joined([...older, ...hot.gaps]),
      stops: [...new Set([...stops, ...hot.stops])],
    };
  }

  close(): Promise<unknown> {
    return this.#pieces.return(undefined);
  }

  /** Whether a market's row is missing from the database. */
  #isOlder(marketId: number, sequence: number): boolean {
    const { firstHot, lost } = this.#older;
    return sequence < (firstHot.get(marketId) ?? Infinity) || liesIn(lost, sequence);
  }

  #newest(marketId: number, hot: RebuiltBook | null, sequence: number, at: number) {
    const { lostRows, lost } = this.#older;
    return lostRows.newest(this.markets.get(marketId)!, lost, hot, sequence, at);
  }

  async *#walk(): AsyncGenerator<{ rows: StoredRow[]; part: number }, void> {
    const { books, selection, ranges, numberOf } = this.#older;
    for (const [part, range] of ranges.entries()) {
      for await (const rows of books.walk(selection, range, numberOf)) {
        yield { part, rows: rows.filter((row) => this.#isOlder(row.marketId, row.sequence)) };
      }
    }
  }

  async #fill(limit: number): Promise<void> {
    const [cold, warm] = [this.#cold, this.#warm];
    while (isEmpty(cold)) {
      const piece = await this.#pieces.next();
      if (piece.done === true) cold.done = true;
      else Object.assign(cold, { rows: piece.value.rows, at: 0, part: piece.value.part });
    }
    if (isEmpty(warm)) {
      const rows = await this.#hot.next(limit);
      Object.assign(warm, { rows, at: 0, part: this.#hot.part, done: rows.length === 0 });
    }
  }
}

/** Whether it has no rows left, but more can be read. */
const isEmpty = ({ done, at, rows }: Buffer): boolean => !done && at >= rows.length;

/** Sorted intervals, adjacent ones merged. */
function joined<T extends { readonly start: number; readonly end: number }>(
  intervals: readonly T[],
) {
  const result: { start: number; end: number }[] = [];
  for (const { start, end } of [...intervals].sort((a, b) => a.start - b.start)) {
    const last = result.at(-1);
    if (last !== undefined && start <= last.end) last.end = Math.max(last.end, end);
    else result.push({ start, end });
  }
  return result;
}
