import { afterEach, expect, it } from '@jest/globals';
import { ExchangeError } from '../../src/collector/exchange-error.js';
import { MarketList, type MarketListParts } from '../../src/collector/market-list.js';

/** A market as it is stored. */
const BTC = { symbol: 'BTC', currency: 'KRW', listed: true };

const lists: MarketList[] = [];
afterEach(() => {
  for (const list of lists.splice(0)) list.close();
});

/** The waits after each of twelve failures in a row, ms. */
async function waitsAfter(error: Error, stored: readonly object[]): Promise<number[]> {
  const waits: number[] = [];
  const parts = {
    adapter: { exchange: 'UPBIT', listMarkets: () => Promise.reject(error) },
    store: { reader: { markets: () => Promise.resolve(stored) } },
    logger: {
      log: (_event: string, _subject: object, { waitMs }: { waitMs: number }) => waits.push(waitMs),
    },
    refreshMs: 3_600_000,
  };
  const list = new MarketList(parts as unknown as MarketListParts, () => undefined);
  lists.push(list);
  await list.load();
  for (let i = 0; i < 12; i++) await list.keepFresh();
  return waits;
}

it('waits a minute at most for a list while there is none', async () => {
  const waits = await waitsAfter(new ExchangeError('NO_ANSWER', 'fetch failed'), []);
  expect(waits[0]).toBeLessThanOrEqual(2_000);
  for (const wait of waits) expect(wait).toBeLessThanOrEqual(60_000);
  expect(waits.at(-1)).toBeGreaterThanOrEqual(30_000);
});

it.each([
  ['there is one of before', new ExchangeError('NO_ANSWER', 'fetch failed'), [BTC]],
  ['the exchange asks for fewer calls', new ExchangeError('RATE', 'too many requests'), []],
] as const)('waits up to five minutes where %s', async (_where, error, stored) => {
  const waits = await waitsAfter(error, stored);
  expect(waits.at(-1)).toBeGreaterThanOrEqual(150_000);
  expect(waits.at(-1)).toBeLessThanOrEqual(300_000);
});
