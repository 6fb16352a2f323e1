import type { Market } from '../../market/market.js';
import type { TimeWindow } from '../../market/time-window.js';
import {
  compareAllTrades,
  compareTrades,
  type ReadTrade,
  type Trade,
  tradeContents,
} from '../../market/trade.js';
import type { Sqlite, SqliteValue } from '../sqlite.js';
import type { Page, TradePlace, TradesAfter } from '../store-types.js';
import { fromTradeRow, TRADE_COLUMNS, type TradeRow, unpackTrades } from './codec.js';

/** Blocks read in one go at first; doubled while a page is not full. */
const FIRST_BLOCKS = 4;

const BLOCK_COLUMNS =
  'low, high, from_time, to_time, CAST(base_id AS TEXT), slope, data, market_id';

/** Blocks that a step of {@link TradeReader.sweep} reads, some twenty thousand trades. */
const SWEPT_BLOCKS = 256;

const OF_MARKETS = 'market_id IN (SELECT value FROM json_each(?))';

/** Reads stored trades; each call is a few statements that end. */
export class TradeReader {
  readonly #sqlite: Sqlite;

  constructor(sqlite: Sqlite) {
    this.#sqlite = sqlite;
  }

  /** Whether any trade of these markets is stored. */
  any(marketIds: Iterable<number>): boolean {
    const [row] = this.#sqlite.queryNumbers(
      `SELECT EXISTS (SELECT 1 FROM trade_recent WHERE ${OF_MARKETS})
           OR EXISTS (SELECT 1 FROM trade_block WHERE ${OF_MARKETS})`,
      Array<string>(2).fill(JSON.stringify([...marketIds])),
    );
    return row![0] === 1;
  }

  /**
   * All trades of some markets that are stored now, in the order of {@link compareAllTrades}, in pieces;
   * the window is one of the exchange's time. What is written meanwhile is not among them.
   */
  async *sweep(
    markets: ReadonlyMap<number, Market>,
    { from = 0, to = Number.MAX_SAFE_INTEGER }: TimeWindow,
  ): AsyncGenerator<Trade[]> {
    const window = [JSON.stringify([...markets.keys()]), from, to] as const;
    const { single, blocks } = this.#snapshot(() => ({
      single: this.#single(`${OF_MARKETS} AND time >= ? AND time < ?`, window),
      // Blocks never change: that there are these is all that must be known at once.
      blocks: this.#sqlite.queryNumbers(
        `SELECT low, from_time FROM trade_block
          WHERE ${OF_MARKETS} AND to_time >= ? AND from_time < ? ORDER BY from_time`,
        window,
      ) as [low: number, fromTime: number][],
    }));
    const loose = single.map((row) => fromTradeRow(row, markets.get(row[1])!));
    /** Trades that have been read, in runs of rising time, and how many of each have been given. */
    let runs = [{ trades: loose.sort(compareTrades), given: 0 }];
    for (let next = 0; runs.length > 0 || next < blocks.length; next += SWEPT_BLOCKS) {
      const lows = blocks.slice(next, next + SWEPT_BLOCKS).map(([low]) => low);
      const rows = this.#blocks('low IN (SELECT value FROM json_each(?))', [JSON.stringify(lows)]);
      for (const row of rows) {
        const trades = unpackTrades(blockOf(row), markets.get(Number(row[7]))!);
        runs.push({ trades, given: 0 });
      }
      // A block begins with its earliest trade: what lies before the next block's beginning is all here.
      const bound = Math.min(to, blocks[next + SWEPT_BLOCKS]?.[1] ?? to);
      const piece: Trade[] = [];
      for (const run of runs) {
        const { trades } = run;
        for (; run.given < trades.length; run.given++) {
          const trade = trades[run.given]!;
          if (trade.exchangeTimestamp >= bound) break;
          if (trade.exchangeTimestamp >= from) piece.push(trade);
        }
      }
      runs = runs.filter(({ trades, given }) => given < trades.length && bound < to);
      if (piece.length > 0) yield piece.sort(compareAllTrades);
    }
  }

  /** Trades of a market in order of time and id; the window is one of the exchange's time. */
  page(
    marketId: number,
    market: Market,
    query: TimeWindow & { after?: TradePlace | undefined; limit: number },
  ): Page<Trade> {
    return this.#snapshot(() => this.#page(marketId, market, query));
  }

  #page(
    marketId: number,
    market: Market,
    { from, to, after, limit }: TimeWindow & { after?: TradePlace | undefined; limit: number },
  ): Page<Trade> {
    const start = Math.max(from ?? 0, after?.time ?? 0);
    const end = to ?? Number.MAX_SAFE_INTEGER;
    for (let count = FIRST_BLOCKS; ; count *= 2) {
      // A block begins with its earliest trade: what lies before the next block's beginning is all here.
      const overlapping = this.#blocks('market_id = ? AND from_time < ? AND to_time >= ?', [
        marketId,
        start,
        start,
      ]);
      const following = this.#blocks(
        `market_id = ? AND from_time >= ? AND from_time < ? ORDER BY from_time LIMIT ${count + 1}`,
        [marketId, start, end],
      );
      const bound = following.length > count ? Number(following.pop()![2]) : end;
      const trades = [...overlapping, ...following].flatMap((row) =>
        unpackTrades(blockOf(row), market),
      );
      const single = this.#single('market_id = ? AND time >= ? AND time < ?', [
        marketId,
        start,
        bound,
      ]);
      trades.push(...single.map((row) => fromTradeRow(row, market)));
      const wanted = trades
        .filter(({ exchangeTimestamp: time }) => time >= start && time < bound)
        .sort(compareTrades);
      const items = wanted.slice(after === undefined ? 0 : placeAfter(wanted, after));
      if (items.length > limit || bound === end)
        return { items: items.slice(0, limit), more: items.length > limit };
    }
  }

  /** Trades of some markets after a sequence, in order of sequence. */
  after(markets: ReadonlyMap<number, Market>, after: number, limit: number): TradesAfter {
    return this.#snapshot(() => this.#after(markets, after, limit));
  }

  #after(markets: ReadonlyMap<number, Market>, after: number, limit: number): TradesAfter {
    const ids = JSON.stringify([...markets.keys()]);
    for (let count = FIRST_BLOCKS; ; count *= 2) {
      const overlapping = this.#blocks(`low <= ? AND high > ? AND ${OF_MARKETS}`, [
        after,
        after,
        ids,
      ]);
      const following = this.#blocks(`low > ? AND ${OF_MARKETS} ORDER BY low LIMIT ${count + 1}`, [
        after,
        ids,
      ]);
      const bound = following.length > count ? Number(following.pop()![0]) : Infinity;
      const marketOf = (row: SqliteValue[], at: number): Market => markets.get(Number(row[at]))!;
      const trades = [...overlapping, ...following].flatMap((row) =>
        unpackTrades(blockOf(row), marketOf(row, 7)),
      );
      const single = this.#single(
        `sequence > ? AND sequence < ? AND +${OF_MARKETS} ORDER BY sequence LIMIT ${limit + 1}`,
        [after, Math.min(bound, Number.MAX_SAFE_INTEGER), ids],
      );
      trades.push(...single.map((row) => fromTradeRow(row, markets.get(row[1])!)));
      const items = trades
        .filter(({ sequence }) => sequence > after && sequence < bound)
        .sort((a, b) => a.sequence - b.sequence);
      if (items.length > limit || bound === Infinity) {
        const page = items.slice(0, limit);
        return {
          items: page,
          reached: page.at(-1)?.sequence ?? after,
          more: items.length > limit,
        };
      }
    }
  }

  /**
   * Those of `trades` that are not stored. A trade is stored where one of its id and contents is.
   * Where one of both is known by an id of the REST history alone, equal contents have to do, and equal
   * trades of a millisecond are counted: what is stored once cannot stand for two.
   */
  unknown(marketId: number, market: Market, trades: readonly ReadTrade[]): ReadTrade[] {
    if (trades.length === 0) return [];
    const times = trades.map(({ exchangeTimestamp }) => exchangeTimestamp);
    const from = Math.min(...times);
    const to = Math.max(...times) + 1;
    const stored: Trade[] = this.#snapshot(() => [
      ...this.#blocks('market_id = ? AND from_time < ? AND to_time >= ?', [
        marketId,
        to,
        from,
      ]).flatMap((row) => unpackTrades(blockOf(row), market)),
      ...this.#single('market_id = ? AND time >= ? AND time < ?', [marketId, from, to]).map((row) =>
        fromTradeRow(row, market),
      ),
    ]);
    const ids = new Set(stored.filter((t) => t.idKind !== 'REST').map(withId));
    const all = tally(stored);
    const ofRest = tally(stored.filter((t) => t.idKind === 'REST'));
    return trades.filter((trade) => {
      if (trade.idKind === 'REST') return !takeOne(all, trade);
      return !ids.has(withId(trade)) && !takeOne(ofRest, trade);
    });
  }

  /** The stored trade of a market with the greatest time, or null. */
  newest(marketId: number, market: Market): Trade | null {
    const [block] = this.#blocks('market_id = ? ORDER BY to_time DESC LIMIT 1', [marketId]);
    const [single] = this.#single('market_id = ? ORDER BY time DESC, sequence DESC LIMIT 1', [
      marketId,
    ]);
    const trades = block === undefined ? [] : unpackTrades(blockOf(block), market);
    if (single !== undefined) trades.push(fromTradeRow(single, market));
    return trades.sort(compareTrades).at(-1) ?? null;
  }

  /** What `read` reads at one moment: a trade that is packed meanwhile is not missed between two statements. */
  #snapshot<T>(read: () => T): T {
    this.#sqlite.script('BEGIN');
    try {
      return read();
    } finally {
      this.#sqlite.script('COMMIT');
    }
  }

  #blocks(where: string, args: readonly SqliteValue[]): SqliteValue[][] {
    return this.#sqlite.queryNumbers(
      `SELECT ${BLOCK_COLUMNS} FROM trade_block WHERE ${where}`,
      args,
    );
  }

  #single(where: string, args: readonly SqliteValue[]): TradeRow[] {
    return this.#sqlite.queryNumbers(
      `SELECT ${TRADE_COLUMNS} FROM trade_recent WHERE ${where}`,
      args,
    ) as unknown as TradeRow[];
  }
}

function blockOf(row: SqliteValue[]): Parameters<typeof unpackTrades>[0] {
  const [low, high, fromTime, toTime, baseId, slope, data] = row;
  return {
    low: Number(low),
    high: Number(high),
    fromTime: Number(fromTime),
    toTime: Number(toTime),
    baseId: String(baseId),
    slope: Number(slope),
    data: String(data),
  };
}

/** Where the trades begin that come after a place; those of its ms before it are passed. */
function placeAfter(sorted: readonly Trade[], { time, sequence }: TradePlace): number {
  const found = sorted.findIndex((trade) => trade.sequence === sequence);
  if (found !== -1) return found + 1;
  const later = sorted.findIndex((trade) => trade.exchangeTimestamp > time);
  return later === -1 ? sorted.length : later;
}

function withId(trade: ReadTrade): string {
  return `${trade.tradeId} ${tradeContents(trade)}`;
}

function tally(trades: readonly ReadTrade[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const trade of trades) {
    const contents = tradeContents(trade);
    counts.set(contents, (counts.get(contents) ?? 0) + 1);
  }
  return counts;
}

/** Takes one trade of equal contents out of a tally. @returns whether there was one */
function takeOne(counts: Map<string, number>, trade: ReadTrade): boolean {
  const contents = tradeContents(trade);
  const left = counts.get(contents) ?? 0;
  if (left > 0) counts.set(contents, left - 1);
  return left > 0;
}
