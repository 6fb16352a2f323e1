import type { CollectPattern } from '../market/collect-pattern.js';
import type { ManagedLists } from '../market/collector-memory.js';
import type { CoverageMinute } from '../market/coverage.js';
import type { DayReport } from '../market/day-report.js';
import type { Exchange } from '../market/exchange.js';
import type { Gap } from '../market/gap.js';
import type { LogLevel, LogRecord } from '../market/log-record.js';
import type { Market } from '../market/market.js';
import type { OrderBook, Side } from '../market/order-book.js';
import type { RecordingStrip } from '../market/recording-strip.js';
import type { TimeWindow } from '../market/time-window.js';
import type { Trade } from '../market/trade.js';
import type { TradeCompleteness, TradePiece } from '../market/trade-span.js';
import type { ExportFormat, ShapeName } from './export/shapes.js';

/** The best prices of a stored book, Decimal text; null where a side is empty. */
export interface BestPrices {
  /** When the book was received, Unix ms. */
  readonly timestamp: number;
  readonly ask: string | null;
  readonly bid: string | null;
}

/** Selection of stored books of one exchange. */
export interface BookSelection extends TimeWindow {
  readonly exchange: Exchange;
  readonly symbol?: string | undefined;
  readonly currency?: string | undefined;
}

/** One stored level, with its position: the cursor of a page. */
export interface BookRow {
  readonly market: Market;
  readonly timestamp: number;
  readonly side: Side;
  readonly price: string;
  /** `0` when the level vanished. */
  readonly volume: string;
  /** Sequence of the book or delta it belongs to. */
  readonly sequence: number;
  /** Index within that book: asks first, then bids, from 0. */
  readonly index: number;
}

/** Position of a row; rows are ordered by `sequence`, then `index`. */
export interface RowPlace {
  readonly sequence: number;
  readonly index: number;
}

/** Position of a trade; trades are ordered by exchange time, then id. */
export interface TradePlace {
  /** The exchange's time, Unix ms. */
  readonly time: number;
  readonly sequence: number;
}

/** A page: its items and whether more follow. */
export interface Page<T> {
  readonly items: T[];
  readonly more: boolean;
}

/** Selects spans. */
export interface SpanQuery extends TimeWindow {
  readonly completeness?: TradeCompleteness | undefined;
  /** Whether it was checked against the exchange's history. */
  readonly checked?: boolean | undefined;
  /** Only spans that start after this, Unix ms. */
  readonly after?: number | undefined;
  readonly limit: number;
}

/** Trades of a page in order of sequence. */
export interface TradesAfter {
  readonly items: Trade[];
  /** Everything wanted up to this sequence is in this page or before it. */
  readonly reached: number;
  /** Whether more may follow already; false when everything committed has been read. */
  readonly more: boolean;
}

/** A stored gap or log record with its row id, the cursor of its connection. */
export interface Identified<T> {
  readonly id: number;
  readonly value: T;
}

/** Totals of the gaps in a window. */
export interface GapTotals {
  readonly count: number;
  /** The one that takes up most of the window; null when there is none. */
  readonly longest: Gap | null;
  /** How much of the window it takes up, ms; an open one lasts until now. */
  readonly longestMs: number;
}

/** Completeness of trades. */
export interface TradeTotals {
  /** Time at each completeness, ms, over all markets; zeros are left out. */
  readonly ms: Partial<Record<TradeCompleteness, number>>;
  /** The times in which trades may be missing. */
  readonly gaps: GapTotals;
}

/** From `start` (inclusive) to `end` (exclusive), Unix ms. */
export interface Interval {
  readonly start: number;
  readonly end: number;
}

/** Interruptions of a market's books, oldest first. */
export interface Breaks {
  /** When it was being recorded, gaps included: the parts within the window. */
  readonly spans: readonly Interval[];
  /** The gaps that overlap the window; inside them, but not at their ends, it was not covered. An open one ends at Infinity. */
  readonly gaps: readonly Interval[];
  /** When recording stopped, including before the window: the last book says nothing about later times. */
  readonly stops: readonly number[];
}

/** How much of a window a market was covered, and what was received for it. */
export interface CoverageTotals {
  /** When it was first recorded, Unix ms; null if never. */
  readonly recordedFrom: number | null;
  /** The window: `from` inclusive, `to` exclusive, Unix ms; never beyond the present. */
  readonly from: number;
  readonly to: number;
  /**
   * The parts of it, after the first recording, in which the market was deliberately not recorded:
   * neither covered nor missing. By start; at most the first thousand.
   */
  readonly stopped: readonly Interval[];
  /** Recorded time in it, gaps included, ms. */
  readonly recordedMs: number;
  /** Of that, the time outside gaps, ms. */
  readonly coveredMs: number;
  /** Over the minutes that overlap the window: the sums, and the longest silence, ms. */
  readonly frames: number;
  readonly changed: number;
  readonly repeats: number;
  readonly longestSilenceMs: number;
}

/** What was received for a market. */
export type ReceivedSums = Pick<
  CoverageTotals,
  'frames' | 'changed' | 'repeats' | 'longestSilenceMs'
>;

/** Aggregates of the trades in a step, by exchange time; null where no trades were recorded. */
export interface TradeSums {
  readonly trades: number | null;
  /** Sums of volumes, exact: of all trades, of those whose taker bought, and of those whose taker sold. */
  readonly volume: string | null;
  readonly buyVolume: string | null;
  readonly sellVolume: string | null;
  /** Volume-weighted average price, to 18 decimals; also null without trades. */
  readonly vwap: string | null;
}

/** A market in a time step. Prices are Decimal text; null without a book, or with an empty side. */
export interface SeriesPoint extends Partial<TradeSums> {
  /** Start of the step, Unix ms. */
  readonly time: number;
  /** Mid price: first, highest, lowest and last of the step. */
  readonly open: string | null;
  readonly high: string | null;
  readonly low: string | null;
  readonly close: string | null;
  /** Of the last book of the step. */
  readonly bestBid: string | null;
  readonly bestBidVolume: string | null;
  readonly bestAsk: string | null;
  readonly bestAskVolume: string | null;
  readonly spread: string | null;
  /** Spread ÷ mid price, in basis points. */
  readonly spreadBp: number | null;
  /** (bid volume - ask volume) ÷ (bid volume + ask volume) at the best prices. */
  readonly imbalance: number | null;
  /** Books received in the step. */
  readonly books: number;
  /** Share of the step in which the market was recorded without a gap, 0 to 1. */
  readonly covered: number;
}

/** Input of {@link StoreReader.seriesText}. */
export interface SeriesQuery {
  readonly market: Market;
  /** Start of the first step and end of the window, exclusive, Unix ms. */
  readonly from: number;
  readonly to: number;
  /** Length of a step, ms. */
  readonly step: number;
  /** The contents of each object: its keys and the field for each. */
  readonly keys: readonly (readonly [key: string, field: keyof SeriesPoint | '__typename'])[];
}

/** A stored book, rebuilt whole, and what is missing directly before it. */
export interface StoredBook {
  readonly book: OrderBook;
  /** The gap that ended with it, or the books before it that retention deleted; null for none. */
  readonly gapBefore: Gap | null;
}

/** Input of {@link StoreReader.books}. */
export interface BookPageQuery extends TimeWindow {
  /** The markets: those that match any of these. */
  readonly patterns: readonly CollectPattern[];
  /** Books after this sequence. */
  readonly after: number;
  /** Up to and including this sequence; absent = up to the newest. */
  readonly until?: number | undefined;
  /**
   * Where the walk started, if it should report what retention deleted: the first book of a market
   * after deleted books has a `gapBefore` with the cause `RETIRED`. Absent = do not check.
   */
  readonly since?: number | undefined;
  /** Maximum number of books; a page of deep books may have fewer. */
  readonly limit: number;
}

/** A page of whole books in order of sequence. */
export interface BookPage {
  readonly items: StoredBook[];
  /** Everything wanted up to this sequence is in this page or before it. */
  readonly reached: number;
  /** Whether more may follow already; false when everything committed has been read. */
  readonly more: boolean;
}

/** Input of {@link StoreReader.bookPage}. */
export interface MarketBooksQuery extends TimeWindow {
  readonly market: Market;
  /** Only books after, and before, these sequences. */
  readonly after?: number | undefined;
  readonly before?: number | undefined;
  /** Maximum number of books; a page of deep books may have fewer. */
  readonly limit: number;
  /** Whether the last ones are wanted rather than the first. */
  readonly last: boolean;
}

/** Reading side of the store. All calls run off the main thread on read-only connections. */
export interface StoreReader extends ManagedLists {
  /** This reader for a caller that waits until `deadline` (Unix ms): calls not started by then reject. */
  until(deadline: number): StoreReader;
  /** Newest stored book of a market, or null. */
  newestBook(market: Market): Promise<OrderBook | null>;
  /** The book with the greatest sequence whose timestamp is not after `at` (Unix ms), or null. */
  bookAt(market: Market, at: number): Promise<OrderBook | null>;
  /**
   * The best prices of the book that {@link bookAt} returns for each of `moments`, which ascend.
   * Each row is read once, however close the moments are.
   */
  bestPrices(market: Market, moments: readonly number[]): Promise<(BestPrices | null)[]>;
  /**
   * Number of books per market in the database in each step of a window (Unix ms, end exclusive),
   * oldest first. The archive is not queried.
   */
  bookCounts(query: {
    readonly markets: readonly Market[];
    readonly from: number;
    readonly to: number;
    readonly step: number;
  }): Promise<number[][]>;
  /** Stored levels in order of sequence, after `after`, at most `limit`. */
  rows(
    selection: BookSelection & {
      side?: Side | undefined;
      after?: RowPlace | undefined;
      limit: number;
    },
  ): Promise<Page<BookRow>>;
  /**
   * Whole books of one market in order of sequence: the first or the last of the selection. `more`
   * says whether there are others after, or before, them.
   */
  bookPage(query: MarketBooksQuery): Promise<Page<StoredBook>>;
  /** Whole books after a sequence, in order: each committed one exactly once over the pages. */
  books(query: BookPageQuery): Promise<BookPage>;
  /** Trades of a market in order of time and id; the window is in exchange time. */
  trades(
    query: TimeWindow & { market: Market; after?: TradePlace | undefined; limit: number },
  ): Promise<Page<Trade>>;
  /** Completeness of a market's trades, by start of the spans. */
  tradeSpans(query: SpanQuery & { market: Market }): Promise<Page<TradePiece>>;
  /** Time at each completeness within a window, ms; zeros are left out. */
  tradeCoverage(
    query: TimeWindow & { market: Market },
  ): Promise<Partial<Record<TradeCompleteness, number>>>;
  /** Completeness of the trades of many markets in a window, and where they may be missing. */
  tradeTotals(
    selection: TimeWindow & Pick<ExportOptions, 'exchanges' | 'symbol' | 'currency'>,
  ): Promise<TradeTotals>;
  /** Trades after a sequence, in order: each committed one exactly once over the pages. */
  tradesAfter(query: {
    readonly patterns: readonly CollectPattern[];
    readonly after: number;
    readonly limit: number;
  }): Promise<TradesAfter>;
  /** Whether any trade of the selected markets is stored. */
  hasTrades(selection: Pick<ExportOptions, 'exchanges' | 'symbol' | 'currency'>): Promise<boolean>;
  /** The recorded markets with trades, or known completeness of trades, in the database. */
  marketsWithTrades(): Promise<Market[]>;
  /**
   * Time series of a market as JSON text: an array with an object per step. As text, because a
   * hundred thousand objects would stall the thread that receives the books.
   */
  seriesText(query: SeriesQuery): AsyncIterable<string>;
  /** Gaps that overlap the window, oldest first (by id). */
  gaps(
    query: TimeWindow & {
      exchange?: Exchange | undefined;
      symbol?: string | undefined;
      currency?: string | undefined;
      after?: number | undefined;
      limit: number;
    },
  ): Promise<Page<Identified<Gap>>>;
  /** Number of gaps that overlap the window, and the one that takes up most of it. */
  gapTotals(selection: BookSelection): Promise<GapTotals>;
  /** How a market was covered; `from` defaults to its first recording, `to` to now. */
  coverage(query: TimeWindow & { market: Market }): Promise<CoverageTotals>;
  /** Interruptions of a market's books in a window (Unix ms, end exclusive). */
  breaks(query: {
    readonly market: Market;
    readonly from: number;
    readonly to: number;
  }): Promise<Breaks>;
  /**
   * What was received for a market in each minute that overlaps the window and had any frame,
   * oldest first, after the minute `after` (Unix ms).
   */
  coverageMinutes(
    query: TimeWindow & { market: Market; after?: number | undefined; limit: number },
  ): Promise<Page<CoverageMinute>>;
  /** How each exchange was recorded over a window (Unix ms), in this many slots. */
  recordingStrips(query: {
    readonly from: number;
    readonly to: number;
    readonly slots: number;
  }): Promise<RecordingStrip[]>;
  /**
   * How well the markets were recorded on a day (UTC), given by its first ms; absent = the latest
   * day with anything received, null when there is none.
   */
  dayReport(from?: number): Promise<DayReport | null>;
  /** Log records, newest first (by descending id), `after` = id of the last one seen. */
  logs(query: {
    exchange?: Exchange | undefined;
    symbol?: string | undefined;
    currency?: string | undefined;
    /** Minimum severity. */
    level?: LogLevel | undefined;
    event?: string | undefined;
    after?: number | undefined;
    limit: number;
  }): Promise<Page<Identified<LogRecord>>>;
  /** Text of an export (json, ndjson or csv); the caller pulls chunk by chunk. */
  exportText(options: ExportOptions): AsyncIterable<string>;
  /** Writes an export of any format into `file`, in a separate process, unless `signal` aborts it. */
  exportFile(options: ExportOptions, file: string, signal: AbortSignal): Promise<void>;
}

/** What to export and how. */
export interface ExportOptions extends Omit<BookSelection, 'exchange'> {
  readonly exchanges: readonly Exchange[];
  readonly shape: ShapeName;
  readonly format: ExportFormat;
  /** Samples the books: the last one at or before each step of this many ms. */
  readonly every?: number | undefined;
  /** Maximum levels a side. */
  readonly depth?: number | undefined;
  /** For gaps: those of the books, or the times in which trades may be missing; absent = of the books. */
  readonly of?: 'books' | 'trades' | undefined;
}
