import { MarketSelection } from '../market/market-selection.js';
import type { Gap } from '../market/gap.js';
import type { Market } from '../market/market.js';
import { BookScan } from './book-scan.js';
import type { Session } from './engine/engine.js';
import { sql } from './engine/sql.js';
import { gapsBefore } from './gaps-before.js';
import { applyRow, rebuild, type RebuiltBook, type StoredRow } from './rebuild.js';
import { retiredUpTo } from './retired.js';
import type { BookPage, BookPageQuery, StoredBook } from './reader-types.js';
import type { Timeline } from './timeline.js';

/** Rebuilt books cached between pages, over all walks: a market's next delta applies to its last. */
const KEPT_BOOKS = 4000;
/** Maximum levels per page, so that a page of deep books is no bigger than one of shallow ones. */
const MAX_LEVELS = 20_000;

/** Progress of a walk: the newest book of each market at a position. */
interface Walk {
  /** Everything up to this sequence has been returned. */
  after: number;
  readonly books: Map<number, RebuiltBook>;
}

/**
 * Whole books in order of sequence, a page at a time. A caller walks by passing the position where
 * the previous page ended; nothing needs to be opened or closed. What a walk has rebuilt is cached
 * for its next page within bounds; if it was dropped, it is rebuilt from the last whole books.
 */
export class BookPages {
  readonly #session: Session;
  readonly #timeline: Timeline;
  /** Newest last. */
  #walks: Walk[] = [];
  #markets = new Map<number, Market>();

  constructor(session: Session, timeline: Timeline) {
    this.#session = session;
    this.#timeline = timeline;
  }

  /** The page that follows `after`. */
  async page(query: BookPageQuery): Promise<BookPage> {
    const { after, until = Infinity, limit } = query;
    const ranges = (await this.#timeline.ranges(query))
      .filter(({ low, high }) => high > after && low <= until)
      .map(({ low, high }) => ({ low: Math.max(low, after + 1), high: Math.min(high, until) }));
    // After the ranges, so that every market with a book in them is known.
    await this.#loadMarkets();
    const selection = new MarketSelection(query.patterns);
    const ids = [...this.#markets]
      .filter(([, market]) => selection.matches(market))
      .map(([id]) => id);
    const reached = Math.max(after, ranges.at(-1)?.high ?? after);
    const scan = new BookScan(this.#session, ids, ranges);
    const rows = await scan.next(limit);
    if (rows.length === 0) return { items: [], reached, more: false };

    const walk = this.#takeWalk(after);
    // Between two ranges deltas are skipped: what was rebuilt before is no longer valid.
    if (ranges[scan.part]!.low !== after + 1) walk.books.clear();
    const holes = query.since === undefined ? null : await this.#holes(rows, walk, query.since);
    const gaps = await gapsBefore(this.#session, rows, (id) => this.#markets.get(id)!);
    const items: StoredBook[] = [];
    let levels = 0;
    for (const row of rows) {
      const before = walk.books.get(row.marketId) ?? null;
      const book =
        applyRow(before, row) ?? (await rebuild(this.#session, row.marketId, row.sequence));
      walk.after = row.sequence;
      // Its whole book has just been deleted; so will this one be, and the next one reports the loss.
      if (book === null) continue;
      walk.books.set(row.marketId, book);
      const gapBefore = holes?.get(row.sequence) ?? gaps.get(row.sequence) ?? null;
      items.push(this.#item(row.marketId, book, gapBefore));
      levels += book.asks.length + book.bids.length;
      if (levels >= MAX_LEVELS) break;
    }
    this.#keepWalk(walk);
    return { items, reached: walk.after, more: true };
  }

  #item(marketId: number, book: RebuiltBook, gapBefore: Gap | null): StoredBook {
    const { timestamp, exchangeTimestamp, sequence, asks, bids } = book;
    const market = this.#markets.get(marketId)!;
    return { book: { market, timestamp, exchangeTimestamp, sequence, asks, bids }, gapBefore };
  }

  /** Markets are never deleted or renamed: only new ones have to be read. */
  async #loadMarkets(): Promise<void> {
    const last = [...this.#markets.keys()].at(-1) ?? 0;
    const rows = await this.#session.client.market.findMany({
      where: { id: { gt: last } },
      orderBy: { id: 'asc' },
    });
    for (const { id, exchangeName, symbol, currency } of rows) {
      const exchange = exchangeName as Market['exchange'];
      this.#markets.set(id, { exchange, symbol, currency });
    }
  }

  #takeWalk(after: number): Walk {
    const index = this.#walks.findIndex((walk) => walk.after === after);
    return index === -1 ? { after, books: new Map() } : this.#walks.splice(index, 1)[0]!;
  }

  #keepWalk(walk: Walk): void {
    this.#walks.push(walk);
    let kept = this.#walks.reduce((sum, { books }) => sum + books.size, 0);
    while (kept > KEPT_BOOKS && this.#walks.length > 0) kept -= this.#walks.shift()!.books.size;
  }

  /**
   * The rows before which retention deleted books that the walk had not returned: each is the first
   * remaining row of its market. `since` is where the walk started.
   */
  async #holes(rows: readonly StoredRow[], walk: Walk, since: number): Promise<Map<number, Gap>> {
    const holes = new Map<number, Gap>();
    const looked = new Set<number>();
    const retired = await retiredUpTo(this.#session.client);
    for (const row of rows) {
      if (looked.has(row.marketId)) continue;
      looked.add(row.marketId);
      const given = walk.books.get(row.marketId)?.sequence ?? since;
      const upTo = retired.get(row.marketId) ?? 0;
      if (upTo <= given || upTo >= row.sequence) continue;
      const earlier = await this.#session.rows(sql`
        SELECT 1 FROM book WHERE market_id = ${row.marketId} AND sequence < ${row.sequence} LIMIT 1`);
      if (earlier.length > 0) continue;
      holes.set(row.sequence, await this.#hole(row, given, upTo));
    }
    return holes;
  }

  /** A hole starts at the time of the newest remaining book, of any market, that is not in it. */
  async #hole(row: StoredRow, given: number, upTo: number): Promise<Gap> {
    const [before] = await this.#session.rows(sql`
      SELECT timestamp FROM book WHERE sequence <= ${given} ORDER BY sequence DESC LIMIT 1`);
    return {
      market: this.#markets.get(row.marketId)!,
      start: Math.min(Number(before?.[0] ?? row.timestamp), row.timestamp),
      end: row.timestamp,
      cause: 'RETIRED',
      detail: `books between sequence ${given} and ${row.sequence} were deleted, up to ${upTo}`,
      attempts: 0,
    };
  }
}
