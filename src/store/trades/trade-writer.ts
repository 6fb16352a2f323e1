import type { Market } from '../../market/market.js';
import type { Session, WriterSession } from '../engine/engine.js';
import { raw, sql } from '../engine/sql.js';
import { fromTradeRow, packTrades, TRADE_COLUMNS, type TradeRow } from './codec.js';

/**
 * Number of a market's single trades that fill a page as a block; unpacked, they take three times
 * the space.
 */
const PACK_AT = 112;
/** Maximum blocks packed before one batch: each takes some 2 ms. */
const MAX_PACKS = 8;

/** Placeholder market of a block's trades; not needed to pack them. */
const ANY: Market = { exchange: 'UPBIT', symbol: '', currency: '' };

const COLUMNS = raw(TRADE_COLUMNS);
const TRADE = {
  sequence: 'integer',
  market_id: 'integer',
  time: 'integer',
  received: 'integer',
  message_time: 'integer',
  flags: 'integer',
  trade_id: 'text',
  price: 'text',
  volume: 'text',
} as const;

/** The statement that inserts single trades; existing ones are kept. */
export function insertTradeRows({ client, dialect }: Session, rows: readonly TradeRow[]) {
  return client.$executeRaw(sql`
    INSERT INTO trade_recent (${COLUMNS})
    SELECT ${COLUMNS} FROM ${dialect.table(rows, TRADE)} trades WHERE true
        ON CONFLICT DO NOTHING`);
}

/** Writes trades, and packs accumulated ones. Part of the writer, which calls it one call at a time. */
export class TradeWriter {
  readonly #session: WriterSession;
  /** Number of single trades per market number; null until counted. */
  #single: Map<number, number> | null = null;

  constructor(session: WriterSession) {
    this.#session = session;
  }

  /**
   * Packs trades that precede a batch. A batch may be written a second time if its answer was lost:
   * its trades must still be single then, to be recognised by their sequence.
   * @param before the first sequence of the batch's trades
   */
  async pack(before: number): Promise<void> {
    const single = await this.#counts();
    let packs = 0;
    for (const [marketId, count] of single) {
      let left = count;
      while (left >= PACK_AT && packs++ < MAX_PACKS) {
        // What cannot be packed stays unpacked, which only costs space.
        const packed = await this.#packMarket(marketId, before).catch(() => left);
        // There are fewer than expected: they are counted again.
        if (packed === 0) return;
        left -= packed;
        single.set(marketId, left);
      }
    }
  }

  /** The statement that inserts trades; those written before are unaffected. */
  insert(rows: readonly TradeRow[]) {
    for (const [, marketId] of rows) {
      this.#single?.set(marketId, (this.#single.get(marketId) ?? 0) + 1);
    }
    return insertTradeRows(this.#session, rows);
  }

  async #counts(): Promise<Map<number, number>> {
    if (this.#single === null) {
      const rows = await this.#session.rows(
        sql`SELECT market_id, count(*) FROM trade_recent GROUP BY market_id`,
      );
      this.#single = new Map(rows as [number, number][]);
    }
    return this.#single;
  }

  /** @returns how many single trades it removed */
  async #packMarket(marketId: number, before: number): Promise<number> {
    const { client, dialect } = this.#session;
    const rows = await this.#session.rows(sql`
      SELECT ${COLUMNS} FROM trade_recent WHERE market_id = ${marketId} AND sequence < ${before}
       ORDER BY time, sequence LIMIT ${PACK_AT}`);
    const trades = (rows as unknown as TradeRow[]).map((row) => fromTradeRow(row, ANY));
    if (trades.length < PACK_AT) {
      this.#single = null;
      return 0;
    }
    const { block, packed } = packTrades(trades);
    const { low, high, fromTime, toTime, baseId, slope, data } = block;
    const sequences = dialect.numbers(packed.map(({ sequence }) => sequence));
    await this.#session.atOnce([
      client.$executeRaw`
        INSERT INTO trade_block (low, high, market_id, from_time, to_time, base_id, slope, data)
        VALUES (${low}, ${high}, ${marketId}, ${fromTime}, ${toTime}, CAST(${baseId} AS INTEGER), ${slope}, ${data})`,
      client.$executeRaw`DELETE FROM trade_recent WHERE sequence IN ${sequences}`,
    ]);
    return packed.length;
  }
}
