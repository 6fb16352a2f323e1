import type { Market } from '../../market/market.js';
import type { Trade } from '../../market/trade.js';
import type { Session } from '../engine/engine.js';
import { sql } from '../engine/sql.js';
import { fromTradeRow, unpackTrades } from './codec.js';
import { blockOf, blocksOf, singles } from './trade-reader.js';

/** How far after its receipt a trade's own time may be plausible, ms: see `believedTime`. */
const AHEAD_MS = 86_400_000;
/** Blocks, and single trades, read per statement. */
const BLOCKS = 256;
const PAGE = 20_000;

/** Selects trades of a database. */
export interface TradeSpan {
  /** Trades from this sequence on. */
  readonly from: number;
  /** Includes all received before this time, Unix ms. */
  readonly receivedBefore: number;
}

/** A trade and the number of its market. */
export interface NumberedTrade {
  readonly marketId: number;
  readonly trade: Trade;
}

/** Placeholder market for a trade known only by its market's number. */
const ANY: Market = { exchange: 'UPBIT', symbol: '', currency: '' };

/**
 * The trades in a database at one moment, as far as they may have been received before a time. A
 * trade is found by what is certain about its block, which is ordered by exchange time.
 */
export class DayTrades {
  /** The highest sequence of all trades there; 0 when there were none. */
  readonly newest: number;
  readonly #session: Session;
  readonly #span: TradeSpan;
  #unseenFrom = Infinity;

  private constructor(session: Session, span: TradeSpan, newest: number) {
    this.#session = session;
    this.#span = span;
    this.newest = newest;
  }

  /** Those there now. */
  static async at(session: Session, span: TradeSpan): Promise<DayTrades> {
    const [ends] = await session.rows(sql`
      SELECT (SELECT max(high) FROM trade_block), (SELECT max(sequence) FROM trade_recent)`);
    const [high, last] = ends as (number | null)[];
    return new DayTrades(session, span, Math.max(high ?? 0, last ?? 0));
  }

  /** The first sequence of trades not in {@link pieces}; known once these were read. */
  get unseenFrom(): number {
    return this.#unseenFrom;
  }

  /** All of them, in no particular order, in pieces. */
  async *pieces(): AsyncGenerator<NumberedTrade[]> {
    const { from, receivedBefore } = this.#span;
    const { rows, dialect } = this.#session;
    const { newest } = this;
    // Ascending: some may be packed while others are read, and are then met a second time. Without
    // packing, these would be all the trades there are.
    const single: number[] = [];
    for (let next = from; next <= newest;) {
      const page = await singles(
        rows,
        sql`sequence >= ${next} AND sequence <= ${newest} ORDER BY sequence LIMIT ${PAGE}`,
      );
      if (page.length === 0) break;
      if (dialect.packsTrades) for (const [sequence] of page) single.push(sequence);
      yield page.map((row) => ({ marketId: row[1], trade: fromTradeRow(row, ANY) }));
      next = page.at(-1)![0] + 1;
    }
    const until = receivedBefore + AHEAD_MS;
    // Whatever was packed before being read is in a block by now.
    const [found, [unseen]] = await this.#session.snapshot(async (read) => [
      await read(sql`
        SELECT low FROM trade_block
         WHERE high >= ${from} AND low <= ${newest} AND from_time < ${until} ORDER BY low`),
      await read(sql`
        SELECT min(low) FROM trade_block
         WHERE high >= ${from} AND low <= ${newest} AND from_time >= ${until}`),
    ]);
    this.#unseenFrom = (unseen?.[0] as number | null) ?? Infinity;
    for (let next = 0; next < found.length; next += BLOCKS) {
      const lows = found.slice(next, next + BLOCKS).map(([low]) => low as number);
      const blocks = await blocksOf(rows, sql`low IN ${dialect.numbers(lows)}`);
      yield blocks.flatMap((row) =>
        unpackTrades(blockOf(row), ANY)
          .filter(({ sequence }) => sequence >= from && sequence <= newest)
          .filter(({ sequence }) => !includes(single, sequence))
          .map((trade) => ({ marketId: Number(row[7]), trade })),
      );
    }
  }
}

/** Whether a number is in an ascending list. */
function includes(ascending: readonly number[], wanted: number): boolean {
  let [low, high] = [0, ascending.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (ascending[middle]! < wanted) low = middle + 1;
    else high = middle;
  }
  return ascending[low] === wanted;
}
