import type { Market } from '../../market/market.js';
import type { Cell, Rows } from '../engine/engine.js';
import { sql } from '../engine/sql.js';
import { toTradeRow, type TradeRow, unpackTrades } from '../trades/codec.js';
import { blockOf, blocksOf, singles } from '../trades/trade-reader.js';

/** Maximum books per stretch: a deep one may have 40 KB. */
const BOOKS = 2_000;
/** The same for trades, and for blocks of them. */
const TRADES = 5_000;
const BLOCKS = 50;
/** Above every sequence. */
const NO_END = Number.MAX_SAFE_INTEGER;
/** Placeholder market for a trade known only by its market's number. */
const ANY: Market = { exchange: 'UPBIT', symbol: '', currency: '' };

/** A row of `book`: sequence, market, timestamp, exchange timestamp, base, asks, bids. */
export type BookCells = readonly [number, number, number, number | null, number, string, string];

/** Books and trades after one sequence and up to another; trades unpacked. */
export interface Stretch {
  readonly after: number;
  /** {@link NO_END} for the last one. */
  readonly upTo: number;
  readonly books: readonly BookCells[];
  readonly trades: readonly TradeRow[];
}

/** Books of a database after one sequence and up to another, in order, at most `limit`. */
export async function booksOf(
  rows: Rows,
  after: number,
  upTo: number,
  limit: number,
): Promise<BookCells[]> {
  const found = await rows(sql`
    SELECT sequence, market_id, timestamp, exchange_timestamp, base, asks, bids FROM book
     WHERE sequence > ${after} AND sequence <= ${upTo} ORDER BY sequence LIMIT ${limit}`);
  return found as unknown as BookCells[];
}

/** Single trades of a database between two sequences, in order, at most `limit`. */
export function tradesOf(
  rows: Rows,
  after: number,
  upTo: number,
  limit: number,
): Promise<TradeRow[]> {
  return singles(
    rows,
    sql`sequence > ${after} AND sequence <= ${upTo} ORDER BY sequence LIMIT ${limit}`,
  );
}

/** Walks the books and trades of a database in order of sequence, in stretches that fit into memory. */
export class HistoryWalk {
  readonly #rows: Rows;
  /** Trades of blocks already read that belong after the last stretch. */
  #unpacked: TradeRow[] = [];
  /** The block with the highest `low` read so far. */
  #blockLow = -1;

  constructor(rows: Rows) {
    this.#rows = rows;
  }

  /** All of it. */
  async *stretches(): AsyncGenerator<Stretch> {
    for (let after = 0; after < NO_END;) {
      const { upTo, books } = await this.#next(after);
      yield { after, upTo, books, trades: await this.#trades(after, upTo) };
      after = upTo;
    }
  }

  /** Where the next stretch ends, with its books. */
  async #next(after: number): Promise<{ upTo: number; books: BookCells[] }> {
    const books = await booksOf(this.#rows, after, NO_END, BOOKS);
    const [ends] = await this.#rows(sql`
      SELECT (SELECT sequence FROM trade_recent WHERE sequence > ${after}
               ORDER BY sequence LIMIT 1 OFFSET ${TRADES}),
             (SELECT low FROM trade_block WHERE low > ${this.#blockLow}
               ORDER BY low LIMIT 1 OFFSET ${BLOCKS})`);
    const [single, block] = ends as (number | null)[];
    const last = books.length < BOOKS ? NO_END : books.at(-1)![0];
    const upTo = Math.min(last, single ?? NO_END, block ?? NO_END);
    return { upTo, books: upTo === last ? books : books.filter(([sequence]) => sequence <= upTo) };
  }

  async #trades(after: number, upTo: number): Promise<TradeRow[]> {
    const blocks: Cell[][] = await blocksOf(
      this.#rows,
      sql`low > ${this.#blockLow} AND low <= ${upTo} ORDER BY low`,
    );
    for (const row of blocks) {
      const marketId = Number(row[7]);
      for (const trade of unpackTrades(blockOf(row), ANY)) {
        this.#unpacked.push(toTradeRow(trade, marketId));
      }
      this.#blockLow = Math.max(this.#blockLow, Number(row[0]));
    }
    const trades = await tradesOf(this.#rows, after, upTo, NO_END);
    const later: TradeRow[] = [];
    for (const row of this.#unpacked) (row[0] <= upTo ? trades : later).push(row);
    this.#unpacked = later;
    return trades.sort((a, b) => a[0] - b[0]);
  }
}
