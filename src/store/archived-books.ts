import type { Exchange } from '../market/exchange.js';
import { type Market, pairText } from '../market/market.js';
import { dateOf, DAY_MS, startOf } from '../parquet/layout.js';
import {
  type ArchivedSelection,
  type DatedFile,
  digestOf,
  filesOf,
  filesOfExchange,
  missesDay,
  overlaps,
} from './archive-days.js';
import { ArchivedFiles, marketSql, MAX_TIME, timeSql, windowSql } from './archived-files.js';
import { ArchivedRecords } from './archived-records.js';
import { ArchivedSpans } from './archived-spans.js';
import { ArchivedRows, type MarketNumbers } from './archived-rows.js';
import { ArchivedTrades } from './archived-trades.js';
import { applyRow, type RebuiltBook, type StoredRow, textOf } from './rebuild.js';
import type { SequenceRange } from './timeline.js';

/** Maximum sequences spanned by a walk's first statement. */
const FIRST_SPAN = 50_000;
/** Target size of a walk's statement: whole deep books are fewer rows than deltas. */
const PIECE: PieceSize = { rows: 150_000, text: 24_000_000 };
/** The same where rows of several exchanges are merged here. */
const MERGED: PieceSize = { rows: 40_000, text: 12_000_000 };
/** Characters of level text per byte of file, roughly. */
const TEXT_OF_BYTE = 5;
/** Up to this many markets are selected by name; beyond that all are read. */
const FEW = 8;

/** Rows, and characters of their levels, held at a time. */
export interface PieceSize {
  readonly rows: number;
  readonly text: number;
}

/** The books of archived days, which the database may have deleted. */
export class ArchivedBooks {
  /** What these days hold besides books. */
  readonly records: ArchivedRecords;
  /** The trades of these days. */
  readonly trades: ArchivedTrades;
  /** Their completeness. */
  readonly spans: ArchivedSpans;
  readonly #files: ArchivedFiles;
  readonly #merged: PieceSize;

  /**
   * @param hotFrom time of a market's first book still in the database, Unix ms; Infinity without
   * one
   * @param merged for tests: the size held when merging several exchanges
   */
  constructor(
    folder: string,
    hotFrom: (market: Market) => Promise<number>,
    merged: PieceSize = MERGED,
  ) {
    this.#merged = merged;
    this.#files = new ArchivedFiles(folder);
    this.records = new ArchivedRecords(this.#files, hotFrom);
    this.trades = new ArchivedTrades(this.#files);
    this.spans = new ArchivedSpans(this.#files);
  }

  /** Closes the archive's readers. */
  close(): Promise<void> {
    return this.#files.close();
  }

  /** All markets with books in the archive. */
  markets(): Promise<Market[]> {
    return this.#files.markets('books');
  }

  /**
   * The whole book of a market at its last row up to `sequence` that is not after `at` (Unix ms).
   * @param above only from a row after this sequence
   * @returns null when there is none, or a missing day lies between it and `at`
   */
  async bookUpTo(
    market: Market,
    sequence: number,
    at: number,
    above = -1,
  ): Promise<RebuiltBook | null> {
    const days = await this.#files.days();
    const last = at < MAX_TIME ? dateOf(at) : '9999-12-31';
    const files = filesOf(days, 'books', market)
      .filter((file) => {
        const digest = digestOf(file, market);
        return file.date <= last && digest.first <= sequence && digest.last > above;
      })
      .sort((a, b) => digestOf(b, market).last - digestOf(a, market).last);
    let best: { sequence: number; base: number; date: string } | null = null;
    for (const file of files) {
      if (best !== null && digestOf(file, market).last < best.sequence) break;
      const until = at < MAX_TIME ? `timestamp <= ${timeSql(at)}` : 'true';
      const upTo = Math.min(sequence, Number.MAX_SAFE_INTEGER);
      const [row] = await this.#files.rows(
        [file],
        (source) =>
          `SELECT sequence, base FROM ${source}
            WHERE ${marketSql(market)} AND sequence <= ${upTo} AND ${until}
            ORDER BY sequence DESC LIMIT 1`,
      );
      // Its contents may be newer than everything left.
      if (this.#files.isBroken(file)) return null;
      if (row === undefined || Number(row[0]) <= (best?.sequence ?? above)) continue;
      best = { sequence: Number(row[0]), base: Number(row[1]), date: file.date };
    }
    if (best === null || missesDay(days, best.date, last)) return null;
    const { base } = best;
    let book: RebuiltBook | null = null;
    const part = { low: base, high: best.sequence };
    for await (const rows of this.#rows([market], part, () => 0)) {
      for (const row of rows) {
        book = applyRow(book, row);
        if (book === null) return null;
      }
    }
    return book;
  }

  /** The sequences of each archived day, ascending. */
  async dayRanges(): Promise<SequenceRange[]> {
    const all = (await this.#files.days()).flatMap(({ manifest }) => manifest?.ranges ?? []);
    return all.map(([low, high]) => ({ low, high })).sort((a, b) => a.low - b.low);
  }

  /** Merged archive sequences that a selection touches, within those of `within`. */
  async ranges(
    { from = -Infinity, to = Infinity, low, high }: ArchivedSelection,
    within: readonly SequenceRange[] = [{ low, high }],
  ): Promise<SequenceRange[]> {
    const joined: SequenceRange[] = [];
    const all = (await this.#files.days())
      .filter(({ date }) => startOf(date) + DAY_MS > from && startOf(date) < to)
      .flatMap(({ manifest }) => manifest?.ranges ?? [])
      .flatMap(([first, last]) =>
        within.map((part) => ({
          low: Math.max(first, low, part.low),
          high: Math.min(last, high, part.high),
        })),
      )
      .filter((range) => range.low <= range.high)
      .sort((a, b) => a.low - b.low);
    for (const range of all) {
      const before = joined.at(-1);
      if (before !== undefined && before.high + 1 >= range.low) {
        joined[joined.length - 1] = { low: before.low, high: Math.max(before.high, range.high) };
      } else joined.push(range);
    }
    return joined;
  }

  /** The rows of one of {@link ranges}, in pieces. @param numberOf a market's number in them */
  async *walk(
    selection: ArchivedSelection,
    range: SequenceRange,
    numberOf: (market: Market) => number,
  ): AsyncGenerator<StoredRow[]> {
    const { markets, ...window } = selection;
    const exchanges = [...new Set(markets.map(({ exchange }) => exchange))];
    const own = exchanges.map((exchange) => markets.filter((m) => m.exchange === exchange));
    const wanted = own.length === 1 ? PIECE : this.#merged;
    // The rows of one market are streamed in file order, however many there are.
    const flows =
      markets.length === 1 && (await this.#inOrder(markets[0]!, { ...window, ...range }));
    let span = flows ? Infinity : await this.#firstSpan(exchanges, range, wanted);
    let growth = 4;
    for (let low = range.low; low <= range.high;) {
      const part = { ...window, low, high: Math.min(range.high, low + span - 1) };
      const pieces = own.map((some) => this.#rows(some, part, numberOf));
      let [count, text] = [0, 0];
      try {
        for await (const rows of pieces.length === 1 ? pieces[0]! : merged(pieces)) {
          count += rows.length;
          text += textOf(rows);
          yield rows;
        }
      } catch (error) {
        // DuckDB reports this before the first row of a result that it has to sort.
        if (count > 0 || span === 1 || !isOutOfMemory(error)) throw error;
        span = Math.ceil(Math.min(span, range.high - low + 1) / 8);
        growth = 1.2;
        continue;
      }
      low = part.high + 1;
      // Many sequences of quiet markets per statement, few of busy ones or of deep books.
      const full = Math.max(count / wanted.rows, text / wanted.text);
      span = Math.max(1, Math.min(Math.floor(span / full), Math.ceil(span * growth)));
    }
  }

  /** Sequences the first statement of a walk may span, given the row sizes in the files. */
  async #firstSpan(
    exchanges: readonly Exchange[],
    { low, high }: SequenceRange,
    { rows: most, text }: PieceSize,
  ): Promise<number> {
    const days = await this.#files.days();
    const files = exchanges
      .flatMap((exchange) => filesOfExchange(days, 'books', exchange))
      .filter((file) => reaches(file, low, high));
    const ofRow = files.map(({ bytes, rows }) => (bytes * TEXT_OF_BYTE) / rows);
    const fit = Math.floor(text / Math.max(1, ...ofRow));
    return Math.max(1, Math.min(FIRST_SPAN, most, fit));
  }

  /** Whether a market's selected rows are in order of sequence across its files. */
  async #inOrder(market: Market, selection: Omit<ArchivedSelection, 'markets'>): Promise<boolean> {
    const files = await this.#filesFor([market], selection);
    const digests = files.map((file) => digestOf(file, market));
    return digests.every(({ first }, i) => i === 0 || digests[i - 1]!.last < first);
  }

  /** Sequence of the first of the last `count` rows of a market, or of its first row. */
  async startOfLast(
    market: Market,
    selection: ArchivedSelection,
    count: number,
  ): Promise<number | null> {
    const files = filesOf(await this.#files.days(), 'books', market)
      .filter((file) => overlaps(file, market, selection))
      .sort((a, b) => digestOf(b, market).last - digestOf(a, market).last);
    let start: number | null = null;
    let left = count;
    for (const file of files) {
      const rows = await this.#files.rows(
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

  /** The files that may have selected rows of some markets of one exchange; for one market, in its order. */
  async #filesFor(
    markets: readonly Market[],
    selection: Omit<ArchivedSelection, 'markets'>,
  ): Promise<DatedFile[]> {
    const { low, high } = selection;
    const [first] = markets;
    const files = filesOfExchange(await this.#files.days(), 'books', first!.exchange);
    if (markets.length > FEW) {
      return files.filter((file) => reaches(file, low, high));
    }
    const found = files.filter((file) =>
      markets.some((market) => overlaps(file, market, selection)),
    );
    if (markets.length > 1) return found;
    return found.sort((a, b) => digestOf(a, first!).first - digestOf(b, first!).first);
  }

  /** The selected rows of some markets of one exchange, in order of sequence. */
  async *#rows(
    markets: readonly Market[],
    selection: Omit<ArchivedSelection, 'markets'>,
    numberOf: (market: Market) => number,
  ): AsyncGenerator<StoredRow[]> {
    const { low, high, ...window } = selection;
    const files = await this.#filesFor(markets, selection);
    const flows = markets.length === 1 && (await this.#inOrder(markets[0]!, selection));
    const wanted = markets.length <= FEW ? `(${markets.map(marketSql).join(' OR ')})` : 'true';
    const numbers = new Map(markets.map((market) => [pairText(market), numberOf(market)]));
    const numberOfRow: MarketNumbers =
      markets.length === 1
        ? numberOf(markets[0]!)
        : (symbol, currency) => numbers.get(pairText({ symbol, currency }));
    for (let reached = low - 1; ;) {
      const condition = `${wanted} AND sequence BETWEEN ${reached + 1} AND ${high} AND ${windowSql(window)}`;
      const result = await this.#files.read(files, null, (source, duck) =>
        flows
          ? ArchivedRows.flow(duck, `${source} WHERE ${condition}`, numberOfRow)
          : ArchivedRows.read(duck, `${source} WHERE ${condition}`, numberOfRow),
      );
      if (result === null) return;
      try {
        for (let rows = await result.next(); rows !== null; rows = await result.next()) {
          reached = rows.at(-1)?.sequence ?? reached;
          yield rows;
        }
        return;
      } catch (error) {
        // A file damaged in the middle: what follows in the others is returned without it.
        if (!(await this.#files.noteBroken(files, error))) throw error;
      } finally {
        result.close();
      }
    }
  }
}

/** Whether a file may have rows of some sequences. */
function reaches({ markets }: DatedFile, low: number, high: number): boolean {
  return Object.values(markets).some(({ first, last }) => first <= high && last >= low);
}

/** Whether DuckDB ran out of memory for a statement. */
function isOutOfMemory(error: unknown): boolean {
  return String(error).includes('Out of Memory');
}

/** All rows of some walks, merged in order of sequence. */
async function* merged(walks: readonly AsyncGenerator<StoredRow[]>[]): AsyncGenerator<StoredRow[]> {
  const all: StoredRow[] = [];
  for (const walk of walks) for await (const rows of walk) all.push(...rows);
  yield all.sort((a, b) => a.sequence - b.sequence);
}
