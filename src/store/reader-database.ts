import type { Exchange } from '../market/exchange.js';
import { type Market, marketKey } from '../market/market.js';
import { ArchivedBooks } from './archived-books.js';
import { BookPages } from './book-pages.js';
import type { Session } from './engine/engine.js';
import { openEngine } from './engine/open.js';
import { sql } from './engine/sql.js';
import { LostRows } from './lost-rows.js';
import { marketRows } from './market-rows.js';
import type { ReaderOptions } from './reader-protocol.js';
import { Timeline } from './timeline.js';
import { TradeReader } from './trades/trade-reader.js';

/** The open database. */
export interface Opened {
  readonly session: Session;
  readonly timeline: Timeline;
  readonly pages: BookPages;
  readonly trades: TradeReader;
}

/** Selects markets of some exchanges. */
export interface MarketFilter {
  readonly exchanges: readonly Exchange[];
  readonly symbol?: string | undefined;
  readonly currency?: string | undefined;
}

/** Shared by all queries about the past: the database, opened by the first of them, and the archive. */
export class ReaderDatabase {
  /** What the database has deleted; null where there is no archive. */
  readonly archive: ArchivedBooks | null;
  readonly lostRows: LostRows | null;
  readonly #path: string;
  #opened: Promise<Opened> | undefined;
  readonly #marketIds = new Map<string, number>();

  constructor({ path, archivePath }: ReaderOptions) {
    this.#path = path;
    const hotFrom = (market: Market): Promise<number> => this.#hotFrom(market);
    this.archive = archivePath === undefined ? null : new ArchivedBooks(archivePath, hotFrom);
    this.lostRows = this.archive && new LostRows(this.archive);
  }

  /** The open database. If it cannot be opened, the next query tries again. */
  opened(): Promise<Opened> {
    this.#opened ??= this.#open().catch((error: unknown) => {
      this.#opened = undefined;
      throw error;
    });
    return this.#opened;
  }

  async #open(): Promise<Opened> {
    const session = await (await openEngine(this.#path)).openReader();
    const timeline = new Timeline(session);
    const pages = new BookPages(session, timeline);
    return { session, timeline, pages, trades: new TradeReader(session) };
  }

  /** When a market's first book still in the database was received; Infinity without one. */
  async #hotFrom(market: Market): Promise<number> {
    const id = await this.marketId(market);
    if (id === null) return Infinity;
    const { session } = await this.opened();
    const [first] = await session.rows(
      sql`SELECT timestamp FROM book WHERE market_id = ${id} ORDER BY sequence LIMIT 1`,
    );
    return Number(first?.[0] ?? Infinity);
  }

  /** Number of a market in the database, or null. It never changes and is never removed. */
  async marketId({ exchange, symbol, currency }: Market): Promise<number | null> {
    const key = marketKey({ exchange, symbol, currency });
    const known = this.#marketIds.get(key);
    if (known !== undefined) return known;
    const { session } = await this.opened();
    const [found] = await marketRows(session, { exchanges: [exchange], symbol, currency });
    if (found !== undefined) this.#marketIds.set(key, found.id);
    return found?.id ?? null;
  }

  /** The selected markets known to the database, by number. */
  async selected(filter: MarketFilter): Promise<Map<number, Market>> {
    const rows = await marketRows((await this.opened()).session, filter);
    return new Map(rows.map(({ id, market }) => [id, market]));
  }

  async close(): Promise<void> {
    const opened = this.#opened;
    this.#opened = undefined;
    const open = await opened;
    await this.archive?.close();
    await open?.session.close();
  }
}

/** A market by its names only. */
export function named({ exchange, symbol, currency }: Market): Market {
  return { exchange, symbol, currency };
}

/** Whether a market is selected. */
export function isSelected({ exchanges, symbol, currency }: MarketFilter, market: Market): boolean {
  return (
    exchanges.includes(market.exchange) &&
    (symbol ?? market.symbol) === market.symbol &&
    (currency ?? market.currency) === market.currency
  );
}
