import { EXCHANGES, type Exchange } from '../market/exchange.js';
import { dateOf, dayStart } from '../market/day-report.js';
import { type Market, marketKey } from '../market/market.js';
import { MarketSelection } from '../market/market-selection.js';
import type { Level, OrderBook } from '../market/order-book.js';
import type { TradesKnown } from '../market/collector-memory.js';
import type { TimeWindow } from '../market/time-window.js';
import type { ReadTrade, Trade } from '../market/trade.js';
import { matchTrades, type TradeMatch } from '../market/trade-match.js';
import type { Span } from '../market/trade-span.js';
import { ArchivedBooks } from './archived-books.js';
import { bookCounts } from './book-counts.js';
import { BookPages } from './book-pages.js';
import { type BookSource, DatabaseSource, rowPages } from './book-source.js';
import { defined } from './defined.js';
import type { Client, Session } from './engine/engine.js';
import { openEngine } from './engine/open.js';
import { raw, type Sql, sql } from './engine/sql.js';
import { CoverageReader } from './coverage.js';
import { dayReport, newestDay } from './day-report.js';
import { recordingStrips } from './recording-strips.js';
import { StoreError } from './errors.js';
import { decodeLevels } from '../market/level-text.js';
import { LostRows } from './lost-rows.js';
import { marketBooks } from './market-books.js';
import { OlderPages } from './older-pages.js';
import { gapPage, gapTotals, logPage } from './pages.js';
import {
  type ExportPlace,
  exportColumns,
  writeBooks,
  writeGaps,
  writeTradeGaps,
  writeTrades,
} from './export/pieces.js';
import type { RecordSink } from './export/columns.js';
import { BatchSink } from './export/column-batch.js';
import { TextSink } from './export/text.js';
import type { ExportBegun, ExportChunk, ReaderOptions, ReaderService } from './reader-protocol.js';
import { rebuild, type RebuiltBook, type StoredRow } from './rebuild.js';
import { type SeriesGrid, seriesPoints } from './series.js';
import { seriesChunks } from './series-text.js';
import { spelledMarket, toMarketRecord, toWantedPattern } from './records.js';
import type {
  LogEnd,
  BestPrices,
  BookPage,
  BookPageQuery,
  BookRow,
  BookSelection,
  ExportOptions,
  Identified,
  MarketBooksQuery,
  Page,
  SeriesPoint,
  SeriesQuery,
  StoredBook,
  StoreReader,
  TradesAfter,
} from './store-types.js';
import type { ExchangeRecord, MarketRecord, WantedPattern } from '../market/managed-lists.js';
import { TieredSource } from './tiered-source.js';
import { Timeline } from './timeline.js';
import { KnownSpans, type TradeMarkets } from './trades/known-spans.js';
import { OlderTrades } from './trades/older-trades.js';
import { spanPage, spansUntil } from './trades/span-reader.js';
import { TRADE_FIELDS, withTrades } from './trades/series-trades.js';
import { TradeReader } from './trades/trade-reader.js';
import { joinTrades, minuteVolumes, pageOf, type TradePieces } from './trades/trade-streams.js';
import { tradeTotals } from './trades/trade-totals.js';

type CountsQuery = Parameters<StoreReader['bookCounts']>[0];
type RowsQuery = Parameters<StoreReader['rows']>[0];
type TradesQuery = Parameters<StoreReader['trades']>[0];
type TradesAfterQuery = Parameters<StoreReader['tradesAfter']>[0];
type TradesSelection = Parameters<StoreReader['hasTrades']>[0];
type TotalsQuery = Parameters<StoreReader['tradeTotals']>[0];
type SpansQuery = Parameters<StoreReader['tradeSpans']>[0];
type GapsQuery = Parameters<StoreReader['gaps']>[0];
type CoverageQuery = Parameters<StoreReader['coverage']>[0];
type StripsQuery = Parameters<StoreReader['recordingStrips']>[0];
type MinutesQuery = Parameters<StoreReader['coverageMinutes']>[0];
type LogsQuery = Parameters<StoreReader['logs']>[0];

/** The open database. */
interface Opened {
  readonly session: Session;
  readonly timeline: Timeline;
  readonly pages: BookPages;
  readonly trades: TradeReader;
}

/** Spans of trades to be checked that a run takes over from the one before, at most. */
const MAX_OPEN_SPANS = 1000;
/** Stored trades of a page of the history beyond twice its own: no page can be about so many. */
const FAR_MORE = 5_000;

/** No market has this number. */
const NO_MARKET = 0;

/** Gaps of an export that are read at a time. */
const GAP_PAGE = 1000;

/** Answers all questions about the past, on a read-only connection in a separate thread. */
export class Reader implements ReaderService {
  readonly #options: ReaderOptions;
  #opened: Promise<Opened> | undefined;
  readonly #exports = new Map<number, AsyncGenerator<ExportChunk>>();
  #nextExport = 1;
  readonly #marketIds = new Map<string, number>();
  /** What the database has deleted; null where there is no archive. */
  readonly #archive: ArchivedBooks | null;
  readonly #lostRows: LostRows | null;
  readonly #older: OlderPages | null;
  readonly #olderTrades: OlderTrades | null;
  /** Numbers of markets that only the archive knows, below 0. */
  readonly #archiveIds = new Map<string, number>();

  constructor(options: ReaderOptions) {
    this.#options = options;
    const { archivePath } = options;
    const hotFrom = (market: Market): Promise<number> => this.#hotFrom(market);
    this.#archive = archivePath === undefined ? null : new ArchivedBooks(archivePath, hotFrom);
    this.#lostRows = this.#archive && new LostRows(this.#archive);
    this.#older = this.#archive && new OlderPages((query) => this.#olderSource(query));
    this.#olderTrades =
      this.#archive &&
      new OlderTrades(
        this.#archive.trades,
        async () => (await this.#database()).trades,
        (patterns) => this.#matchedMarkets(patterns),
      );
  }

  async logEnd(): Promise<LogEnd | null> {
    const { client } = (await this.#database()).session;
    // One statement, so that all of it is of one moment.
    const [row] = await client.$queryRaw<Record<keyof LogEnd, bigint | null>[]>`
      SELECT (SELECT value FROM state WHERE key = 'log_id') AS id,
             (SELECT value FROM state WHERE key = 'log_base') AS base,
             (SELECT value FROM state WHERE key = 'log_offset') AS "offset",
             (SELECT timestamp FROM book ORDER BY sequence DESC LIMIT 1) AS "lastTimestamp"`;
    const { id, base, offset, lastTimestamp } = row!;
    if (id === null) return null;
    return {
      id: Number(id),
      base: Number(base ?? 0),
      offset: Number(offset ?? 0),
      lastTimestamp: lastTimestamp === null ? null : Number(lastTimestamp),
    };
  }

  async newestBook(market: Market): Promise<OrderBook | null> {
    return this.#book(market, Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER);
  }

  async bookAt(market: Market, at: number): Promise<OrderBook | null> {
    const { timeline } = await this.#database();
    return this.#book(market, await timeline.boundAt(at), at);
  }

  async bestPrices(market: Market, moments: readonly number[]): Promise<(BestPrices | null)[]> {
    const { session, timeline } = await this.#database();
    const id = await this.#marketId(market);
    const found: (BestPrices | null)[] = [];
    let hot: RebuiltBook | null = null;
    for (const at of moments) {
      const limit: number | null = id === null ? null : await timeline.boundAt(at);
      hot = limit === null ? null : await rebuild(session, id!, limit, at, hot);
      const book = await this.#newest(market, hot, at);
      found.push(
        book && {
          timestamp: book.timestamp,
          ask: book.asks[0]?.[0] ?? null,
          bid: book.bids[0]?.[0] ?? null,
        },
      );
    }
    return found;
  }

  async bookCounts({ markets, ...grid }: CountsQuery): Promise<number[][]> {
    const { session, timeline } = await this.#database();
    const ids: (number | null)[] = [];
    for (const market of markets) ids.push(await this.#marketId(market));
    return bookCounts(session, timeline, ids, grid);
  }

  async rows(query: RowsQuery): Promise<Page<BookRow>> {
    const { after, limit, side } = query;
    const source = await this.#source(query, after?.sequence ?? 0, [query.exchange]);
    const items: BookRow[] = [];
    // A book has many levels: one page rarely needs more than a few books.
    for await (const rows of rowPages(source, Math.min(500, 2 + Math.ceil(limit / 8)), 500)) {
      for (const row of rows) {
        for (const item of levelsOf(row, source.markets.get(row.marketId)!)) {
          if (side !== undefined && item.side !== side) continue;
          if (item.sequence === after?.sequence && item.index <= after.index) continue;
          if (items.length === limit) return { items, more: true };
          items.push(item);
        }
      }
    }
    return { items, more: false };
  }

  async books(query: BookPageQuery): Promise<BookPage> {
    const { pages } = await this.#database();
    return (await this.#older?.page(query)) ?? pages.page(query);
  }

  bookPage(query: MarketBooksQuery): Promise<Page<StoredBook>> {
    const { market, from, to, after = 0, before = Infinity } = query;
    const { exchange, symbol, currency } = market;
    const open = (start: number) =>
      this.#source({ symbol, currency, from, to }, Math.max(start, after + 1), [exchange], before);
    return marketBooks(open, query);
  }

  async trades({ market, ...query }: TradesQuery): Promise<Page<Trade>> {
    const own = named(market);
    const { after, limit, to } = query;
    const from = Math.max(query.from ?? 0, after?.time ?? 0);
    const older = (await this.#archive?.trades.sweep([own], { from, to })) ?? null;
    const id = await this.#marketId(own);
    const { trades } = await this.#database();
    if (older === null) {
      return id === null ? { items: [], more: false } : trades.page(id, own, query);
    }
    const hot = trades.sweep(new Map(id === null ? [] : [[id, own]]), { from, to });
    return pageOf(joinTrades(older, hot), after, limit);
  }

  async tradesAfter(query: TradesAfterQuery): Promise<TradesAfter> {
    const older = (await this.#olderTrades?.page(query)) ?? null;
    if (older !== null) return older;
    const { patterns, after, limit } = query;
    const { hot } = await this.#matchedMarkets(patterns);
    return (await this.#database()).trades.after(hot, after, limit);
  }

  /** The markets of which trades may be known that some patterns match. */
  async #matchedMarkets(patterns: TradesAfterQuery['patterns']): Promise<TradeMarkets> {
    const selection = new MarketSelection(patterns);
    const { hot, older } = await this.#tradeMarkets({ exchanges: EXCHANGES });
    const matched = [...hot].filter(([, market]) => selection.matches(market));
    return {
      hot: new Map(matched.map(([id, market]) => [id, named(market)])),
      older: older.filter((market) => selection.matches(market)).map(named),
    };
  }

  async hasTrades(selection: TradesSelection): Promise<boolean> {
    const { hot, older } = await this.#tradeMarkets(selection);
    return older.length > 0 || (await this.#database()).trades.any(hot.keys());
  }

  async marketsWithTrades(): Promise<Market[]> {
    const of = (table: string): Sql =>
      sql`EXISTS (SELECT 1 FROM ${raw(table)} t WHERE t.market_id = m.id)`;
    const { session } = await this.#database();
    const found = await session.rows(sql`
      SELECT m.exchange, m.symbol, m.currency FROM market m
       WHERE m.recording AND (${of('trade_span')} OR ${of('trade_recent')} OR ${of('trade_block')})`);
    return (found as [Exchange, string, string][]).map(([exchange, symbol, currency]) => {
      return { exchange, symbol, currency };
    });
  }

  /** The selected markets that the database knows, by number, and those of which the archive has trades. */
  async #tradeMarkets(selection: TradesSelection): Promise<TradeMarkets> {
    const { exchanges, symbol, currency } = selection;
    const hot = await this.#selected(selection);
    const known = new Map([...hot.values()].map((market) => [marketKey(market), market]));
    const older = ((await this.#archive?.trades.markets()) ?? []).flatMap((market) => {
      const wanted =
        exchanges.includes(market.exchange) &&
        (symbol ?? market.symbol) === market.symbol &&
        (currency ?? market.currency) === market.currency;
      return wanted ? [known.get(marketKey(market)) ?? market] : [];
    });
    return { hot, older };
  }

  /** The selected trades of the database and of the archive, each once, in their order. */
  async #tradePieces(selection: TradesSelection, window: TimeWindow): Promise<TradePieces> {
    const { hot, older } = await this.#tradeMarkets(selection);
    const stored = (await this.#database()).trades.sweep(hot, window);
    const archived = (await this.#archive?.trades.sweep(older, window)) ?? null;
    return archived === null ? stored : joinTrades(archived, stored);
  }

  async unknownTrades(market: Market, trades: readonly ReadTrade[]): Promise<ReadTrade[]> {
    if (trades.length === 0) return [];
    const id = (await this.#marketId(market)) ?? NO_MARKET;
    const times = trades.map(({ exchangeTimestamp }) => exchangeTimestamp);
    const window = { from: Math.min(...times), to: Math.max(...times) + 1 };
    const older: Trade[] = [];
    for await (const piece of (await this.#archive?.trades.sweep([named(market)], window)) ?? []) {
      older.push(...piece);
    }
    return (await this.#database()).trades.unknown(id, market, trades, older);
  }

  async newestTrade(market: Market): Promise<Trade | null> {
    const id = await this.#marketId(market);
    const { trades } = await this.#database();
    const stored = id === null ? null : await trades.newest(id, named(market));
    return stored ?? (await this.#archive?.trades.newest(named(market))) ?? null;
  }

  async matchTrades(
    market: Market,
    history: readonly ReadTrade[],
    span: Span,
  ): Promise<TradeMatch | null> {
    const limit = FAR_MORE + 2 * history.length;
    const { items, more } = await this.trades({ market, from: span.start, to: span.end, limit });
    return more ? null : matchTrades(history, items);
  }

  async hasTradeBefore(market: Market, time: number): Promise<boolean> {
    const id = await this.#marketId(market);
    if (id !== null && (await (await this.#database()).trades.hasBefore(id, time))) return true;
    return (await this.#archive?.trades.hasBefore(market, time)) ?? false;
  }

  async tradeVolumes(market: Market, { start, end }: Span): Promise<ReadonlyMap<number, string>> {
    const { exchange, symbol, currency } = market;
    const selection = { exchanges: [exchange], symbol, currency };
    return minuteVolumes(await this.#tradePieces(selection, { from: start, to: end }));
  }

  async tradesKnown(market: Market, startedAt: number): Promise<TradesKnown> {
    const id = await this.#marketId(market);
    const { session, trades } = await this.#database();
    const open =
      id === null ? null : await spanPage(session, id, { checked: false, limit: MAX_OPEN_SPANS });
    const newest = id === null ? null : await trades.newest(id, market, startedAt);
    const newestTrade = newest?.exchangeTimestamp ?? null;
    // Trades that were recorded before spans were: what is known ends with the last of them.
    const until =
      (id === null ? null : await spansUntil(session, id)) ??
      newestTrade ??
      (await this.#archive?.trades.newest(named(market)))?.exchangeTimestamp;
    const [book] = await session.rows(sql`
      SELECT exchange_timestamp FROM book WHERE market_id = ${id ?? NO_MARKET} AND +timestamp < ${startedAt}
       ORDER BY sequence DESC LIMIT 1`);
    const newestBook = (book?.[0] as number | null | undefined) ?? null;
    return { open: open?.items ?? [], until: until ?? null, newestTrade, newestBook };
  }

  async tradeSpans({ market, ...query }: SpansQuery): ReturnType<StoreReader['tradeSpans']> {
    const id = await this.#marketId(market);
    return (await this.#knownSpans()).page({ market, id }, query);
  }

  async tradeCoverage({
    market,
    ...window
  }: CoverageQuery): ReturnType<StoreReader['tradeCoverage']> {
    const id = await this.#marketId(market);
    return (await this.#knownSpans()).sums({ market, id }, window);
  }

  async tradeTotals({
    from,
    to,
    ...selection
  }: TotalsQuery): ReturnType<StoreReader['tradeTotals']> {
    const markets = await this.#tradeMarkets(selection);
    return tradeTotals((await this.#knownSpans()).days(markets, { from, to }));
  }

  async #knownSpans(): Promise<KnownSpans> {
    return new KnownSpans((await this.#database()).session, this.#archive?.spans ?? null);
  }

  async gaps(query: GapsQuery): ReturnType<StoreReader['gaps']> {
    const { session } = await this.#database();
    const page = await gapPage(session, query, await marketNumbers(session.client, query));
    if (this.#archive === null) return page;
    const { exchange, after = -1, limit } = query;
    const older = await this.#archive.records.gaps(exchange, query, query);
    return joinPages(
      page,
      older.filter(({ id }) => id > after),
      limit,
    );
  }

  async gapTotals(selection: BookSelection): ReturnType<StoreReader['gapTotals']> {
    const { session } = await this.#database();
    const now = Date.now();
    const totals = await gapTotals(
      session,
      selection,
      await marketNumbers(session.client, selection),
      now,
    );
    const older =
      (await this.#archive?.records.gaps(selection.exchange, selection, selection)) ?? [];
    if (older.length === 0) return totals;
    const ids = session.dialect.numbers(older.map(({ id }) => id));
    const present = await session.rows(sql`SELECT id FROM gap WHERE id IN ${ids}`);
    const known = new Set(present.map(([id]) => id));
    const { from = -Infinity, to = now } = selection;
    const gone = older.filter(({ id }) => !known.has(id));
    return gone.reduce((sum, { value }) => {
      const ms = Math.min(value.end ?? now, to) - Math.max(value.start, from);
      const { longest: other, longestMs } = sum;
      const earlier = ms === longestMs && value.start < (other?.start ?? Infinity);
      const longer = other === null || ms > longestMs || earlier;
      const longest = longer ? { longest: value, longestMs: ms } : {};
      return { ...sum, count: sum.count + 1, ...longest };
    }, totals);
  }

  async coverage({ market, ...window }: CoverageQuery): ReturnType<StoreReader['coverage']> {
    const { session } = await this.#database();
    return new CoverageReader(session, this.#archive?.records).totals(market, window, Date.now());
  }

  async coverageMinutes(query: MinutesQuery): ReturnType<StoreReader['coverageMinutes']> {
    const { session } = await this.#database();
    const { market, after, limit, ...window } = query;
    return new CoverageReader(session, this.#archive?.records).minutes(
      market,
      window,
      after,
      limit,
    );
  }

  async recordingStrips(query: StripsQuery): ReturnType<StoreReader['recordingStrips']> {
    const { session } = await this.#database();
    const { from, to, slots } = query;
    const archive = this.#archive?.records ?? null;
    const window = { start: from, end: to };
    return recordingStrips(session.client, archive, window, slots, Date.now());
  }

  async dayReport(from?: number): ReturnType<StoreReader['dayReport']> {
    const { session } = await this.#database();
    const now = Date.now();
    const archived = await this.#archive?.records.newestDate();
    const newest = from ?? (await newestDay(session.client, now));
    const day = newest ?? (typeof archived === 'string' ? dayStart(archived) : null);
    if (day === null) return null;
    // What was archived is of the whole day; the database may have deleted some of it.
    return (await this.#archive?.records.report(dateOf(day))) ?? dayReport(session, day, now);
  }

  async logs(query: LogsQuery): ReturnType<StoreReader['logs']> {
    return logPage((await this.#database()).session, query);
  }

  async exchanges(): Promise<ExchangeRecord[]> {
    const { client } = (await this.#database()).session;
    const rows = new Map((await client.exchange.findMany()).map((row) => [row.name, row]));
    return EXCHANGES.map((exchange) => {
      const row = rows.get(exchange);
      const listedAt = row?.listedAt ?? null;
      return {
        exchange,
        enabled: row?.enabled ?? true,
        listedAt: listedAt === null ? null : Number(listedAt),
      };
    });
  }

  async markets(exchange: Exchange): Promise<MarketRecord[]> {
    const { client } = (await this.#database()).session;
    const rows = await client.market.findMany({
      where: { exchangeName: exchange },
      orderBy: [{ symbol: 'asc' }, { currency: 'asc' }],
    });
    const records = rows.map(toMarketRecord);
    const known = new Set(records.map(marketKey));
    const archived = [
      ...((await this.#archive?.markets()) ?? []),
      ...((await this.#archive?.trades.markets()) ?? []),
    ];
    const older = new Map(
      archived
        .filter((market) => market.exchange === exchange && !known.has(marketKey(market)))
        .map((market) => [marketKey(market), market]),
    );
    const unlisted = {
      koreanName: null,
      englishName: null,
      listed: false,
      wanted: null,
      recording: false,
    };
    return [...records, ...[...older.values()].map((market) => ({ ...market, ...unlisted }))];
  }

  async wantedPatterns(): Promise<WantedPattern[]> {
    const { client } = (await this.#database()).session;
    return (await client.wantedPattern.findMany({ orderBy: { id: 'asc' } })).map(toWantedPattern);
  }

  async exportBegin(options: ExportOptions): Promise<ExportBegun> {
    const columns = exportColumns(options);
    const { format } = options;
    const sink = format === 'parquet' ? new BatchSink(columns) : new TextSink(format, columns);
    const { range, places } = await this.#exportInto(options, sink);
    const id = this.#nextExport++;
    this.#exports.set(id, exportChunks(places, sink));
    return { id, range };
  }

  /** Writes an export into `sink` while `places` is pulled. */
  async #exportInto(
    options: ExportOptions,
    sink: RecordSink,
  ): Promise<Pick<ExportBegun, 'range'> & { places: AsyncGenerator<ExportPlace | null> }> {
    const { shape, exchanges, symbol, currency, from, to } = options;
    const selection = { symbol, currency, from, to };
    if (shape === 'trades') {
      const pieces = await this.#tradePieces(options, { from, to });
      const markets = await this.#tradeMarkets(options);
      const spans = await this.#knownSpans();
      const knownOn = (day: number) => spans.day(markets, day);
      return { range: null, places: writeTrades(pieces, options, sink, knownOn) };
    }
    if (shape !== 'gaps') {
      const source = await this.#source(selection, 0, exchanges);
      return { range: source.range, places: writeBooks(source, options, sink) };
    }
    if (options.of === 'trades') {
      const markets = await this.#tradeMarkets(options);
      const days = (await this.#knownSpans()).days(markets, { from, to });
      return { range: null, places: writeTradeGaps(days, sink) };
    }
    const pages = async function* (reader: Reader) {
      for (const exchange of exchanges) {
        const page = (after?: number) =>
          reader.gaps({ exchange, ...selection, after, limit: GAP_PAGE });
        yield* writeGaps(page, sink);
      }
    };
    return { range: null, places: pages(this) };
  }

  async seriesBegin({ market, keys, ...grid }: SeriesQuery): Promise<number> {
    const { exchange, symbol, currency } = market;
    const { from, to } = grid;
    const source = await this.#source({ symbol, currency, from, to }, 0, [exchange]);
    const id = this.#nextExport++;
    const points = seriesPoints(source, grid);
    const wanted = keys.some(([, field]) => (TRADE_FIELDS as readonly string[]).includes(field));
    const all = wanted ? await this.#withTrades(points, market, grid) : points;
    this.#exports.set(id, seriesChunks(all, keys));
    return id;
  }

  /** Points of a market's series with its trades. */
  async #withTrades(
    points: AsyncGenerator<SeriesPoint[]>,
    market: Market,
    grid: SeriesGrid,
  ): Promise<AsyncGenerator<SeriesPoint[]>> {
    const { exchange, symbol, currency } = market;
    const { from, to } = grid;
    const selection = { exchanges: [exchange], symbol, currency };
    const pieces = await this.#tradePieces(selection, { from, to });
    const id = await this.#marketId(market);
    const recorded = await (await this.#knownSpans()).of({ market, id }, { from, to });
    return withTrades(points, pieces, recorded, grid);
  }

  async exportNext(id: number): Promise<ExportChunk | null> {
    const chunks = this.#exports.get(id);
    if (chunks === undefined) throw new StoreError('this export has ended');
    const next = await chunks.next();
    if (next.done !== true) return next.value;
    this.#exports.delete(id);
    return null;
  }

  exportEnd(id: number): void {
    // What it holds is given back once what is being read is done.
    this.#exports
      .get(id)
      ?.return(undefined)
      .catch(() => undefined);
    this.#exports.delete(id);
  }

  async close(): Promise<void> {
    const opened = this.#opened;
    this.#opened = undefined;
    const open = await opened;
    await this.#archive?.close();
    await open?.session.close();
  }

  #database(): Promise<Opened> {
    this.#opened ??= this.#open().catch((error: unknown) => {
      this.#opened = undefined;
      throw error;
    });
    return this.#opened;
  }

  async #open(): Promise<Opened> {
    const session = await (await openEngine(this.#options.path)).openReader();
    const timeline = new Timeline(session);
    const pages = new BookPages(session, timeline);
    return { session, timeline, pages, trades: new TradeReader(session) };
  }

  /**
   * Book of a market at its greatest sequence up to `limit` (null = the database has none) whose
   * timestamp is not after `at`.
   */
  async #book(market: Market, limit: number | null, at: number): Promise<OrderBook | null> {
    const { session } = await this.#database();
    const id = limit === null ? null : await this.#marketId(market);
    const hot = id === null ? null : await rebuild(session, id, limit!, at);
    const book = await this.#newest(named(market), hot, at);
    if (book === null) return null;
    const { sequence, timestamp, exchangeTimestamp, asks, bids } = book;
    return { market: named(market), timestamp, exchangeTimestamp, sequence, asks, bids };
  }

  /** The newer one of a market's book in the database and of what the archive has behind it. */
  async #newest(market: Market, hot: RebuiltBook | null, at: number): Promise<RebuiltBook | null> {
    if (this.#lostRows === null) return hot;
    const lost = await this.#lostRows.ranges((await this.#database()).session);
    return this.#lostRows.newest(market, lost, hot, Number.MAX_SAFE_INTEGER, at);
  }

  /** When the first book of a market was received that the database still has; Infinity without one. */
  async #hotFrom(market: Market): Promise<number> {
    const id = await this.#marketId(market);
    if (id === null) return Infinity;
    const { session } = await this.#database();
    const [first] = await session.rows(
      sql`SELECT timestamp FROM book WHERE market_id = ${id} ORDER BY sequence LIMIT 1`,
    );
    return Number(first?.[0] ?? Infinity);
  }

  /** Number of a market in the database, or null. It never changes and is never given up. */
  async #marketId({ exchange, symbol, currency }: Market): Promise<number | null> {
    const key = marketKey({ exchange, symbol, currency });
    const known = this.#marketIds.get(key);
    if (known !== undefined) return known;
    const { client } = (await this.#database()).session;
    const where = { exchangeName: exchange, symbol, currency };
    const found = await client.market.findFirst({ where, select: { id: true } });
    if (found !== null) this.#marketIds.set(key, found.id);
    return found?.id ?? null;
  }

  /** The selected markets that the database knows, by number. */
  async #selected({ exchanges, symbol, currency }: TradesSelection): Promise<Map<number, Market>> {
    const { client } = (await this.#database()).session;
    const rows = await client.market.findMany({
      where: { exchangeName: { in: [...exchanges] }, ...defined({ symbol, currency }) },
      orderBy: { id: 'asc' },
    });
    return new Map(rows.map((row) => [row.id, spelledMarket(row)]));
  }

  /** What is selected, from sequence `start` on, up to the newest book there is now, or `before`. */
  async #source(
    selection: Omit<BookSelection, 'exchange'>,
    start: number,
    exchanges: readonly Exchange[],
    before = Infinity,
    matches: (market: Market) => boolean = () => true,
  ): Promise<BookSource> {
    const { session, timeline } = await this.#database();
    const { symbol, currency } = selection;
    const ranges = (await timeline.ranges(selection))
      .filter(({ low, high }) => high >= start && low < before)
      .map(({ low, high }) => ({
        low: Math.max(low, start),
        high: Math.min(high, before - 1),
      }));
    // After the ranges, so that every market with a book in them is known.
    const found = await this.#selected({ exchanges, symbol, currency });
    const markets = new Map([...found].filter(([, market]) => matches(market)));
    const older = await this.#olderMarkets(markets, exchanges, selection, matches);
    const boundAt = (at: number) => timeline.boundAt(at);
    const hot = new DatabaseSource({ session, markets, ranges, boundAt });
    if (this.#archive === null || older.length === 0) return hot;
    const { from, to } = selection;
    const numbers = new Map([...markets].map(([id, market]) => [marketKey(market), id]));
    const numberOf = (market: Market): number => numbers.get(marketKey(market))!;
    const firstHot = await firstRows(session);
    // Behind the first row that the database has of each market, the archive is asked for lost rows only.
    const hotFrom = older.map((market) => firstHot.get(numberOf(market)) ?? Infinity);
    const last = Math.min(before, Number.MAX_SAFE_INTEGER) - 1;
    const lost = await this.#lostRows!.ranges(session);
    const wanted = [{ low: start, high: Math.min(last, Math.max(...hotFrom) - 1) }, ...lost];
    const window = { from, to, markets: older, low: start, high: last };
    const olderRanges = await this.#archive.ranges(window, wanted);
    if (olderRanges.length === 0) return hot;
    return new TieredSource(hot, {
      books: this.#archive,
      selection: window,
      ranges: olderRanges,
      numberOf,
      firstHot,
      lostRows: this.#lostRows!,
      lost,
    });
  }

  /** What is wanted behind a place, if some of it lies in the archive only. */
  async #olderSource(query: BookPageQuery): Promise<BookSource | null> {
    const { after, until = Number.MAX_SAFE_INTEGER - 1, from, to } = query;
    const window = { from, to, low: after + 1, high: until, markets: [] };
    if ((await this.#archive!.ranges(window)).length === 0) return null;
    const selection = new MarketSelection(query.patterns);
    const matches = (market: Market): boolean => selection.matches(market);
    const source = await this.#source({ from, to }, after + 1, EXCHANGES, until + 1, matches);
    return source instanceof TieredSource ? source : null;
  }

  /**
   * The selected markets of which the archive has books. Those that the database does not know come
   * into `markets` by numbers of their own.
   */
  async #olderMarkets(
    markets: Map<number, Market>,
    exchanges: readonly Exchange[],
    { symbol, currency }: Omit<BookSelection, 'exchange'>,
    matches: (market: Market) => boolean,
  ): Promise<Market[]> {
    const known = new Set([...markets.values()].map(marketKey));
    const older = ((await this.#archive?.markets()) ?? []).filter(
      (market) =>
        exchanges.includes(market.exchange) &&
        matches(market) &&
        (symbol ?? market.symbol) === market.symbol &&
        (currency ?? market.currency) === market.currency,
    );
    for (const market of older) {
      const key = marketKey(market);
      if (known.has(key)) continue;
      const id = this.#archiveIds.get(key) ?? -1 - this.#archiveIds.size;
      this.#archiveIds.set(key, id);
      markets.set(id, market);
    }
    return older;
  }
}

/** The first row of each market that the database still has. */
async function firstRows(session: Session): Promise<Map<number, number>> {
  const rows = await session.rows(sql`
    SELECT id, (SELECT sequence FROM book WHERE market_id = id ORDER BY sequence LIMIT 1) FROM market`);
  return new Map(
    (rows as [number, number | null][]).flatMap(([id, first]) =>
      first === null ? [] : [[id, first]],
    ),
  );
}

/** A market by its names alone. */
function named({ exchange, symbol, currency }: Market): Market {
  return { exchange, symbol, currency };
}

/** A page with what the archive has beside it, in order of id. */
function joinPages<T>(page: Page<Identified<T>>, older: readonly Identified<T>[], limit: number) {
  const items = new Map([...older, ...page.items].map((item) => [item.id, item]));
  const all = [...items.values()].sort((a, b) => a.id - b.id);
  // What follows a page of the database is not known yet.
  const last = page.more ? page.items.at(-1)!.id : Infinity;
  const sure = all.filter(({ id }) => id <= last);
  return { items: sure.slice(0, limit), more: page.more || sure.length > limit };
}

/** An export's text, whenever some has gathered. */
async function* exportChunks(
  places: AsyncIterable<ExportPlace | null>,
  sink: TextSink | BatchSink,
): AsyncGenerator<ExportChunk> {
  let place: ExportPlace | null = null;
  const chunk = (): ExportChunk => {
    const { records } = sink;
    return sink instanceof TextSink
      ? { text: sink.take(), records, place }
      : { text: '', batch: sink.take(), records, place };
  };
  for await (const reached of places) {
    if (reached !== null) place = reached;
    if (sink.length > 0) yield chunk();
  }
  if (sink instanceof TextSink) sink.finish();
  if (sink.length > 0) yield chunk();
}

/** Numbers of the markets that are selected; null = all there are. */
async function marketNumbers(
  client: Client,
  { exchange, symbol, currency }: Pick<GapsQuery, 'exchange' | 'symbol' | 'currency'>,
): Promise<number[] | null> {
  const where = defined({ exchangeName: exchange, symbol, currency });
  if (Object.keys(where).length === 0) return null;
  const markets = await client.market.findMany({ where, select: { id: true } });
  return markets.map(({ id }) => id);
}

/** Levels of a row with their places: asks first, then bids, counted through. */
function* levelsOf(row: StoredRow, market: Market): Generator<BookRow> {
  const { sequence, timestamp } = row;
  let index = 0;
  for (const side of ['ask', 'bid'] as const) {
    const levels: readonly Level[] = decodeLevels(side === 'ask' ? row.asks : row.bids);
    for (const [price, volume] of levels) {
      yield { market, timestamp, side, price, volume, sequence, index: index++ };
    }
  }
}
