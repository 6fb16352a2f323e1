import type { Market } from '../../market/market.js';
import type { TimeWindow } from '../../market/time-window.js';
import {
  compareAllTrades,
  compareTrades,
  type ReadTrade,
  type Trade,
  tradeContents,
} from '../../market/trade.js';
import type { Cell, Rows, Session } from '../engine/engine.js';
import { raw, type Sql, sql } from '../engine/sql.js';
import type { Page, TradePlace, TradesAfter } from '../reader-types.js';
import { fromTradeRow, TRADE_COLUMNS, type TradeRow, unpackTrades } from './codec.js';

/** Blocks read at once at first; doubled while a page is not full. */
const FIRST_BLOCKS = 4;
/** Single trades read per block. */
const SINGLES_A_BLOCK = 256;

const BLOCK_COLUMNS = raw(
  'low, high, from_time, to_time, CAST(base_id AS TEXT), slope, data, market_id',
);
const SINGLE_COLUMNS = raw(TRADE_COLUMNS);

/** Blocks, and single trades, read per step of {@link TradeReader.sweep}, some twenty thousand trades. */
const SWEPT_BLOCKS = 256;
const SWEPT_SINGLES = 20_000;

/** Reads stored trades; each call is a few short statements. */
export class TradeReader {
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
  }

  /** Whether any trade of these markets is stored. */
  async any(marketIds: Iterable<number>): Promise<boolean> {
    const some = this.#among(marketIds);
    const found = await this.#session.rows(sql`
      SELECT 1 WHERE EXISTS (SELECT 1 FROM trade_recent WHERE ${some})
                  OR EXISTS (SELECT 1 FROM trade_block WHERE ${some})`);
    return found.length > 0;
  }

  /**
   * All stored trades of some markets as of now, in the order of {@link compareAllTrades}, in
   * pieces; the window is in exchange time. What is written meanwhile is not included.
   */
  async *sweep(
    markets: ReadonlyMap<number, Market>,
    { from = 0, to = Number.MAX_SAFE_INTEGER }: TimeWindow,
  ): AsyncGenerator<Trade[]> {
    const some = this.#among(markets.keys());
    const { newest, bounds } = await this.#session.snapshot((rows) =>
      sweepSteps(rows, some, from, to),
    );
    /** Trades of blocks, in runs of rising time, and how many of each have been returned. */
    let runs: { readonly low: number; readonly trades: readonly Trade[]; given: number }[] = [];
    for (let start = from; start < to;) {
      while (bounds.length > 0 && bounds[0]! <= start) bounds.shift();
      const bound = bounds.shift() ?? to;
      // As of one moment, since trades may be packed between two steps. Blocks never change.
      const { single, blocks } = await this.#session.snapshot(async (rows) => ({
        single: await singles(
          rows,
          sql`${some} AND time >= ${start} AND time < ${bound} AND sequence <= ${newest}`,
        ),
        blocks: await rows(sql`
          SELECT low FROM trade_block WHERE ${some} AND to_time >= ${start} AND from_time < ${bound}
             AND low <= ${newest}`),
      }));
      const piece = single.map((row) => fromTradeRow(row, markets.get(row[1])!));
      const known = new Set(runs.map(({ low }) => low));
      const lows = blocks.map(([low]) => low as number).filter((low) => !known.has(low));
      for (let next = 0; next < lows.length; next += SWEPT_BLOCKS) {
        const part = this.#session.dialect.numbers(lows.slice(next, next + SWEPT_BLOCKS));
        for (const row of await blocksOf(this.#session.rows, sql`low IN ${part}`)) {
          const trades = unpackTrades(blockOf(row), markets.get(Number(row[7]))!);
          runs.push({ low: Number(row[0]), trades, given: 0 });
        }
      }
      for (const run of runs) {
        for (; run.given < run.trades.length; run.given++) {
          const trade = run.trades[run.given]!;
          if (trade.exchangeTimestamp >= bound) break;
          if (trade.exchangeTimestamp >= start && trade.sequence <= newest) piece.push(trade);
        }
      }
      runs = runs.filter(({ trades, given }) => given < trades.length);
      if (piece.length > 0) yield piece.sort(compareAllTrades);
      start = bound;
    }
  }

  /** Trades of a market in order of time and id; the window is in exchange time. */
  page(
    marketId: number,
    market: Market,
    query: TimeWindow & { after?: TradePlace | undefined; limit: number },
  ): Promise<Page<Trade>> {
    return this.#session.snapshot((rows) => this.#page(rows, marketId, market, query));
  }

  async #page(
    rows: Rows,
    marketId: number,
    market: Market,
    { from, to, after, limit }: TimeWindow & { after?: TradePlace | undefined; limit: number },
  ): Promise<Page<Trade>> {
    const start = Math.max(from ?? 0, after?.time ?? 0);
    const end = to ?? Number.MAX_SAFE_INTEGER;
    for (let count = FIRST_BLOCKS; ; count *= 2) {
      // A block starts with its earliest trade: everything before the next block's start is here.
      const overlapping = await blocksOf(
        rows,
        sql`market_id = ${marketId} AND from_time < ${start} AND to_time >= ${start}`,
      );
      const following = await blocksOf(
        rows,
        sql`market_id = ${marketId} AND from_time >= ${start} AND from_time < ${end}
             ORDER BY from_time LIMIT ${count + 1}`,
      );
      const bound = following.length > count ? Number(following.pop()![2]) : end;
      const trades = [...overlapping, ...following].flatMap((row) =>
        unpackTrades(blockOf(row), market),
      );
      // Without packing, all are single.
      const most = limit + count * SINGLES_A_BLOCK;
      const single = await singles(
        rows,
        sql`market_id = ${marketId} AND time >= ${start} AND time < ${bound}
             ORDER BY time LIMIT ${most + 1}`,
      );
      trades.push(...single.map((row) => fromTradeRow(row, market)));
      const known = single.length > most ? trades.at(-1)!.exchangeTimestamp : bound;
      const wanted = trades
        .filter(({ exchangeTimestamp: time }) => time >= start && time < known)
        .sort(compareTrades);
      const items = wanted.slice(after === undefined ? 0 : placeAfter(wanted, after));
      if (items.length > limit || known === end)
        return { items: items.slice(0, limit), more: items.length > limit };
    }
  }

  /** Trades of some markets after a sequence, in order of sequence. */
  after(markets: ReadonlyMap<number, Market>, after: number, limit: number): Promise<TradesAfter> {
    return this.#session.snapshot((rows) => this.#after(rows, markets, after, limit));
  }

  async #after(
    rows: Rows,
    markets: ReadonlyMap<number, Market>,
    after: number,
    limit: number,
  ): Promise<TradesAfter> {
    const some = this.#among(markets.keys());
    for (let count = FIRST_BLOCKS; ; count *= 2) {
      const overlapping = await blocksOf(
        rows,
        sql`low <= ${after} AND high > ${after} AND ${some}`,
      );
      const following = await blocksOf(
        rows,
        sql`low > ${after} AND ${some} ORDER BY low LIMIT ${count + 1}`,
      );
      const bound = following.length > count ? Number(following.pop()![0]) : Infinity;
      const marketOf = (row: readonly Cell[], at: number): Market => markets.get(Number(row[at]))!;
      const trades = [...overlapping, ...following].flatMap((row) =>
        unpackTrades(blockOf(row), marketOf(row, 7)),
      );
      const end = Math.min(bound, Number.MAX_SAFE_INTEGER);
      // The plus sign keeps the database off the market index, with which it would have to sort its results.
      const single = await singles(
        rows,
        sql`sequence > ${after} AND sequence < ${end} AND +${some}
             ORDER BY sequence LIMIT ${limit + 1}`,
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

  /** Trades of some markets with sequences from `low` to `high`, in no particular order. */
  between(markets: ReadonlyMap<number, Market>, low: number, high: number): Promise<Trade[]> {
    const some = this.#among(markets.keys());
    return this.#session.snapshot(async (rows) => {
      const blocks = await blocksOf(rows, sql`low <= ${high} AND high >= ${low} AND ${some}`);
      const single = await singles(
        rows,
        sql`sequence >= ${low} AND sequence <= ${high} AND +${some}`,
      );
      const trades = blocks.flatMap((row) =>
        unpackTrades(blockOf(row), markets.get(Number(row[7]))!),
      );
      return [...trades, ...single.map((row) => fromTradeRow(row, markets.get(row[1])!))].filter(
        ({ sequence }) => sequence >= low && sequence <= high,
      );
    });
  }

  /**
   * Those of `trades` that are not stored. A trade is stored if one with its id and contents is. If
   * either is known only by an id of the REST history, equal contents must do, and equal trades of
   * a millisecond are counted: one stored trade cannot stand for two.
   * @param older those of the archive at that time
   * @param byId see `CollectorMemory.unknownTrades`
   */
  async unknown(
    marketId: number,
    market: Market,
    trades: readonly ReadTrade[],
    { older = [], byId = false }: { older?: readonly Trade[]; byId?: boolean } = {},
  ): Promise<ReadTrade[]> {
    if (trades.length === 0) return [];
    const times = trades.map(({ exchangeTimestamp }) => exchangeTimestamp);
    const from = Math.min(...times);
    const to = Math.max(...times) + 1;
    const hot = await this.#session.snapshot(async (rows): Promise<Trade[]> => {
      const blocks = await blocksOf(
        rows,
        sql`market_id = ${marketId} AND from_time < ${to} AND to_time >= ${from}`,
      );
      const single = await singles(
        rows,
        sql`market_id = ${marketId} AND time >= ${from} AND time < ${to}`,
      );
      return [
        ...blocks.flatMap((row) => unpackTrades(blockOf(row), market)),
        ...single.map((row) => fromTradeRow(row, market)),
      ];
    });
    const known = new Set(hot.map(({ sequence }) => sequence));
    // Archived trades are also in the database until deleted there.
    const stored = [...hot, ...older.filter(({ sequence }) => !known.has(sequence))];
    const ids = new Set(stored.filter((t) => t.idKind !== 'REST').map(withId));
    const all = tally(stored);
    const ofRest = tally(stored.filter((t) => t.idKind === 'REST'));
    const asked = new Set(trades.map(withId));
    const changed = new Set(
      stored
        .filter((t) => byId && t.idKind === 'EXCHANGE' && !asked.has(withId(t)))
        .map(({ tradeId }) => tradeId),
    );
    return trades.filter((trade) => {
      if (trade.idKind === 'REST') return !takeOne(all, trade);
      if (changed.has(trade.tradeId)) return false;
      return !ids.has(withId(trade)) && !takeOne(ofRest, trade);
    });
  }

  /** Whether a trade is stored from before a time. */
  async hasBefore(marketId: number, time: number): Promise<boolean> {
    const found = await this.#session.rows(sql`
      SELECT 1 WHERE EXISTS (SELECT 1 FROM trade_recent WHERE market_id = ${marketId} AND time < ${time})
                  OR EXISTS (SELECT 1 FROM trade_block WHERE market_id = ${marketId} AND from_time < ${time})`);
    return found.length > 0;
  }

  /**
   * The latest stored trade of a market, or null.
   * @param before considers those received before this time, Unix ms; also null if these are too
   * far back
   */
  async newest(
    marketId: number,
    market: Market,
    before = Number.MAX_SAFE_INTEGER,
  ): Promise<Trade | null> {
    const { rows } = this.#session;
    const [block] = await blocksOf(
      rows,
      sql`market_id = ${marketId} ORDER BY to_time DESC LIMIT 1`,
    );
    const [single] = await singles(
      rows,
      sql`market_id = ${marketId} AND received < ${before} ORDER BY time DESC, sequence DESC LIMIT 1`,
    );
    const trades = block === undefined ? [] : unpackTrades(blockOf(block), market);
    if (single !== undefined) trades.push(fromTradeRow(single, market));
    return (
      trades
        .filter(({ timestamp }) => timestamp < before)
        .sort(compareTrades)
        .at(-1) ?? null
    );
  }

  /** The condition that a row belongs to one of these markets. */
  #among(marketIds: Iterable<number>): Sql {
    return sql`market_id IN ${this.#session.dialect.numbers([...marketIds])}`;
  }
}

/**
 * The times at which a sweep over stored trades starts a new step, ascending, so that none reads
 * too much; and the highest sequence.
 */
async function sweepSteps(
  rows: Rows,
  some: Sql,
  from: number,
  to: number,
): Promise<{ newest: number; bounds: number[] }> {
  const every = (table: Sql, column: Sql, count: number): Promise<Cell[][]> =>
    rows(sql`
      SELECT at FROM (SELECT ${column} AS at, row_number() OVER (ORDER BY ${column}) AS place
                        FROM ${table} WHERE ${some} AND ${column} >= ${from} AND ${column} < ${to}) places
       WHERE place % ${count} = 0`);
  const bounds = [
    ...(await every(raw('trade_recent'), raw('time'), SWEPT_SINGLES)),
    ...(await every(raw('trade_block'), raw('from_time'), SWEPT_BLOCKS)),
  ].map(([at]) => at as number);
  const [ends] = await rows(sql`
    SELECT (SELECT max(high) FROM trade_block), (SELECT max(sequence) FROM trade_recent)`);
  const newest = Math.max(...(ends as (number | null)[]).map((end) => end ?? 0));
  return { newest, bounds: bounds.sort((a, b) => a - b) };
}

/** The blocks that a condition selects, each followed by its market; see {@link blockOf}. */
export function blocksOf(rows: Rows, where: Sql): Promise<Cell[][]> {
  return rows(sql`SELECT ${BLOCK_COLUMNS} FROM trade_block WHERE ${where}`);
}

/** The unpacked trades that a condition selects. */
export async function singles(rows: Rows, where: Sql): Promise<TradeRow[]> {
  const found = await rows(sql`SELECT ${SINGLE_COLUMNS} FROM trade_recent WHERE ${where}`);
  return found as unknown as TradeRow[];
}

/** The block of a row of {@link blocksOf}. */
export function blockOf(row: readonly Cell[]): Parameters<typeof unpackTrades>[0] {
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

/** Index of the first trade after a position; those of its ms before it are skipped. */
export function placeAfter(sorted: readonly Trade[], { time, sequence }: TradePlace): number {
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

/** Removes one trade with equal contents from a tally. @returns whether there was one */
function takeOne(counts: Map<string, number>, trade: ReadTrade): boolean {
  const contents = tradeContents(trade);
  const left = counts.get(contents) ?? 0;
  if (left > 0) counts.set(contents, left - 1);
  return left > 0;
}
