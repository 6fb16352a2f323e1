import type { Exchange } from '../market/exchange.js';
import { type Market, marketKey } from '../market/market.js';
import { type BookSource, DatabaseSource } from './book-source.js';
import type { Session } from './engine/engine.js';
import { sql } from './engine/sql.js';
import { isSelected, type ReaderDatabase } from './reader-database.js';
import type { BookSelection } from './reader-types.js';
import { TieredSource } from './tiered-source.js';

/** Opens a selection of the stored books, from the database and, for older ones, the archive. */
export class BookSources {
  readonly #db: ReaderDatabase;
  /** Numbers of markets that only the archive knows, negative. */
  readonly #archiveIds = new Map<string, number>();

  constructor(db: ReaderDatabase) {
    this.#db = db;
  }

  /** The selection, from sequence `start` on, up to the newest current book, or `before`. */
  async open(
    selection: Omit<BookSelection, 'exchange'>,
    start: number,
    exchanges: readonly Exchange[],
    before = Infinity,
    matches: (market: Market) => boolean = () => true,
  ): Promise<BookSource> {
    const { session, timeline } = await this.#db.opened();
    const { symbol, currency } = selection;
    const ranges = (await timeline.ranges(selection))
      .filter(({ low, high }) => high >= start && low < before)
      .map(({ low, high }) => ({
        low: Math.max(low, start),
        high: Math.min(high, before - 1),
      }));
    // After the ranges, so that every market with a book in them is known.
    const found = await this.#db.selected({ exchanges, symbol, currency });
    const markets = new Map([...found].filter(([, market]) => matches(market)));
    const older = await this.#olderMarkets(markets, exchanges, selection, matches);
    const boundAt = (at: number) => timeline.boundAt(at);
    const hot = new DatabaseSource({ session, markets, ranges, boundAt });
    if (this.#db.archive === null || older.length === 0) return hot;
    const { from, to } = selection;
    const numbers = new Map([...markets].map(([id, market]) => [marketKey(market), id]));
    const numberOf = (market: Market): number => numbers.get(marketKey(market))!;
    const firstHot = await firstRows(session);
    // After a market's first row in the database, the archive is only asked for lost rows.
    const hotFrom = older.map((market) => firstHot.get(numberOf(market)) ?? Infinity);
    const last = Math.min(before, Number.MAX_SAFE_INTEGER) - 1;
    const lost = await this.#db.lostRows!.ranges(session);
    const wanted = [{ low: start, high: Math.min(last, Math.max(...hotFrom) - 1) }, ...lost];
    const window = { from, to, markets: older, low: start, high: last };
    const olderRanges = await this.#db.archive.ranges(window, wanted);
    if (olderRanges.length === 0) return hot;
    return new TieredSource(hot, {
      books: this.#db.archive,
      selection: window,
      ranges: olderRanges,
      numberOf,
      firstHot,
      lostRows: this.#db.lostRows!,
      lost,
    });
  }

  /**
   * The selected markets with books in the archive. Those unknown to the database are added to
   * `markets` with numbers of their own.
   */
  async #olderMarkets(
    markets: Map<number, Market>,
    exchanges: readonly Exchange[],
    { symbol, currency }: Omit<BookSelection, 'exchange'>,
    matches: (market: Market) => boolean,
  ): Promise<Market[]> {
    const known = new Set([...markets.values()].map(marketKey));
    const older = ((await this.#db.archive?.markets()) ?? []).filter(
      (market) => matches(market) && isSelected({ exchanges, symbol, currency }, market),
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
