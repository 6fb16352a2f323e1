import type { Market } from '../../market/market.js';
import type { Trade } from '../../market/trade.js';
import type { Session } from '../engine/engine.js';
import { sql } from '../engine/sql.js';
import { fromTradeRow, type TradeRow, unpackTrades } from './codec.js';
import { blockOf, blocksOf, singles } from './trade-reader.js';

/** How far after its receipt a trade's own time may lie and be believed, ms: see `believedTime`. */
const AHEAD_MS = 86_400_000;
/** Blocks read in one statement, and single trades. */
const BLOCKS = 256;
const PAGE = 20_000;

/** What of the trades of a database is looked at. */
export interface TradeSpan {
  /** Trades from this sequence on. */
  readonly from: number;
  /** All that were received before this time are among them, Unix ms. */
  readonly receivedBefore: number;
}

/** A trade and the number of its market. */
export interface NumberedTrade {
  readonly marketId: number;
  readonly trade: Trade;
}

/** The market of a trade that is known by its number only. */
const ANY: Market = { exchange: 'UPBIT', symbol: '', currency: '' };

/**
 * The trades that a database had at one moment, as far as they may have been received before a time. A
 * trade is found by what is certain of its block: that goes by the exchange's time.
 */
export class DayTrades {
  /** The greatest sequence of all trades that were there; 0 when there were none. */
  readonly newest: number;
  /** No trade from `from` on that is not looked at has a sequence before this. */
  readonly unseenFrom: number;
  readonly #session: Session;
  readonly #from: number;
  readonly #single: readonly TradeRow[];
  readonly #lows: readonly number[];

  private constructor(
    session: Session,
    from: number,
    found: Pick<DayTrades, 'newest' | 'unseenFrom'> & {
      readonly single: readonly TradeRow[];
      readonly lows: readonly number[];
    },
  ) {
    this.#session = session;
    this.#from = from;
    this.newest = found.newest;
    this.unseenFrom = found.unseenFrom;
    this.#single = found.single;
    this.#lows = found.lows;
  }

  /** Those that there are now. */
  static async at(session: Session, { from, receivedBefore }: TradeSpan): Promise<DayTrades> {
    const until = receivedBefore + AHEAD_MS;
    const found = await session.snapshot(async (rows) => {
      const { packsTrades } = session.dialect;
      const single = packsTrades ? await singles(rows, sql`sequence >= ${from}`) : [];
      const lows = await rows(sql`
        SELECT low FROM trade_block WHERE high >= ${from} AND from_time < ${until} ORDER BY low`);
      const [ends] = await rows(sql`
        SELECT (SELECT min(low) FROM trade_block WHERE high >= ${from} AND from_time >= ${until}),
               (SELECT max(high) FROM trade_block), (SELECT max(sequence) FROM trade_recent)`);
      const [unseen, high, last] = ends as (number | null)[];
      return {
        single,
        lows: lows.map(([low]) => low as number),
        unseenFrom: unseen ?? Infinity,
        newest: Math.max(high ?? 0, last ?? 0),
      };
    });
    return new DayTrades(session, from, found);
  }

  /** All of them, in no certain order, in pieces. */
  async *pieces(): AsyncGenerator<NumberedTrade[]> {
    yield this.#single.map((row) => ({ marketId: row[1], trade: fromTradeRow(row, ANY) }));
    const { rows, dialect } = this.#session;
    // Where none are packed, all are single and stay so.
    for (let next = this.#from; !dialect.packsTrades && next <= this.newest;) {
      const page = await singles(
        rows,
        sql`sequence >= ${next} AND sequence <= ${this.newest} ORDER BY sequence LIMIT ${PAGE}`,
      );
      if (page.length === 0) break;
      yield page.map((row) => ({ marketId: row[1], trade: fromTradeRow(row, ANY) }));
      next = page.at(-1)![0] + 1;
    }
    for (let next = 0; next < this.#lows.length; next += BLOCKS) {
      const lows = this.#lows.slice(next, next + BLOCKS);
      const blocks = await blocksOf(rows, sql`low IN ${dialect.numbers(lows)}`);
      yield blocks.flatMap((row) =>
        unpackTrades(blockOf(row), ANY)
          .filter(({ sequence }) => sequence >= this.#from)
          .map((trade) => ({ marketId: Number(row[7]), trade })),
      );
    }
  }
}
