import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { OrderBook } from '../../src/market/order-book.js';
import { openStore } from '../../src/store/store.js';
import type { MarketBooksQuery } from '../../src/store/reader-types.js';
import type { Store } from '../../src/store/store-types.js';
import { newDatabase, type TestDatabase } from './engines.js';
import {
  GOPAX_BTC,
  Recorder,
  seeded,
  stored,
  until,
  UPBIT_BTC,
  UPBIT_ETH,
  walk,
} from './support.js';

const START = Date.UTC(2026, 8, 1);
const GAP = { start: START + 3_000, end: START + 3_100 } as const;

let database: TestDatabase;
let store: Store;
let books: OrderBook[];

beforeAll(async () => {
  database = await newDatabase();
  store = await openStore({ path: database.path, flushMs: 5 });
  const recorder = new Recorder(store);
  const random = seeded(2);
  const newest = new Map<object, ReturnType<typeof walk>>();
  for (let i = 0; i < 100; i++) {
    for (const market of [UPBIT_BTC, UPBIT_ETH]) {
      const sides = walk(random, newest.get(market) ?? null);
      newest.set(market, sides);
      // The clock is set back in the middle.
      const timestamp = START + i * 100 - (i > 60 ? 1_500 : 0);
      recorder.put(market, timestamp, sides, { afterGap: i === 0 || i === 31 });
    }
  }
  // Deeper than a page may be.
  const deep = Array.from({ length: 9_000 }, (_, i): [string, string] => [String(i + 1), '1']);
  for (let i = 0; i < 4; i++) {
    recorder.put(GOPAX_BTC, START + i, { asks: deep, bids: [[`0.${i + 1}`, '1']] });
  }
  store.putGap({ market: UPBIT_BTC, ...GAP, cause: 'STALE', detail: null, attempts: 0 });
  await stored(store);
  await until(async () => (await store.reader.gapTotals({ exchange: 'UPBIT' })).count === 1);
  books = recorder.books;
});
afterAll(async () => {
  await store.close();
  await database.remove();
});

const of = (market: object): OrderBook[] => books.filter((book) => book.market === market);

/** Walks all pages. */
async function walkAll(query: Omit<MarketBooksQuery, 'after' | 'before'>): Promise<OrderBook[]> {
  const found: OrderBook[] = [];
  for (let place: number | undefined; ;) {
    const side = query.last ? { before: place } : { after: place };
    const { items, more } = await store.reader.bookPage({ ...query, ...side });
    const page = items.map(({ book }) => book);
    expect(page.length).toBeLessThanOrEqual(query.limit);
    if (query.last) found.unshift(...page);
    else found.push(...page);
    if (!more) return found;
    place = query.last ? page[0]!.sequence : page.at(-1)!.sequence;
  }
}

describe('past books of a market', () => {
  it.each([true, false])('are each given once, in order (backward: %s)', async (last) => {
    for (const limit of [1, 7, 1_000]) {
      expect(await walkAll({ market: UPBIT_ETH, limit, last })).toEqual(of(UPBIT_ETH));
    }
    // The window is left and entered again where the clock was set back.
    const window = { from: START + 4_800, to: START + 5_700 };
    const inside = of(UPBIT_BTC).filter(
      ({ timestamp }) => timestamp >= window.from && timestamp < window.to,
    );
    expect(inside.length).toBeGreaterThan(15);
    expect(await walkAll({ market: UPBIT_BTC, ...window, limit: 4, last })).toEqual(inside);
    const none = { ...UPBIT_BTC, symbol: 'NONE' };
    expect(await walkAll({ market: none, limit: 4, last })).toEqual([]);
  });

  it.each([true, false])(
    'come in shorter pages when they are deep (backward: %s)',
    async (last) => {
      const page = await store.reader.bookPage({ market: GOPAX_BTC, limit: 4, last });
      expect([page.items.length, page.more]).toEqual([2, true]);
      expect(page.items.map(({ book }) => book.bids[0]![0])).toEqual(
        last ? ['0.3', '0.4'] : ['0.1', '0.2'],
      );
      expect(await walkAll({ market: GOPAX_BTC, limit: 4, last })).toHaveLength(4);
    },
  );

  it('tell of the gap before them', async () => {
    const { items } = await store.reader.bookPage({ market: UPBIT_BTC, limit: 100, last: false });
    const gaps = items.flatMap(({ gapBefore }) => (gapBefore === null ? [] : [gapBefore]));
    expect(gaps).toMatchObject([{ ...GAP, cause: 'STALE' }]);
  });
});
