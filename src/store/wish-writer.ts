import type { CollectPattern } from '../market/collect-pattern.js';
import type { Exchange } from '../market/exchange.js';
import type { Wishes } from '../market/managed-lists.js';
import type { Market } from '../market/market.js';
import { defined } from './defined.js';
import type { Client } from './engine/engine.js';
import type { MarketIds } from './market-ids.js';

/**
 * Writes what mutations want of markets and exchanges, like the calls of `CollectorMemory` with the
 * same names.
 */
export class WishWriter {
  readonly #client: Client;
  readonly #ids: MarketIds;

  constructor(client: Client, ids: MarketIds) {
    this.#client = client;
    this.#ids = ids;
  }

  async setWanted(market: Market, wanted: boolean): Promise<void> {
    const client = this.#client;
    const ids = this.#ids;
    await ids.load([market]);
    await client.market.update({ where: { id: ids.id(market) }, data: { wanted } });
  }

  async setWantedPattern(pattern: CollectPattern, wanted: boolean | null): Promise<void> {
    const client = this.#client;
    const { exchange, symbol, currency } = pattern;
    // An absent part matches all values, including the null of a wider pattern.
    const pair = defined({ symbol: symbol ?? undefined, currency: currency ?? undefined });
    const any = exchange === null;
    await client.$transaction([
      client.wantedPattern.deleteMany({ where: any ? pair : { exchange, ...pair } }),
      client.wantedPattern.create({ data: { exchange, symbol, currency, wanted } }),
      client.market.updateMany({
        where: any ? pair : { exchangeName: exchange, ...pair },
        data: { wanted: null },
      }),
    ]);
  }

  async replaceWishes({ disabled, patterns, markets }: Wishes): Promise<void> {
    const client = this.#client;
    const ids = this.#ids;
    await ids.load(markets.map(({ market }) => market));
    const idsOf = (wanted: boolean): number[] =>
      markets.filter((wish) => wish.wanted === wanted).map(({ market }) => ids.id(market));
    await client.$transaction([
      client.exchange.updateMany({ data: { enabled: true } }),
      client.exchange.updateMany({
        where: { name: { in: [...disabled] } },
        data: { enabled: false },
      }),
      client.wantedPattern.deleteMany(),
      client.wantedPattern.createMany({
        data: patterns.map(({ pattern, wanted }) => ({ ...pattern, wanted })),
      }),
      client.market.updateMany({ where: { wanted: { not: null } }, data: { wanted: null } }),
      ...[true, false].map((wanted) =>
        client.market.updateMany({ where: { id: { in: idsOf(wanted) } }, data: { wanted } }),
      ),
    ]);
  }

  async setEnabled(exchange: Exchange, enabled: boolean): Promise<void> {
    const client = this.#client;
    await client.exchange.update({ where: { name: exchange }, data: { enabled } });
  }
}
