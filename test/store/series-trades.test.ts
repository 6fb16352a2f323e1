import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { addDecimal, divideDecimal, multiplyDecimal } from '../../src/market/decimal.js';
import type { Trade } from '../../src/market/trade.js';
import { openStore } from '../../src/store/store.js';
import type { SeriesPoint } from '../../src/store/reader-types.js';
import type { Store } from '../../src/store/store-types.js';
import { newDatabase, type TestDatabase } from './engines.js';
import { stored, until, UPBIT_BTC, UPBIT_ETH } from './support.js';
import { many, T0, trade } from './trade-support.js';

const FIELDS = ['time', 'books', 'trades', 'volume', 'buyVolume', 'sellVolume', 'vwap'] as const;
const FROM = T0 - 20_000;
const UNKNOWN = { trades: null, volume: null, buyVolume: null, sellVolume: null, vwap: null };
const NONE = { trades: 0, volume: '0', buyVolume: '0', sellVolume: '0', vwap: null };

let database: TestDatabase;
let store: Store;
let trades: Trade[];

beforeAll(async () => {
  database = await newDatabase();
  store = await openStore({ path: database.path, flushMs: 5 });
  trades = many(900, () => store.sequences.next());
  // Far later received than it happened: it counts where it happened.
  const late = { exchangeTimestamp: T0 + 1, timestamp: T0 + 9e8, origin: 'BACKFILL' } as const;
  trades.push(trade({ sequence: store.sequences.next(), ...late, price: '3', volume: '0.1' }));
  for (const one of trades) store.putTrade(one);
  store.putTrade(trade({ market: UPBIT_ETH, sequence: store.sequences.next() }));
  store.putTradeSpan({
    market: UPBIT_BTC,
    start: T0 - 9_500,
    end: T0 + 500,
    completeness: 'UNPROVEN',
    cause: null,
    detail: null,
    checked: false,
  });
  await stored(store);
  const spans = (): ReturnType<Store['reader']['tradeSpans']> =>
    store.reader.tradeSpans({ market: UPBIT_BTC, limit: 10 });
  await until(async () => (await spans()).items.length === 1);
});
afterAll(async () => {
  await store.close();
  await database.remove();
});

async function series(step: number, to: number, fields: readonly string[] = FIELDS) {
  const keys = fields.map((field) => [field, field as keyof SeriesPoint] as const);
  let text = '';
  const query = { market: UPBIT_BTC, from: FROM, to, step, keys };
  for await (const piece of store.reader.seriesText(query)) text += piece;
  return JSON.parse(text) as Record<string, unknown>[];
}

it('sums up the trades of each step exactly, by the time of the exchange', async () => {
  const to = trades.at(-2)!.exchangeTimestamp + 1;
  const points = await series(5_000, to);
  expect(points).toHaveLength(Math.ceil((to - FROM) / 5_000));
  const known = points.map(({ time, books, ...sums }) => {
    const start = Date.parse(time as string);
    const own = trades.filter(
      ({ exchangeTimestamp: at }) => at >= start && at < Math.min(start + 5_000, to),
    );
    const sum = (values: string[]): string => values.reduce(addDecimal, '0');
    const of = (side: string): string =>
      sum(own.filter((one) => one.side === side).map(({ volume }) => volume));
    const volume = sum([of('buy'), of('sell')]);
    const amount = sum(own.map((one) => multiplyDecimal(one.price, one.volume)));
    const vwap = own.length === 0 ? null : divideDecimal(amount, volume, 18).value;
    const expected = { trades: own.length, volume, buyVolume: of('buy'), sellVolume: of('sell') };
    expect([start, books]).toEqual([start, 0]);
    // Recorded from 9.5 s before the first trade on: before that nothing is known.
    if (start + 5_000 <= T0 - 9_500) expect(sums).toEqual(UNKNOWN);
    else if (own.length > 0) expect(sums).toEqual({ ...expected, vwap });
    return sums;
  });
  expect(known[2]).toEqual(NONE);
  expect(known[4]!['trades']).toBeGreaterThan(1);
  expect(known.reduce((sum, { trades: count }) => sum + Number(count), 0)).toBe(trades.length);
});

it('is null where no trades were recorded, and reads none when none are asked for', async () => {
  const later = await series(1_000, T0 - 15_000);
  expect(later).toHaveLength(5);
  for (const point of later) expect(point).toMatchObject(UNKNOWN);
  expect((await series(60_000, T0, ['books']))[0]).toEqual({ books: 0 });
});
