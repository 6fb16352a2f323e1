import { EXCHANGES, type Exchange } from '../market/exchange.js';
import { dateOf, dayStart } from '../market/day-report.js';
import { type Market, marketKey } from '../market/market.js';
import { MarketSelection } from '../market/market-selection.js';
import type { Level, OrderBook } from '../market/order-book.js';
import { bookCounts } from './book-counts.js';
import { type BookSource, NO_MARKET, rowPages } from './book-source.js';
import type { Session } from './engine/engine.js';
import { sql } from './engine/sql.js';
import { CoverageReader } from './coverage.js';
import { dayReport, newestDay } from './day-report.js';
import { recordingStrips } from './recording-strips.js';
import { StoreError } from './errors.js';
import { knownUntil, silentSince } from './silent-since.js';
import { decodeLevels } from '../market/level-text.js';
import { marketBooks } from './market-books.js';
import { marketRows } from './market-rows.js';
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
import { toWantedPattern } from './records.js';
import type {
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
} from './reader-types.js';
import type { LogEnd } from './store-types.js';
import type { ExchangeRecord, MarketRecord, WantedPattern } from '../market/managed-lists.js';
import { TieredSource } from './tiered-source.js';
import { TRADE_FIELDS, withTrades } from './trades/series-trades.js';
import { BookSources } from './book-sources.js';
import { named } from './reader-database.js';
import { TradeQuestions } from './trades/trade-questions.js';

type CountsQuery = Parameters<StoreReader['bookCounts']>[0];
type RowsQuery = Parameters<StoreReader['rows']>[0];
type GapsQuery = Parameters<StoreReader['gaps']>[0];
type CoverageQuery = Parameters<StoreReader['coverage']>[0];
type BreaksQuery = Parameters<StoreReader['breaks']>[0];
type StripsQuery = Parameters<StoreReader['recordingStrips']>[0];
type MinutesQuery = Parameters<StoreReader['coverageMinutes']>[0];
type LogsQuery = Parameters<StoreReader['logs']>[0];

/** Gaps of an export read at a time. */
const GAP_PAGE = 1000;

/** Answers all queries about the past, on a read-only connection in a separate thread. */
export class Reader extends TradeQuestions implements ReaderService {
  readonly #exports = new Map<number, AsyncGenerator<ExportChunk>>();
  #nextExport = 1;
  readonly #sources: BookSources;
  readonly #olderPages: OlderPages | null;

  constructor(options: ReaderOptions) {
    super(options);
    this.#sources = new BookSources(this.db);
    this.#olderPages = this.db.archive && new OlderPages((query) => this.#olderSource(query));
  }

  async logEnd(): Promise<LogEnd | null> {
    const { session } = await this.db.opened();
    // One statement, so that all of it is as of one moment.
    const [row] = await session.rows(sql`
      SELECT (SELECT value FROM state WHERE key = 'log_id'),
             (SELECT value FROM state WHERE key = 'log_base'),
             (SELECT value FROM state WHERE key = 'log_offset'),
             (SELECT timestamp FROM book ORDER BY sequence DESC LIMIT 1)`);
    const [id, base, offset, lastTimestamp] = row as (number | null)[];
    if (id === null || id === undefined) return null;
    return { id, base: base ?? 0, offset: offset ?? 0, lastTimestamp: lastTimestamp ?? null };
  }

  async silentSince(): Promise<number | null> {
    return silentSince((await this.db.opened()).session, Date.now());
  }

  async newestBook(market: Market): Promise<OrderBook | null> {
    return this.#book(market, Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER);
  }

  async bookAt(market: Market, at: number): Promise<OrderBook | null> {
    const { timeline } = await this.db.opened();
    return this.#book(market, await timeline.boundAt(at), at);
  }

  async bestPrices(market: Market, moments: readonly number[]): Promise<(BestPrices | null)[]> {
    const { session, timeline } = await this.db.opened();
    const id = await this.db.marketId(market);
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
    const { session, timeline } = await this.db.opened();
    const ids: (number | null)[] = [];
    for (const market of markets) ids.push(await this.db.marketId(market));
    return bookCounts(session, timeline, ids, grid);
  }

  async rows(query: RowsQuery): Promise<Page<BookRow>> {
    const { after, limit, side } = query;
    const source = await this.#sources.open(query, after?.sequence ?? 0, [query.exchange]);
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
    const { pages } = await this.db.opened();
    return (await this.#olderPages?.page(query)) ?? pages.page(query);
  }

  bookPage(query: MarketBooksQuery): Promise<Page<StoredBook>> {
    const { market, from, to, after = 0, before = Infinity } = query;
    const { exchange, symbol, currency } = market;
    const open = (start: number) =>
      this.#sources.open(
        { symbol, currency, from, to },
        Math.max(start, after + 1),
        [exchange],
        before,
      );
    return marketBooks(open, query);
  }

  async gaps(query: GapsQuery): ReturnType<StoreReader['gaps']> {
    const { session } = await this.db.opened();
    const page = await gapPage(session, query, await marketNumbers(session, query));
    if (this.db.archive === null) return page;
    const { exchange, after = -1, limit } = query;
    const older = await this.db.archive.records.gaps(exchange, query, query);
    return joinPages(
      page,
      older.filter(({ id }) => id > after),
      limit,
    );
  }

  async gapTotals(selection: BookSelection): ReturnType<StoreReader['gapTotals']> {
    const { session } = await this.db.opened();
    const now = Date.now();
    const totals = await gapTotals(
      session,
      selection,
      await marketNumbers(session, selection),
      now,
    );
    const older =
      (await this.db.archive?.records.gaps(selection.exchange, selection, selection)) ?? [];
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
    const { session } = await this.db.opened();
    return new CoverageReader(session, this.db.archive?.records).totals(market, window, Date.now());
  }

  async breaks({ market, ...window }: BreaksQuery): ReturnType<StoreReader['breaks']> {
    const { exchange, symbol, currency } = market;
    const source = await this.#sources.open({ symbol, currency, ...window }, 0, [exchange]);
    try {
      const [id = NO_MARKET] = source.markets.keys();
      return await source.breaks(id, window);
    } finally {
      await source.close?.();
    }
  }

  async coverageMinutes(query: MinutesQuery): ReturnType<StoreReader['coverageMinutes']> {
    const { session } = await this.db.opened();
    const { market, after, limit, ...window } = query;
    return new CoverageReader(session, this.db.archive?.records).minutes(
      market,
      window,
      after,
      limit,
    );
  }

  async recordingStrips(query: StripsQuery): ReturnType<StoreReader['recordingStrips']> {
    const { session } = await this.db.opened();
    const { from, to, slots } = query;
    const archive = this.db.archive?.records ?? null;
    const window = { start: from, end: to };
    const known = await knownUntil(session, Date.now());
    return recordingStrips(session.client, archive, window, slots, known);
  }

  async dayReport(from?: number): ReturnType<StoreReader['dayReport']> {
    const { session } = await this.db.opened();
    const now = Date.now();
    const archived = await this.db.archive?.records.newestDate();
    const newest = from ?? (await newestDay(session, now));
    const day = newest ?? (typeof archived === 'string' ? dayStart(archived) : null);
    if (day === null) return null;
    // The archived report covers the whole day; the database may have deleted part of it.
    return (await this.db.archive?.records.report(dateOf(day))) ?? dayReport(session, day, now);
  }

  async logs(query: LogsQuery): ReturnType<StoreReader['logs']> {
    return logPage((await this.db.opened()).session, query);
  }

  async exchanges(): Promise<ExchangeRecord[]> {
    const { client } = (await this.db.opened()).session;
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
    const { session } = await this.db.opened();
    const rows = await marketRows(session, { exchanges: [exchange] }, 'name');
    const records = rows.map(({ market, rest }): MarketRecord => ({ ...market, ...rest }));
    const known = new Set(records.map(marketKey));
    const archived = [
      ...((await this.db.archive?.markets()) ?? []),
      ...((await this.db.archive?.trades.markets()) ?? []),
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
    const { client } = (await this.db.opened()).session;
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
      const pieces = await this.tradePieces(options, { from, to });
      const markets = await this.tradeMarkets(options);
      const spans = await this.knownSpans();
      const knownOn = (day: number) => spans.day(markets, day);
      return { range: null, places: writeTrades(pieces, options, sink, knownOn) };
    }
    if (shape !== 'gaps') {
      const source = await this.#sources.open(selection, 0, exchanges);
      return { range: source.range, places: writeBooks(source, options, sink) };
    }
    if (options.of === 'trades') {
      const markets = await this.tradeMarkets(options);
      const days = (await this.knownSpans()).days(markets, { from, to });
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
    const source = await this.#sources.open({ symbol, currency, from, to }, 0, [exchange]);
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
    const pieces = await this.tradePieces(selection, { from, to });
    const id = await this.db.marketId(market);
    const recorded = await (await this.knownSpans()).of({ market, id }, { from, to });
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

  async close(): Promise<void> {
    await this.db.close();
  }

  exportEnd(id: number): void {
    // Its resources are released once the current read is done.
    this.#exports
      .get(id)
      ?.return(undefined)
      .catch(() => undefined);
    this.#exports.delete(id);
  }

  /** Book at the highest sequence up to `limit` (null: none) and not after `at`. */
  async #book(market: Market, limit: number | null, at: number): Promise<OrderBook | null> {
    const { session } = await this.db.opened();
    const id = limit === null ? null : await this.db.marketId(market);
    const hot = id === null ? null : await rebuild(session, id, limit!, at);
    const book = await this.#newest(named(market), hot, at);
    if (book === null) return null;
    const { sequence, timestamp, exchangeTimestamp, asks, bids } = book;
    return { market: named(market), timestamp, exchangeTimestamp, sequence, asks, bids };
  }

  /** The newer of a market's book in the database and the archive's after it. */
  async #newest(market: Market, hot: RebuiltBook | null, at: number): Promise<RebuiltBook | null> {
    if (this.db.lostRows === null) return hot;
    const lost = await this.db.lostRows.ranges((await this.db.opened()).session);
    return this.db.lostRows.newest(market, lost, hot, Number.MAX_SAFE_INTEGER, at);
  }

  /** A source for what is wanted after a position, if part of it is only in the archive. */
  async #olderSource(query: BookPageQuery): Promise<BookSource | null> {
    const { after, until = Number.MAX_SAFE_INTEGER - 1, from, to } = query;
    const window = { from, to, low: after + 1, high: until, markets: [] };
    if ((await this.db.archive!.ranges(window)).length === 0) return null;
    const selection = new MarketSelection(query.patterns);
    const matches = (market: Market): boolean => selection.matches(market);
    const source = await this.#sources.open({ from, to }, after + 1, EXCHANGES, until + 1, matches);
    return source instanceof TieredSource ? source : null;
  }
}

/** A page merged with what the archive has, in order of id. */
function joinPages<T>(page: Page<Identified<T>>, older: readonly Identified<T>[], limit: number) {
  const items = new Map([...older, ...page.items].map((item) => [item.id, item]));
  const all = [...items.values()].sort((a, b) => a.id - b.id);
  // What follows the database's page is not known yet.
  const last = page.more ? page.items.at(-1)!.id : Infinity;
  const sure = all.filter(({ id }) => id <= last);
  return { items: sure.slice(0, limit), more: page.more || sure.length > limit };
}

/** An export's text, in chunks. */
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

/** Numbers of the selected markets; null = all. */
async function marketNumbers(
  session: Session,
  { exchange, symbol, currency }: Pick<GapsQuery, 'exchange' | 'symbol' | 'currency'>,
): Promise<number[] | null> {
  if ([exchange, symbol, currency].every((given) => given === undefined)) return null;
  const exchanges = exchange === undefined ? undefined : [exchange];
  return (await marketRows(session, { exchanges, symbol, currency })).map(({ id }) => id);
}

/** Levels of a row with their positions: asks first, then bids, numbered consecutively. */
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
