import type { CollectPattern } from '../../market/collect-pattern.js';
import type { Trade } from '../../market/trade.js';
import type { ArchivedTrades } from '../archived-trades.js';
import type { TradesAfter } from '../reader-types.js';
import type { TradeMarkets } from './known-spans.js';
import type { TradeReader } from './trade-reader.js';

/** Sequences spanned by a walk's first statement, and target number of trades per statement. */
const FIRST_SPAN = 50_000;
const PIECE_ROWS = 40_000;
/** Maximum walks kept between two pages; beyond that, the oldest restarts at its next page. */
const MAX_WALKS = 4;

/** What is asked for. */
interface AfterQuery {
  readonly patterns: readonly CollectPattern[];
  readonly after: number;
  readonly limit: number;
}

/** Progress of a walk. */
interface Walk {
  readonly wanted: string;
  after: number;
  /** The last sequence it covers: the archive may grow meanwhile. */
  readonly end: number;
  readonly pieces: AsyncGenerator<Trade[], void>;
  /** Trades read but not returned yet. */
  trades: Trade[];
  given: number;
}

/** Trades in order of sequence, a page at a time, while some of them are only in the archive. */
export class OlderTrades {
  readonly #archive: ArchivedTrades;
  readonly #hot: () => Promise<TradeReader>;
  readonly #marketsOf: (patterns: AfterQuery['patterns']) => Promise<TradeMarkets>;
  /** Newest last. */
  #walks: Walk[] = [];

  /** @param hot reads the database's. @param marketsOf the selected markets */
  constructor(
    archive: ArchivedTrades,
    hot: () => Promise<TradeReader>,
    marketsOf: (patterns: AfterQuery['patterns']) => Promise<TradeMarkets>,
  ) {
    this.#archive = archive;
    this.#hot = hot;
    this.#marketsOf = marketsOf;
  }

  /** The page that follows `after`; null when everything that follows is in the database. */
  async page({ patterns, after, limit }: AfterQuery): Promise<TradesAfter | null> {
    const end = await this.#archive.lastSequence();
    if (after >= end) return null;
    const wanted = JSON.stringify(patterns);
    const index = this.#walks.findIndex((walk) => walk.after === after && walk.wanted === wanted);
    const walk: Walk =
      index === -1
        ? { wanted, after, end, pieces: this.#walk(patterns, after, end), trades: [], given: 0 }
        : this.#walks.splice(index, 1)[0]!;
    while (walk.given === walk.trades.length) {
      const next = await walk.pieces.next();
      if (next.done === true) return { items: [], reached: walk.end, more: true };
      walk.trades = next.value;
      walk.given = 0;
    }
    const items = walk.trades.slice(walk.given, walk.given + limit);
    walk.given += items.length;
    walk.after = items.at(-1)!.sequence;
    this.#walks.push(walk);
    if (this.#walks.length > MAX_WALKS) this.#walks.shift();
    return { items, reached: walk.after, more: true };
  }

  /** The selected trades after one sequence and up to another, in pieces. */
  async *#walk(
    patterns: AfterQuery['patterns'],
    after: number,
    end: number,
  ): AsyncGenerator<Trade[], void> {
    const markets = await this.#marketsOf(patterns);
    const hot = await this.#hot();
    let span = FIRST_SPAN;
    for (let low = after + 1; low <= end;) {
      const high = Math.min(end, low + span - 1);
      const trades = new Map<number, Trade>();
      // Archived trades are also in the database until deleted there.
      for (const one of await this.#archive.between(markets.older, low, high))
        trades.set(one.sequence, one);
      for (const one of await hot.between(markets.hot, low, high)) trades.set(one.sequence, one);
      if (trades.size > 0) yield [...trades.values()].sort((a, b) => a.sequence - b.sequence);
      low = high + 1;
      const fit = Math.floor((span * PIECE_ROWS) / Math.max(trades.size, 1));
      span = Math.max(1, Math.min(fit, span * 8));
    }
  }
}
