import { EXCHANGES, type Exchange } from '../../market/exchange.js';
import { type Market, marketKey } from '../../market/market.js';
import { MarketSelection } from '../../market/market-selection.js';
import type { TradesKnown } from '../../market/collector-memory.js';
import type { TimeWindow } from '../../market/time-window.js';
import { nearInTime, type ReadTrade, type Trade } from '../../market/trade.js';
import { matchTrades, type TradeMatch } from '../../market/trade-match.js';
import type { Span } from '../../market/trade-span.js';
import { raw, type Sql, sql } from '../engine/sql.js';
import { isSelected, type MarketFilter, named, ReaderDatabase } from '../reader-database.js';
import type { ReaderOptions } from '../reader-protocol.js';
import type { Page, StoreReader, TradesAfter } from '../reader-types.js';
import { KnownSpans, type TradeMarkets } from './known-spans.js';
import { OlderTrades } from './older-trades.js';
import { spanPage, spansUntil } from './span-reader.js';
import { joinTrades, minuteVolumes, pageOf, type TradePieces } from './trade-streams.js';
import { tradeTotals } from './trade-totals.js';

type TradesQuery = Parameters<StoreReader['trades']>[0];
type TradesAfterQuery = Parameters<StoreReader['tradesAfter']>[0];
type TotalsQuery = Parameters<StoreReader['tradeTotals']>[0];
type SpansQuery = Parameters<StoreReader['tradeSpans']>[0];
type CoverageQuery = Parameters<StoreReader['tradeCoverage']>[0];

/** Maximum unchecked trade spans that a run takes over from the previous one. */
const MAX_OPEN_SPANS = 1000;
/** Stored trades for a page of the history beyond twice its own: no page can cover that many. */
const FAR_MORE = 5_000;

/** No market has this number. */
const NO_MARKET = 0;

/** The queries about past trades. */
export class TradeQuestions {
  protected readonly db: ReaderDatabase;
  readonly #older: OlderTrades | null;

  constructor(options: ReaderOptions) {
    this.db = new ReaderDatabase(options);
    const { archive } = this.db;
    this.#older =
      archive &&
      new OlderTrades(
        archive.trades,
        async () => (await this.db.opened()).trades,
        (patterns) => this.#matchedMarkets(patterns),
      );
  }

  async trades({ market, ...query }: TradesQuery): Promise<Page<Trade>> {
    const own = named(market);
    const { after, limit, to } = query;
    const from = Math.max(query.from ?? 0, after?.time ?? 0);
    const older = (await this.db.archive?.trades.sweep([own], { from, to })) ?? null;
    const id = await this.db.marketId(own);
    const { trades } = await this.db.opened();
    if (older === null) {
      return id === null ? { items: [], more: false } : trades.page(id, own, query);
    }
    const hot = trades.sweep(new Map(id === null ? [] : [[id, own]]), { from, to });
    return pageOf(joinTrades(older, hot), after, limit);
  }

  async tradesAfter(query: TradesAfterQuery): Promise<TradesAfter> {
    const older = (await this.#older?.page(query)) ?? null;
    if (older !== null) return older;
    const { patterns, after, limit } = query;
    const { hot } = await this.#matchedMarkets(patterns);
    return (await this.db.opened()).trades.after(hot, after, limit);
  }

  /** Markets that may have trades and match some patterns. */
  async #matchedMarkets(patterns: TradesAfterQuery['patterns']): Promise<TradeMarkets> {
    const selection = new MarketSelection(patterns);
    const { hot, older } = await this.tradeMarkets({ exchanges: EXCHANGES });
    const matched = [...hot].filter(([, market]) => selection.matches(market));
    return {
      hot: new Map(matched.map(([id, market]) => [id, named(market)])),
      older: older.filter((market) => selection.matches(market)).map(named),
    };
  }

  async hasTrades(selection: MarketFilter): Promise<boolean> {
    const { hot, older } = await this.tradeMarkets(selection);
    return older.length > 0 || (await this.db.opened()).trades.any(hot.keys());
  }

  async marketsWithTrades(): Promise<Market[]> {
    const of = (table: string): Sql =>
      sql`EXISTS (SELECT 1 FROM ${raw(table)} t WHERE t.market_id = m.id)`;
    const { session } = await this.db.opened();
    const found = await session.rows(sql`
      SELECT m.exchange, m.symbol, m.currency FROM market m
       WHERE m.recording AND (${of('trade_span')} OR ${of('trade_recent')} OR ${of('trade_block')})`);
    return (found as [Exchange, string, string][]).map(([exchange, symbol, currency]) => {
      return { exchange, symbol, currency };
    });
  }

  /** The selected markets in the database, by number, and those with trades in the archive. */
  protected async tradeMarkets(selection: MarketFilter): Promise<TradeMarkets> {
    const hot = await this.db.selected(selection);
    const known = new Map([...hot.values()].map((market) => [marketKey(market), market]));
    const older = ((await this.db.archive?.trades.markets()) ?? []).flatMap((market) => {
      return isSelected(selection, market) ? [known.get(marketKey(market)) ?? market] : [];
    });
    return { hot, older };
  }

  /** The selected trades of the database and the archive, each once, in order. */
  protected async tradePieces(selection: MarketFilter, window: TimeWindow): Promise<TradePieces> {
    const { hot, older } = await this.tradeMarkets(selection);
    const stored = (await this.db.opened()).trades.sweep(hot, window);
    const archived = (await this.db.archive?.trades.sweep(older, window)) ?? null;
    return archived === null ? stored : joinTrades(archived, stored);
  }

  async unknownTrades(
    market: Market,
    trades: readonly ReadTrade[],
    byId = false,
  ): Promise<ReadTrade[]> {
    const unknown = new Set<ReadTrade>();
    for (const group of nearInTime(trades))
      for (const trade of await this.#unknown(market, group, byId)) unknown.add(trade);
    return trades.filter((trade) => unknown.has(trade));
  }

  async #unknown(
    market: Market,
    trades: readonly ReadTrade[],
    byId: boolean,
  ): Promise<ReadTrade[]> {
    const id = (await this.db.marketId(market)) ?? NO_MARKET;
    const times = trades.map(({ exchangeTimestamp }) => exchangeTimestamp);
    const window = { from: Math.min(...times), to: Math.max(...times) + 1 };
    const older: Trade[] = [];
    for await (const piece of (await this.db.archive?.trades.sweep([named(market)], window)) ??
      []) {
      older.push(...piece);
    }
    return (await this.db.opened()).trades.unknown(id, market, trades, { older, byId });
  }

  async newestTrade(market: Market): Promise<Trade | null> {
    const id = await this.db.marketId(market);
    const { trades } = await this.db.opened();
    const stored = id === null ? null : await trades.newest(id, named(market));
    return stored ?? (await this.db.archive?.trades.newest(named(market))) ?? null;
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
    const id = await this.db.marketId(market);
    if (id !== null && (await (await this.db.opened()).trades.hasBefore(id, time))) return true;
    return (await this.db.archive?.trades.hasBefore(market, time)) ?? false;
  }

  async tradeVolumes(market: Market, { start, end }: Span): Promise<ReadonlyMap<number, string>> {
    const { exchange, symbol, currency } = market;
    const selection = { exchanges: [exchange], symbol, currency };
    return minuteVolumes(await this.tradePieces(selection, { from: start, to: end }));
  }

  async tradesKnown(market: Market, startedAt: number): Promise<TradesKnown> {
    const id = await this.db.marketId(market);
    const { session, trades } = await this.db.opened();
    const open =
      id === null ? null : await spanPage(session, id, { checked: false, limit: MAX_OPEN_SPANS });
    const newest = id === null ? null : await trades.newest(id, market, startedAt);
    const newestTrade = newest?.exchangeTimestamp ?? null;
    // Trades recorded before spans existed: knowledge ends with the last of them.
    const until =
      (id === null ? null : await spansUntil(session, id)) ??
      newestTrade ??
      (await this.db.archive?.trades.newest(named(market)))?.exchangeTimestamp;
    const [book] = await session.rows(sql`
      SELECT exchange_timestamp FROM book WHERE market_id = ${id ?? NO_MARKET} AND +timestamp < ${startedAt}
       ORDER BY sequence DESC LIMIT 1`);
    const newestBook = (book?.[0] as number | null | undefined) ?? null;
    return { open: open?.items ?? [], until: until ?? null, newestTrade, newestBook };
  }

  async tradeSpans({ market, ...query }: SpansQuery): ReturnType<StoreReader['tradeSpans']> {
    const id = await this.db.marketId(market);
    return (await this.knownSpans()).page({ market, id }, query);
  }

  async tradeCoverage({
    market,
    ...window
  }: CoverageQuery): ReturnType<StoreReader['tradeCoverage']> {
    const id = await this.db.marketId(market);
    return (await this.knownSpans()).sums({ market, id }, window);
  }

  async tradeTotals({
    from,
    to,
    ...selection
  }: TotalsQuery): ReturnType<StoreReader['tradeTotals']> {
    const markets = await this.tradeMarkets(selection);
    return tradeTotals((await this.knownSpans()).days(markets, { from, to }));
  }

  protected async knownSpans(): Promise<KnownSpans> {
    return new KnownSpans((await this.db.opened()).session, this.db.archive?.spans ?? null);
  }
}
