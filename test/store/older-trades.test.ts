import { expect, it } from '@jest/globals';
import type { Trade } from '../../src/market/trade.js';
import type { ArchivedTrades } from '../../src/store/archived-trades.js';
import { OlderTrades } from '../../src/store/trades/older-trades.js';
import type { TradeReader } from '../../src/store/trades/trade-reader.js';
import { trade } from './trade-support.js';

it('goes on where it stood when the archive has grown between two pages', async () => {
  const all = Array.from({ length: 8 }, (_, i) => trade({ sequence: i + 1 }));
  let end = 4;
  const archive = {
    lastSequence: async () => end,
    between: async (_markets: unknown, low: number, high: number) =>
      all.filter(({ sequence }) => sequence >= low && sequence <= high),
  } as unknown as ArchivedTrades;
  const hot = { between: async () => [] } as unknown as TradeReader;
  const older = new OlderTrades(
    archive,
    async () => hot,
    async () => ({ older: [], hot: new Map() }),
  );
  const patterns = [{ exchange: null, symbol: null, currency: null }];
  const found: Trade[] = [];
  for (let after = 0; ;) {
    const page = await older.page({ patterns, after, limit: 2 });
    if (page === null) break;
    found.push(...page.items);
    after = page.reached;
    if (after === 4) end = 8;
  }
  expect(found).toEqual(all);
});
