import type { Market } from '../../market/market.js';
import type { Trade } from '../../market/trade.js';
import type { Client } from '../connection.js';
import { fromTradeRow, packTrades, toTradeRow, TRADE_COLUMNS, type TradeRow } from './codec.js';

/** So many single trades of a market fill a page as a block. */
const PACK_AT = 160;
/** Blocks made before one batch at most: each takes some 2 ms. */
const MAX_PACKS = 8;

/** A market in which the trades of a block lie; it is not needed to pack them. */
const ANY: Market = { exchange: 'UPBIT', symbol: '', currency: '' };

/** Writes trades, and packs those that have gathered. Part of the writer, which gives it one call at a time. */
export class TradeWriter {
  readonly #client: Client;
  /** How many single trades each market has, by its number; null until it was counted. */
  #single: Map<number, number> | null = null;

  constructor(client: Client) {
    this.#client = client;
  }

  /**
   * Packs trades that lie before a batch. A batch may be written a second time, when its answer was
   * lost: its trades must still be single then, to be known by their sequence.
   * @param before the first sequence of the batch's trades
   */
  async pack(before: number): Promise<void> {
    const single = await this.#counts();
    let packs = 0;
    for (const [marketId, count] of single) {
      let left = count;
      while (left >= PACK_AT && packs++ < MAX_PACKS) {
        // What cannot be packed stays as it is, which costs room only.
        const packed = await this.#packMarket(marketId, before).catch(() => left);
        // There are fewer than was thought: they are counted again.
        if (packed === 0) return;
        left -= packed;
        single.set(marketId, left);
      }
    }
  }

  /** The statement that inserts trades; those that were written before change nothing. */
  insert(trades: readonly Trade[], idOf: (market: Market) => number) {
    const rows = trades.map((trade) => toTradeRow(trade, idOf(trade.market)));
    for (const [, marketId] of rows) {
      this.#single?.set(marketId, (this.#single.get(marketId) ?? 0) + 1);
    }
    return this.#client.$executeRaw`
      INSERT OR IGNORE INTO trade_recent (sequence, market_id, time, received, message_time, flags,
                                          trade_id, price, volume)
      SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6,
             value ->> 7, value ->> 8
        FROM json_each(${JSON.stringify(rows)})`;
  }

  async #counts(): Promise<Map<number, number>> {
    if (this.#single === null) {
      const rows = await this.#client.$queryRaw<{ id: bigint; count: bigint }[]>`
        SELECT market_id AS id, count(*) AS count FROM trade_recent GROUP BY market_id`;
      this.#single = new Map(rows.map(({ id, count }) => [Number(id), Number(count)]));
    }
    return this.#single;
  }

  /** @returns how many single trades it took away */
  async #packMarket(marketId: number, before: number): Promise<number> {
    const rows = await this.#client.$queryRawUnsafe<Record<string, unknown>[]>(
      `SELECT ${TRADE_COLUMNS} FROM trade_recent WHERE market_id = ? AND sequence < ?
        ORDER BY time, sequence LIMIT ${PACK_AT}`,
      marketId,
      before,
    );
    const trades = rows.map((row) => fromTradeRow(rowOf(row), ANY));
    if (trades.length < PACK_AT) {
      this.#single = null;
      return 0;
    }
    const { block, packed } = packTrades(trades);
    const { low, high, fromTime, toTime, baseId, slope, data } = block;
    const sequences = JSON.stringify(packed.map(({ sequence }) => sequence));
    await this.#client.$transaction([
      this.#client.$executeRaw`
        INSERT INTO trade_block (low, high, market_id, from_time, to_time, base_id, slope, data)
        VALUES (${low}, ${high}, ${marketId}, ${fromTime}, ${toTime}, CAST(${baseId} AS INTEGER), ${slope}, ${data})`,
      this.#client.$executeRaw`
        DELETE FROM trade_recent WHERE sequence IN (SELECT value FROM json_each(${sequences}))`,
    ]);
    return packed.length;
  }
}

/** A row as Prisma gives it, its integers as bigints. */
function rowOf(row: Record<string, unknown>): TradeRow {
  const number = (name: string): number => Number(row[name]);
  const message = row['message_time'];
  return [
    number('sequence'),
    number('market_id'),
    number('time'),
    number('received'),
    message === null ? null : Number(message),
    number('flags'),
    row['trade_id'] as string,
    row['price'] as string,
    row['volume'] as string,
  ];
}
