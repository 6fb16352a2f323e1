import type { Gap } from '../market/gap.js';
import type { Market } from '../market/market.js';
import type { TimeWindow } from '../market/time-window.js';
import { BookScan } from './book-scan.js';
import type { Session } from './engine/engine.js';
import { CoverageReader } from './coverage.js';
import { gapsBefore } from './gaps-before.js';
import type { Breaks } from './reader-types.js';
import { rebuild, type RebuiltBook, type StoredRow, textOf } from './rebuild.js';
import type { SequenceRange } from './timeline.js';

/**
 * The stored rows of a selection in order of sequence, with what is needed to turn them into whole
 * books and time series. Exports and series read nothing else, so where a book is stored does not
 * matter to them.
 */
export interface BookSource {
  /** The selected markets by their numbers in the rows. */
  readonly markets: ReadonlyMap<number, Market>;
  /** Lowest and highest sequence; null when there is none. */
  readonly range: SequenceRange | null;
  /** Which stretch of sequences the last rows came from: rows between two of them are skipped. */
  readonly part: number;
  /** The next rows, at most `limit`; empty at the end. */
  next(limit: number): Promise<StoredRow[]>;
  /** Sequence of the first of the last `count` rows; null when there are fewer. */
  startOfLast(count: number): Promise<number | null>;
  /** The whole book of a market at its last row up to `sequence` that is not after `at`, Unix ms. */
  bookUpTo(marketId: number, sequence: number, at?: number): Promise<RebuiltBook | null>;
  /** The last book of a market received up to `at`, Unix ms; null when there is none. */
  bookAt(marketId: number, at: number): Promise<RebuiltBook | null>;
  /** The gaps that ended with one of these rows, by its sequence. */
  gapsBefore(rows: readonly StoredRow[]): Promise<Map<number, Gap>>;
  /** Interruptions of a market's books in a window. */
  breaks(marketId: number, window: TimeWindow): Promise<Breaks>;
  /** Releases its archive resources when it is not read to the end. */
  close?(): Promise<unknown>;
}

/** Number standing for a source's market with nothing stored: no market has it. */
export const NO_MARKET = 0;

/** Approximate characters of level text per page: a page of whole deep books has fewer rows. */
const PAGE_TEXT = 4_000_000;

/**
 * The rows of a source, in pages; it is closed when reading stops.
 * @param limit maximum rows of the first page; each further one may have twice as many, up to
 * `most`, or fewer if the last ones had much level text
 */
export async function* rowPages(
  source: BookSource,
  limit: number,
  most = limit,
): AsyncGenerator<StoredRow[]> {
  try {
    for (let page = limit; ;) {
      const rows = await source.next(page);
      if (rows.length === 0) return;
      const text = textOf(rows);
      yield rows;
      const fit = Math.max(1, Math.floor((rows.length * PAGE_TEXT) / Math.max(text, 1)));
      // Shrinks only by a lot: rows prefetched for a longer page are read again.
      if (fit >= 2 * page) page = Math.min(most, 2 * page);
      else if (fit < page / 2) page = fit;
    }
  } finally {
    await source.close?.();
  }
}

/** What {@link DatabaseSource} reads of a database. */
export interface SourceOptions {
  readonly session: Session;
  readonly markets: ReadonlyMap<number, Market>;
  readonly ranges: readonly SequenceRange[];
  /** A sequence above all books received up to a time; null when there is none. */
  readonly boundAt: (at: number) => Promise<number | null>;
}

/** A {@link BookSource} of the database. */
export class DatabaseSource implements BookSource {
  readonly markets: ReadonlyMap<number, Market>;
  readonly range: SequenceRange | null;
  readonly #scan: BookScan;
  readonly #session: Session;
  readonly #boundAt: SourceOptions['boundAt'];

  constructor({ session, markets, ranges, boundAt }: SourceOptions) {
    this.markets = markets;
    this.#session = session;
    this.#boundAt = boundAt;
    this.#scan = new BookScan(session, [...markets.keys()], ranges);
    const low = ranges[0]?.low;
    const high = ranges.at(-1)?.high;
    this.range = low === undefined || high === undefined ? null : { low, high };
  }

  get part(): number {
    return this.#scan.part;
  }

  next(limit: number): Promise<StoredRow[]> {
    return this.#scan.next(limit);
  }

  startOfLast(count: number): Promise<number | null> {
    return this.#scan.startOfLast(count);
  }

  bookUpTo(marketId: number, sequence: number, at?: number): Promise<RebuiltBook | null> {
    return rebuild(this.#session, marketId, sequence, at);
  }

  async bookAt(marketId: number, at: number): Promise<RebuiltBook | null> {
    const limit = await this.#boundAt(at);
    return limit === null ? null : rebuild(this.#session, marketId, limit, at);
  }

  gapsBefore(rows: readonly StoredRow[]): Promise<Map<number, Gap>> {
    return gapsBefore(this.#session, rows, (id) => this.markets.get(id)!);
  }

  breaks(marketId: number, window: TimeWindow): Promise<Breaks> {
    return new CoverageReader(this.#session).breaks(marketId, window, Date.now());
  }
}
