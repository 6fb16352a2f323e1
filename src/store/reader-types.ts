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

/** One stored level, with its place: the cursor of a page. */
export interface BookRow {
  readonly market: Market;
  readonly timestamp: number;
  readonly side: Side;
  readonly price: string;
  /** `0` when the level vanished. */
  readonly volume: string;
  /** Sequence of the book or change it belongs to. */
  readonly sequence: number;
  /** Index within that book: asks first, then bids, from 0. */
  readonly index: number;
}

/** Place of a row; rows come in order of `sequence`, then `index`. */
export interface RowPlace {
  readonly sequence: number;
  readonly index: number;
}

/** Place of a trade; trades come in order of the exchange's time, then of id. */
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

/** What a span has to be to be read. */
export interface SpanQuery extends TimeWindow {
  readonly completeness?: TradeCompleteness | undefined;
  /** Whether the exchange's history was asked about it. */
  readonly checked?: boolean | undefined;
  /** Only spans that begin after this, Unix ms. */
  readonly after?: number | undefined;
  readonly limit: number;
}

/** Trades of a page in order of sequence. */
export interface TradesAfter {
  readonly items: Trade[];
  /** All that is wanted up to this sequence is in this page or before it. */
  readonly reached: number;
  /** Whether more may follow already; false when everything committed has been read. */
  readonly more: boolean;
}

/** A stored gap or log record with its row id, the cursor of its connection. */
export interface Identified<T> {
  readonly id: number;
  readonly value: T;
}

/** The gaps of a window, summed up. */
export interface GapTotals {
  readonly count: number;
  /** The one that takes most of the window; null when there is none. */
  readonly longest: Gap | null;
  /** How much of the window that one takes, ms; one that is open lasts until now. */
  readonly longestMs: number;
}

/** How well trades are known. */
export interface TradeTotals {
  /** For how long, ms, over all markets; what is 0 is left out. */
  readonly ms: Partial<Record<TradeCompleteness, number>>;
  /** The times in which trades may be missing. */
  readonly gaps: GapTotals;
}

/** From `start` (included) to `end` (excluded), Unix ms. */
export interface Interval {
  readonly start: number;
  readonly end: number;
}

/** What interrupts the books of a market, oldest first. */
export interface Breaks {
  /** When it was being recorded, gaps included: the parts inside the window. */
  readonly spans: readonly Interval[];
  /** The gaps that touch the window; inside, not at their ends, it was not covered. One that lasts ends at Infinity. */
  readonly gaps: readonly Interval[];
  /** When recording ended, before the window, too: the book of then says nothing of later. */
  readonly stops: readonly number[];
}

/** How much of a window a market was covered, and what was received of it. */
export interface CoverageTotals {
  /** When it was recorded for the first time, Unix ms; null if it never was. */
  readonly recordedFrom: number | null;
  /** The window: `from` included, `to` excluded, Unix ms; never beyond the present. */
  readonly from: number;
  readonly to: number;
  /**
   * The parts of it, after the first recording, in which the market was not to be recorded: neither
   * covered nor missing. By start; at most the first thousand.
   */
  readonly stopped: readonly Interval[];
  /** How much of it the market was being recorded, gaps included, ms. */
  readonly recordedMs: number;
  /** How much of that lies outside its gaps, ms. */
  readonly coveredMs: number;
  /** Of the minutes that the window touches: the sums, and the greatest silence, ms. */
  readonly frames: number;
  readonly changed: number;
  readonly repeats: number;
  readonly longestSilenceMs: number;
}

/** What was received of a market. */
export type ReceivedSums = Pick<
  CoverageTotals,
  'frames' | 'changed' | 'repeats' | 'longestSilenceMs'
>;

/** What the trades of a step add up to, by the exchange's time; null where no trades were recorded. */
export interface TradeSums {
  readonly trades: number | null;
  /** Sums of volumes, exact: of all, of those whose taker bought, and of those whose taker sold. */
  readonly volume: string | null;
  readonly buyVolume: string | null;
  readonly sellVolume: string | null;
  /** Mean price by volume, to 18 decimals; null also where there was no trade. */
  readonly vwap: string | null;
}

/** A market in a step of time. Prices are Decimal text; null without a book, or an empty side. */
export interface SeriesPoint extends Partial<TradeSums> {
  /** Beginning of the step, Unix ms. */
  readonly time: number;
  /** Of the middle price: first, greatest, least and last one of the step. */
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
  /** Spread ÷ middle, in basis points. */
  readonly spreadBp: number | null;
  /** (bid volume - ask volume) ÷ (bid volume + ask volume) at the best prices. */
  readonly imbalance: number | null;
  /** Books received in the step. */
  readonly books: number;
  /** How much of the step the market was recorded and in no gap, 0 to 1. */
  readonly covered: number;
}

/** What {@link StoreReader.seriesText} gives. */
export interface SeriesQuery {
  readonly market: Market;
  /** Beginning of the first step and end of the window, excluded, Unix ms. */
  readonly from: number;
  readonly to: number;
  /** Length of a step, ms. */
  readonly step: number;
  /** What each object has: its keys and what stands at them. */
  readonly keys: readonly (readonly [key: string, field: keyof SeriesPoint | '__typename'])[];
}

/** A stored book, rebuilt whole, and what is missing directly before it. */
export interface StoredBook {
  readonly book: OrderBook;
  /** The gap that ended with it, or the books before it that retention deleted; null for none. */
  readonly gapBefore: Gap | null;
}

/** What {@link StoreReader.books} reads. */
export interface BookPageQuery extends TimeWindow {
  /** The markets: those that match any of these. */
  readonly patterns: readonly CollectPattern[];
  /** Books after this sequence. */
  readonly after: number;
  /** Up to this sequence, itself included; absent = up to the newest. */
  readonly until?: number | undefined;
  /**
   * Where the walk began, if it is to learn what retention deleted: the first book of a market
   * after books that are gone has a `gapBefore` of the cause `RETIRED`. Absent = do not look.
   */
  readonly since?: number | undefined;
  /** Books at most; a page of deep books may have fewer. */
  readonly limit: number;
}

/** A page of whole books in order of sequence. */
export interface BookPage {
  readonly items: StoredBook[];
  /** All that is wanted up to this sequence is in this page or before it. */
  readonly reached: number;
  /** Whether more may follow already; false when everything committed has been read. */
  readonly more: boolean;
}

/** What {@link StoreReader.bookPage} reads. */
export interface MarketBooksQuery extends TimeWindow {
  readonly market: Market;
  /** Only books after, and before, these sequences. */
  readonly after?: number | undefined;
  readonly before?: number | undefined;
  /** Books at most; a page of deep books may have fewer. */
  readonly limit: number;
  /** Whether the last ones are wanted, not the first. */
  readonly last: boolean;
}

/** Reading side of the store. All calls run off the main thread on read-only connections. */
export interface StoreReader extends ManagedLists {
  /** This reader for one who waits until `deadline` (Unix ms): calls not begun by then reject. */
  until(deadline: number): StoreReader;
  /** Newest stored book of a market, or null. */
  newestBook(market: Market): Promise<OrderBook | null>;
  /** The book with the greatest sequence whose timestamp is not after `at` (Unix ms), or null. */
  bookAt(market: Market, at: number): Promise<OrderBook | null>;
  /**
   * The best prices of the book that {@link bookAt} gives for each of `moments`, which ascend. Each
   * row is read once, however close the moments are.
   */
  bestPrices(market: Market, moments: readonly number[]): Promise<(BestPrices | null)[]>;
  /**
   * How many books of each of some markets the database has in each step of a window (Unix ms, the end
   * excluded), oldest first. The archive is not asked.
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
   * Whole books of one market in order of sequence: the first or the last ones of what is selected.
   * `more` says whether there are others behind, or before, them.
   */
  bookPage(query: MarketBooksQuery): Promise<Page<StoredBook>>;
  /** Whole books after a sequence, in order: each committed one exactly once over the pages. */
  books(query: BookPageQuery): Promise<BookPage>;
  /** Trades of a market in order of time and id; the window is one of the exchange's own time. */
  trades(
    query: TimeWindow & { market: Market; after?: TradePlace | undefined; limit: number },
  ): Promise<Page<Trade>>;
  /** What is known of how complete the trades of a market are, by start of the spans. */
  tradeSpans(query: SpanQuery & { market: Market }): Promise<Page<TradePiece>>;
  /** How long they are known how well within a window, ms; what is 0 is left out. */
  tradeCoverage(
    query: TimeWindow & { market: Market },
  ): Promise<Partial<Record<TradeCompleteness, number>>>;
  /** How well the trades of many markets are known in a window, and where they may be missing. */
  tradeTotals(
    selection: TimeWindow & Pick<ExportOptions, 'exchanges' | 'symbol' | 'currency'>,
  ): Promise<TradeTotals>;
  /** Trades after a sequence, in order: each committed one exactly once over the pages. */
  tradesAfter(query: {
    readonly patterns: readonly CollectPattern[];
    readonly after: number;
    readonly limit: number;
  }): Promise<TradesAfter>;
  /** Whether any trade is stored of the markets that are selected. */
  hasTrades(selection: Pick<ExportOptions, 'exchanges' | 'symbol' | 'currency'>): Promise<boolean>;
  /** The markets that are recorded and of which the database has trades, or knows how complete they are. */
  marketsWithTrades(): Promise<Market[]>;
  /**
   * The course of a market as JSON text: an array of an object for each step. As text, because the
   * thread that receives the books would stand still over a hundred thousand objects.
   */
  seriesText(query: SeriesQuery): AsyncIterable<string>;
  /** Gaps that touch the window, oldest first (by id). */
  gaps(
    query: TimeWindow & {
      exchange?: Exchange | undefined;
      symbol?: string | undefined;
      currency?: string | undefined;
      after?: number | undefined;
      limit: number;
    },
  ): Promise<Page<Identified<Gap>>>;
  /** How many gaps touch the window, and the one that takes most of it. */
  gapTotals(selection: BookSelection): Promise<GapTotals>;
  /** How a market was covered, `from` its first recording if absent, `to` now if absent. */
  coverage(query: TimeWindow & { market: Market }): Promise<CoverageTotals>;
  /** What interrupts the books of a market in a window (Unix ms, the end excluded). */
  breaks(query: {
    readonly market: Market;
    readonly from: number;
    readonly to: number;
  }): Promise<Breaks>;
  /**
   * What was received of a market in each minute that the window touches and that had any frame,
   * oldest first, after the minute `after` (Unix ms).
   */
  coverageMinutes(
    query: TimeWindow & { market: Market; after?: number | undefined; limit: number },
  ): Promise<Page<CoverageMinute>>;
  /** How each exchange was recorded over a window (Unix ms), in so many parts. */
  recordingStrips(query: {
    readonly from: number;
    readonly to: number;
    readonly slots: number;
  }): Promise<RecordingStrip[]>;
  /**
   * How well the markets were recorded in a day (UTC), given by its first ms; absent = the newest day
   * of which something was received, null when there is none.
   */
  dayReport(from?: number): Promise<DayReport | null>;
  /** Log records, newest first (by descending id), `after` = id of the last one seen. */
  logs(query: {
    exchange?: Exchange | undefined;
    symbol?: string | undefined;
    currency?: string | undefined;
    /** Least severity. */
    level?: LogLevel | undefined;
    event?: string | undefined;
    after?: number | undefined;
    limit: number;
  }): Promise<Page<Identified<LogRecord>>>;
  /** Text of an export (json, ndjson or csv); the caller pulls chunk by chunk. */
  exportText(options: ExportOptions): AsyncIterable<string>;
  /** Writes an export of any format into `file`, in a separate process, unless `signal` ends it. */
  exportFile(options: ExportOptions, file: string, signal: AbortSignal): Promise<void>;
}

/** What to export and how. */
export interface ExportOptions extends Omit<BookSelection, 'exchange'> {
  readonly exchanges: readonly Exchange[];
  readonly shape: ShapeName;
  readonly format: ExportFormat;
  /** Samples the books: the last one at or before each step of so many ms. */
  readonly every?: number | undefined;
  /** Levels a side at most. */
  readonly depth?: number | undefined;
  /** Of gaps: those of the books, or the times in which trades may be missing; absent = of the books. */
  readonly of?: 'books' | 'trades' | undefined;
}
