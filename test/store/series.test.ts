import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { compareDecimal, midDecimal } from '../../src/market/decimal.js';
import type { OrderBook } from '../../src/market/order-book.js';
import { openStore } from '../../src/store/store.js';
import type { SeriesPoint, SeriesQuery } from '../../src/store/reader-types.js';
import type { Store } from '../../src/store/store-types.js';
import { TopOfBook } from '../../src/store/top-of-book.js';
import { encodeLevels } from '../../src/market/level-text.js';
import { diffSide } from '../../src/market/order-book.js';
import { newDatabase, type TestDatabase } from './engines.js';
import { Recorder, seeded, stored, until, UPBIT_BTC, UPBIT_ETH, walk } from './support.js';

const START = Date.UTC(2026, 8, 1);
const GAP = { start: START + 8_040, end: START + 12_000 } as const;

let database: TestDatabase;
let store: Store;
let books: OrderBook[];

beforeAll(async () => {
  database = await newDatabase();
  store = await openStore({
    path: database.path,
    flushMs: 5,
    snapshotEveryMs: 700,
  });
  const recorder = new Recorder(store);
  const random = seeded(9);
  let sides: ReturnType<typeof walk> | null = null;
  for (let at = START + 300; at < START + 20_000; at += 1 + Math.floor(random() * 90)) {
    if (at > GAP.start && at < GAP.end) at = GAP.end;
    sides = walk(random, sides);
    const afterGap = sides === null || at === GAP.end;
    recorder.put(UPBIT_BTC, at, sides, { afterGap });
    if (random() < 0.1) recorder.put(UPBIT_ETH, at, walk(random, null));
  }
  store.putGap({ market: UPBIT_BTC, ...GAP, cause: 'STALE', detail: null, attempts: 0 });
  await stored(store);
  await until(async () => (await store.reader.gapTotals({ exchange: 'UPBIT' })).count === 1);
  books = recorder.books.filter(({ market }) => market === UPBIT_BTC);
});
afterAll(async () => {
  await store.close();
  await database.remove();
});

const FIELDS = [
  'time',
  'open',
  'high',
  'low',
  'close',
  'bestBid',
  'bestBidVolume',
  'bestAsk',
  'bestAskVolume',
  'books',
] as const;

async function series(
  query: Pick<SeriesQuery, 'from' | 'to' | 'step'>,
  market = UPBIT_BTC,
): Promise<Record<string, unknown>[]> {
  const keys = FIELDS.map((field) => [field, field] as const);
  let text = '';
  for await (const piece of store.reader.seriesText({ market, ...query, keys })) text += piece;
  return JSON.parse(text) as Record<string, unknown>[];
}

/** A point worked out of the books themselves. */
function expected(time: number, step: number): Partial<Record<keyof SeriesPoint, unknown>> {
  const inside = books.filter(({ timestamp }) => timestamp >= time && timestamp < time + step);
  const carried = books.findLast(({ timestamp }) => timestamp <= time);
  const held = carried !== undefined && !(time > GAP.start && time < GAP.end) ? [carried] : [];
  const all = [...held, ...inside];
  const mids = all.map(({ asks: [ask], bids: [bid] }) =>
    ask && bid ? midDecimal(ask[0], bid[0]) : null,
  );
  const known = mids.filter((mid) => mid !== null).sort(compareDecimal);
  const last = all.at(-1);
  return {
    time: new Date(time).toISOString(),
    open: mids.find((mid) => mid !== null) ?? null,
    high: known.at(-1) ?? null,
    low: known[0] ?? null,
    close: mids.at(-1) ?? null,
    bestBid: last?.bids[0]?.[0] ?? null,
    bestBidVolume: last?.bids[0]?.[1] ?? null,
    bestAsk: last?.asks[0]?.[0] ?? null,
    bestAskVolume: last?.asks[0]?.[1] ?? null,
    books: inside.length,
  };
}

describe('a series', () => {
  it.each([
    [START, START + 22_000, 1_000],
    [START + 5_000, START + 15_000, 100],
    [START + 150, START + 19_999, 333],
    [START, START + 60_000, 60_000],
  ])('from %i to %i at %i ms says what the books say', async (from, to, step) => {
    const found = await series({ from, to, step });
    const times = Array.from({ length: Math.ceil((to - from) / step) }, (_, i) => from + i * step);
    expect(found).toEqual(times.map((time) => expected(time, step)));
  });

  it('has nothing where nothing was recorded', async () => {
    const nothing = await series(
      { from: START, to: START + 500, step: 100 },
      { ...UPBIT_BTC, symbol: 'NONE' },
    );
    expect(nothing).toHaveLength(5);
    expect(nothing[4]).toMatchObject({
      time: new Date(START + 400).toISOString(),
      open: null,
      books: 0,
    });
    const far = Date.now() + 86_400_000;
    expect(await series({ from: far, to: far + 100, step: 100 })).toMatchObject([{ close: null }]);
  });
});

describe('the top of a book', () => {
  it('is that of the whole book after any changes', () => {
    const random = seeded(4);
    const top = new TopOfBook();
    let before = walk(random, null);
    top.set({ asks: encodeLevels(before.asks), bids: encodeLevels(before.bids) });
    for (let i = 0; i < 3_000; i++) {
      const next = i % 500 === 0 ? { asks: [], bids: [] } : walk(random, before);
      const asks = diffSide('ask', before.asks, next.asks);
      const bids = diffSide('bid', before.bids, next.bids);
      top.change(
        i % 2 === 0 ? { asks, bids } : { asks: encodeLevels(asks), bids: encodeLevels(bids) },
      );
      expect(top.ask.levels).toEqual(next.asks.slice(0, 1));
      expect(top.bid.levels).toEqual(next.bids.slice(0, 1));
      before = next;
    }
  });

  it('is right where the best level vanishes after long, and where levels are written otherwise', () => {
    const top = new TopOfBook();
    top.set({ asks: '[["10","1"],["11","2"],["12","3"]]', bids: '[]' });
    for (let i = 0; i < 2_500; i++) top.change({ asks: `[["11","${i + 2}"]]`, bids: '[]' });
    expect(top.ask.levels).toEqual([['10', '1']]);
    top.change({ asks: '[["10","0"]]', bids: '[["9","5"]]' });
    expect([top.ask.levels, top.bid.price]).toEqual([[['11', '2501']], '9']);
    top.change({ asks: '[["9.5","0"],["11","0"]]', bids: '[["9","0"]]' });
    expect([top.ask.levels, top.bid.levels]).toEqual([[['12', '3']], []]);
    top.change({ asks: '[ ["12", "0"], ["13", "4"] ]', bids: '[ [ "8", "1" ] ]' });
    expect([top.ask.levels, top.bid.levels]).toEqual([[['13', '4']], [['8', '1']]]);
    // All that a whole book says of a side may be what has vanished from it.
    top.set({ asks: '[["13","0"]]', bids: '[["7","2"],["8","0"]]' });
    expect([top.ask.price, top.bid.price]).toEqual([null, '7']);
  });
});
