import type { Trade } from '../../../src/market/trade.js';
import { marketKey, type Market } from '../../../src/market/market.js';
import type { CoverageMinute } from '../../../src/market/coverage.js';
import type { DayReport } from '../../../src/market/day-report.js';
import { type Exchange, EXCHANGES } from '../../../src/market/exchange.js';
import type { Gap } from '../../../src/market/gap.js';
import type { OrderBook } from '../../../src/market/order-book.js';
import type { LogRecord } from '../../../src/market/log-record.js';
import { LOG_LEVELS } from '../../../src/market/log-record.js';
import { MarketSelection } from '../../../src/market/market-selection.js';
import type {
  BestPrices,
  BookPage,
  BookPageQuery,
  BookRow,
  BookSelection,
  ExportOptions,
  GapTotals,
  Identified,
  MarketBooksQuery,
  Page,
  SeriesQuery,
  StoredBook,
  StoreReader,
} from '../../../src/store/reader-types.js';
import type {
  ExchangeRecord,
  MarketRecord,
  WantedPattern,
} from '../../../src/market/managed-lists.js';

function pageOf<T>(items: readonly T[], limit: number): Page<T> {
  return { items: items.slice(0, limit), more: items.length > limit };
}

function within(
  query: { exchange?: unknown; symbol?: unknown; currency?: unknown },
  market: { exchange?: unknown; symbol?: unknown; currency?: unknown },
): boolean {
  return (['exchange', 'symbol', 'currency'] as const).every(
    (part) => query[part] === undefined || query[part] === market[part],
  );
}

/** A store reader over plain arrays; a test fills them and may make every call fail. */
export class MemoryReader implements StoreReader {
  stored: OrderBook[] = [];
  allRows: BookRow[] = [];
  allGaps: Gap[] = [];
  coverageRecords: CoverageMinute[] = [];
  allLogs: LogRecord[] = [];
  marketList: MarketRecord[] = [];
  exchangeList: ExchangeRecord[] = [];
  /** When set, every call rejects with it. */
  failure: Error | null = null;
  /** Chunks of the next exports. */
  exportChunks: () => AsyncIterable<string> = async function* () {
    yield '[]\n';
  };
  /** Options of the exports made. */
  readonly exports: ExportOptions[] = [];

  #check(): void {
    if (this.failure !== null) throw this.failure;
  }

  until(_deadline: number): StoreReader {
    return this;
  }

  async newestBook(market: Market): Promise<OrderBook | null> {
    return this.bookAt(market, Number.MAX_SAFE_INTEGER);
  }

  async bookAt(market: Market, at: number): Promise<OrderBook | null> {
    this.#check();
    const found = this.stored
      .filter((book) => marketKey(book.market) === marketKey(market) && book.timestamp <= at)
      .sort((a, b) => b.sequence - a.sequence);
    return found[0] ?? null;
  }

  async bestPrices(market: Market, moments: readonly number[]): Promise<(BestPrices | null)[]> {
    const books = await Promise.all(moments.map((at) => this.bookAt(market, at)));
    return books.map(
      (book) =>
        book && {
          timestamp: book.timestamp,
          ask: book.asks[0]?.[0] ?? null,
          bid: book.bids[0]?.[0] ?? null,
        },
    );
  }

  async books(query: BookPageQuery): Promise<BookPage> {
    this.#check();
    const { patterns, after, until = Infinity, from = -Infinity, to = Infinity, limit } = query;
    const selection = new MarketSelection(patterns);
    const left = this.stored.filter((book) => book.sequence > after && book.sequence <= until);
    const found = left.filter(
      (book) => selection.matches(book.market) && book.timestamp >= from && book.timestamp < to,
    );
    const items = found.slice(0, limit).map((book) => ({ book, gapBefore: null }));
    const more = items.length > 0;
    const newest = left.at(-1)?.sequence ?? after;
    return { items, reached: more ? items.at(-1)!.book.sequence : newest, more };
  }

  async trades(): Promise<Page<Trade>> {
    this.#check();
    return { items: [], more: false };
  }

  async tradesAfter(query: { after: number }): ReturnType<StoreReader['tradesAfter']> {
    this.#check();
    return { items: [], reached: query.after, more: false };
  }

  async hasTrades(): Promise<boolean> {
    this.#check();
    return false;
  }

  async marketsWithTrades(): Promise<Market[]> {
    this.#check();
    return [];
  }

  async tradeSpans(): ReturnType<StoreReader['tradeSpans']> {
    this.#check();
    return { items: [], more: false };
  }

  async tradeTotals(): ReturnType<StoreReader['tradeTotals']> {
    this.#check();
    return { ms: {}, gaps: { count: 0, longest: null, longestMs: 0 } };
  }

  async tradeCoverage(): ReturnType<StoreReader['tradeCoverage']> {
    this.#check();
    return {};
  }

  async bookPage(query: MarketBooksQuery): Promise<Page<StoredBook>> {
    this.#check();
    const { market, after = 0, before = Infinity, from = -Infinity, to = Infinity, limit } = query;
    const found = this.stored.filter(
      ({ market: of, sequence, timestamp }) =>
        marketKey(of) === marketKey(market) &&
        sequence > after &&
        sequence < before &&
        timestamp >= from &&
        timestamp < to,
    );
    const items = query.last ? found.slice(-limit) : found.slice(0, limit);
    return {
      items: items.map((book) => ({ book, gapBefore: null })),
      more: items.length < found.length,
    };
  }

  async rows(query: Parameters<StoreReader['rows']>[0]): Promise<Page<BookRow>> {
    this.#check();
    const { after, side, from = -Infinity, to = Infinity } = query;
    const found = this.allRows.filter(
      (row) =>
        within(query, row.market) &&
        (side === undefined || side === row.side) &&
        row.timestamp >= from &&
        row.timestamp < to &&
        (after === undefined ||
          row.sequence > after.sequence ||
          (row.sequence === after.sequence && row.index > after.index)),
    );
    return pageOf(found, query.limit);
  }

  async gaps(query: Parameters<StoreReader['gaps']>[0]): Promise<Page<Identified<Gap>>> {
    this.#check();
    const { after = 0, from = -Infinity, to = Infinity } = query;
    const found = this.allGaps
      .map((value, index) => ({ id: index + 1, value }))
      .filter(
        ({ id, value }) =>
          id > after &&
          within(query, value.market) &&
          value.start < to &&
          (value.end ?? Infinity) >= from,
      );
    return pageOf(found, query.limit);
  }

  async gapTotals(selection: BookSelection): Promise<GapTotals> {
    const { items } = await this.gaps({ ...selection, limit: this.allGaps.length });
    return { count: items.length, longest: items[0]?.value ?? null, longestMs: 0 };
  }

  async coverage({
    market,
    from,
    to,
  }: Parameters<StoreReader['coverage']>[0]): ReturnType<StoreReader['coverage']> {
    this.#check();
    const records = this.coverageRecords.filter((r) => marketKey(r.market) === marketKey(market));
    const sum = (part: 'frames' | 'changed' | 'repeats'): number =>
      records.reduce((total, record) => total + record[part], 0);
    return {
      recordedFrom: records.length === 0 ? null : 0,
      from: from ?? 0,
      to: to ?? 60_000 * records.length,
      stopped: records.length === 0 ? [] : [{ start: 30_000, end: 60_000 }],
      recordedMs: 60_000 * records.length,
      coveredMs: 45_000 * records.length,
      frames: sum('frames'),
      changed: sum('changed'),
      repeats: sum('repeats'),
      longestSilenceMs: Math.max(0, ...records.map((record) => record.longestSilenceMs)),
    };
  }

  /** When recording ended. */
  readonly stops: number[] = [];
  async breaks({ market }: { market: Market }): ReturnType<StoreReader['breaks']> {
    this.#check();
    const gaps = this.allGaps.filter((gap) => marketKey(gap.market) === marketKey(market));
    return {
      spans: [],
      gaps: gaps.map(({ start, end }) => ({ start, end: end ?? Infinity })),
      stops: this.stops,
    };
  }

  async coverageMinutes(
    query: Parameters<StoreReader['coverageMinutes']>[0],
  ): ReturnType<StoreReader['coverageMinutes']> {
    this.#check();
    const { market, after = -1, limit } = query;
    const found = this.coverageRecords.filter(
      (record) => marketKey(record.market) === marketKey(market) && record.minute > after,
    );
    return pageOf(found, limit);
  }

  /** What was counted, and a count of 7 for each step. */
  readonly counted: Parameters<StoreReader['bookCounts']>[0][] = [];
  async bookCounts(query: Parameters<StoreReader['bookCounts']>[0]): Promise<number[][]> {
    this.#check();
    this.counted.push(query);
    const steps = Math.ceil((query.to - query.from) / query.step);
    return query.markets.map(() => new Array<number>(steps).fill(7));
  }

  async recordingStrips(
    query: Parameters<StoreReader['recordingStrips']>[0],
  ): ReturnType<StoreReader['recordingStrips']> {
    const { from, to } = query;
    const slots = [{ at: from, recordedMs: 0, coveredMs: 0, gaps: 0 }];
    return EXCHANGES.map((exchange) => {
      return { exchange, from, to, recordedFrom: null, slots, causes: [] };
    });
  }

  /** The report of any day, and the days that were asked for. */
  report: DayReport | null = null;
  readonly reportDays: (number | undefined)[] = [];
  async dayReport(from?: number): Promise<DayReport | null> {
    this.#check();
    this.reportDays.push(from);
    return this.report;
  }

  async logs(query: Parameters<StoreReader['logs']>[0]): Promise<Page<Identified<LogRecord>>> {
    this.#check();
    const { after = Infinity, level = 'debug', event } = query;
    const found = this.allLogs
      .map((value, index) => ({ id: index + 1, value }))
      .reverse()
      .filter(
        ({ id, value }) =>
          id < after &&
          within(query, { exchange: value.exchange, ...value.pair }) &&
          LOG_LEVELS.indexOf(value.level) >= LOG_LEVELS.indexOf(level) &&
          (event === undefined || event === value.event),
      );
    return pageOf(found, query.limit);
  }

  async exchanges(): Promise<ExchangeRecord[]> {
    this.#check();
    return this.exchangeList;
  }

  async markets(exchange: Exchange): Promise<MarketRecord[]> {
    this.#check();
    return this.marketList.filter((market) => market.exchange === exchange);
  }

  async wantedPatterns(): Promise<WantedPattern[]> {
    this.#check();
    return [];
  }

  exportText(options: ExportOptions): AsyncIterable<string> {
    this.exports.push(options);
    return this.exportChunks();
  }

  /** Text of the next series, and what was asked for. */
  seriesJson = '[]';
  readonly series: SeriesQuery[] = [];
  async *seriesText(query: SeriesQuery): AsyncGenerator<string> {
    this.#check();
    this.series.push(query);
    yield this.seriesJson;
  }

  /** Writes the file of the next exports. */
  exportFile: StoreReader['exportFile'] = async () => {
    throw new Error('there is no file here');
  };
}
