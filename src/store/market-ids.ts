import { type Market, marketKey } from '../market/market.js';
import type { Session } from './engine/engine.js';
import { sql } from './engine/sql.js';
import { toMarket } from './records.js';

/** The writer's market numbers; an unknown market is added to the table. */
export class MarketIds {
  readonly #session: Session;
  readonly #ids = new Map<string, number>();

  constructor(session: Session) {
    this.#session = session;
  }

  /** Ensures that {@link id} knows all of `markets`. */
  async load(markets: Iterable<Market>): Promise<void> {
    const missing = new Map<string, Market>();
    for (const market of markets) {
      const key = marketKey(market);
      if (!this.#ids.has(key)) missing.set(key, market);
    }
    if (missing.size === 0) return;
    const rows = [...missing.values()].map((m) => [m.exchange, m.symbol, m.currency]);
    const { client, dialect } = this.#session;
    await client.$executeRaw(sql`
      INSERT INTO market (exchange, symbol, currency)
      SELECT exchange, symbol, currency
        FROM ${dialect.table(rows, { exchange: 'text', symbol: 'text', currency: 'text' })} missing
       WHERE true ON CONFLICT DO NOTHING`);
    for (const row of await client.market.findMany()) {
      this.#ids.set(marketKey(toMarket(row)), row.id);
    }
  }

  /** Number of a loaded market. */
  id(market: Market): number {
    return this.idOf(marketKey(market));
  }

  /** Number of a loaded market, by its {@link marketKey}. */
  idOf(key: string): number {
    return this.#ids.get(key)!;
  }
}
