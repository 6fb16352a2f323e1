import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { marketKey } from '../../src/market/market.js';
import { type Level, type OrderBook, sortLevels } from '../../src/market/order-book.js';
import { itOnSqlite, newDatabase, type TestDatabase } from './engines.js';
import {
  exported,
  exportOf,
  GOPAX_BTC,
  Recorder,
  seeded,
  sidesOf,
  small,
  stored,
  UPBIT_BTC,
  UPBIT_ETH,
  walk,
  withStore,
} from './support.js';

let database: TestDatabase;
let path: string;

beforeEach(async () => {
  database = await newDatabase();
  path = database.path;
});
afterEach(() => database.remove());

/**
 * Reads the view `orderbook` as a person would, without ORDER BY, and takes the last volume at each
 * price: that must give every book. Its timestamps must differ, since the view has no sequence.
 */
async function expectReplay(books: readonly OrderBook[]): Promise<void> {
  const session = await database.session();
  const rows = await session.client.$queryRawUnsafe<ViewRow[]>('SELECT * FROM orderbook');
  await session.close();
  expect(Object.keys(rows[0]!)).toEqual(
    'exchange symbol currency timestamp side price volume'.split(' '),
  );
  const sides = new Map<string, Map<string, string>>();
  let i = 0;
  for (const book of books) {
    const levels = (side: string): Level[] => {
      const key = `${marketKey(book.market)} ${side}`;
      const prices = sides.get(key) ?? new Map<string, string>();
      sides.set(key, prices);
      for (; Number(rows[i]?.timestamp) === book.timestamp && rows[i]?.side === side; i++) {
        const { price, volume } = rows[i]!;
        if (volume === '0') prices.delete(price);
        else prices.set(price, volume);
      }
      return sortLevels(side as 'ask' | 'bid', [...prices]);
    };
    const replayed = { asks: levels('ask'), bids: levels('bid') };
    expect({ ...book.market, ...replayed }).toEqual({ ...book.market, ...sidesOf(book) });
  }
  expect(i).toBe(rows.length);
}

interface ViewRow {
  readonly timestamp: number | bigint;
  readonly side: string;
  readonly price: string;
  readonly volume: string;
}

describe('store', () => {
  it('keeps every digit of odd decimals, and times', async () => {
    const asks: Level[] = [
      ['0.00000001', '99999999999.99999999'],
      ['12345678.123456789', '0.1'],
      ['123456789012345678', '123456789012345678.000000000000000001'],
    ];
    await withStore({ path }, async (store) => {
      const recorder = new Recorder(store);
      const at = { exchangeTimestamp: 1_789_000_000_123 };
      const book = recorder.put(UPBIT_BTC, 1_789_000_000_456, { asks, bids: [] }, at);
      await stored(store);
      expect(await store.reader.newestBook(UPBIT_BTC)).toEqual(book);
      expect(await store.reader.newestBook(UPBIT_ETH)).toBeNull();
      expect(await exportOf(store.reader, { exchange: 'UPBIT', shape: 'rows' })).toEqual(
        asks.map(([price, volume]) => {
          const { timestamp, exchangeTimestamp, sequence } = book;
          const level = { side: 'ask', price, volume };
          return { ...UPBIT_BTC, timestamp, exchangeTimestamp, sequence, ...level };
        }),
      );
    });
  });

  it('tells of each book once when it is committed, and it can be read then', async () => {
    await withStore({ path, flushMs: 1, maxBatch: 3 }, async (store) => {
      const committed: number[] = [];
      const readable: Promise<unknown>[] = [];
      store.onCommitted((receivedAt) => {
        committed.push(...receivedAt);
        readable.push(store.reader.bookAt(UPBIT_BTC, receivedAt.at(-1)!));
      });
      const recorder = new Recorder(store);
      for (let i = 0; i < 10; i++) recorder.put(UPBIT_BTC, 1_789_000_000_000 + i, small(i));
      await stored(store);
      expect(committed).toEqual(recorder.books.map((book) => book.timestamp));
      expect(await Promise.all(readable)).not.toContain(null);
    });
  });

  it('never calls a book settled that is not committed yet, whatever else is being written', async () => {
    await withStore({ path, flushMs: 1, heartbeatMs: 1 }, async (store) => {
      const recorder = new Recorder(store);
      let waiting = 0;
      for (let i = 0; i < 300; i++) {
        const book = recorder.put(UPBIT_BTC, 1_789_000_000_000 + i, small(i));
        // It was put in this very turn, so it cannot be in the database.
        if (store.sequenceState().settled < book.sequence) waiting++;
        await stored(store);
      }
      expect(waiting).toBe(300);
    });
  });

  it.each([0, 700, 60_000])(
    'rebuilds every book of random walks, over a restart (SNAPSHOT_EVERY_MS %i)',
    async (snapshotEveryMs) => {
      const random = seeded(7 + snapshotEveryMs);
      const markets = [UPBIT_BTC, UPBIT_ETH, GOPAX_BTC];
      const all: Recorder['books'] = [];
      for (let run = 0; run < 2; run++) {
        await withStore({ path, snapshotEveryMs }, async (store) => {
          const recorder = new Recorder(store);
          const newest = new Map<object, ReturnType<typeof walk>>();
          for (let i = 0; i < 300; i++) {
            const market = markets[Math.floor(random() * markets.length)]!;
            const sides = walk(random, newest.get(market) ?? null);
            newest.set(market, sides);
            const afterGap = i % 97 === 0;
            recorder.put(market, 1_000_000 * (run + 1) + i * 40, sides, { afterGap });
          }
          all.push(...recorder.books);
        });
      }
      await withStore({ path }, async (store) => {
        for (const exchange of ['UPBIT', 'GOPAX'] as const) {
          const books = all.filter((book) => book.market.exchange === exchange);
          expect(await exportOf(store.reader, { exchange, shape: 'books' })).toEqual(
            books.map(exported),
          );
        }
        await expectReplay(all);
        for (const book of all.filter((_, i) => i % 50 === 0)) {
          const found = await store.reader.bookAt(book.market, book.timestamp);
          expect(found && sidesOf(found)).toEqual(sidesOf(book));
        }
        // Each book applied to the one before, or several changes at once.
        for (const step of [1, 9]) {
          const books = all.filter(({ market }, i) => market === UPBIT_BTC && i % step === 0);
          const best = books.map(({ timestamp, asks, bids }) => ({
            timestamp,
            ask: asks[0]?.[0] ?? null,
            bid: bids[0]?.[0] ?? null,
          }));
          const moments = books.map(({ timestamp }) => timestamp);
          expect(await store.reader.bestPrices(UPBIT_BTC, moments)).toEqual(best);
        }
      });
    },
  );

  itOnSqlite(
    'reads one market of the view through its index, all of it in order of sequence',
    async () => {
      await withStore({ path }, async () => {
        const session = await database.session();
        const plan = async (where: string): Promise<string> => {
          const sql = `EXPLAIN QUERY PLAN SELECT * FROM orderbook ${where}`;
          const rows = await session.client.$queryRawUnsafe<{ detail: string }[]>(sql);
          return rows.map((row) => row.detail).join('; ');
        };
        const one = `WHERE exchange = 'UPBIT' AND symbol = 'BTC' AND currency = 'KRW'`;
        expect(await plan(one)).toMatch(/SEARCH m .*SEARCH b USING INDEX book_market_id_idx/);
        expect(await plan('')).toMatch(/^SCAN b; SEARCH m USING INTEGER PRIMARY KEY/);
        await session.close();
      });
    },
  );

  it('reads what was just put', async () => {
    await withStore({ path }, async (store) => {
      const recorder = new Recorder(store);
      for (let i = 0; i < 10; i++) recorder.put(UPBIT_BTC, 1_000 + i, small(i));
      await stored(store);
      expect(store.stats()).toMatchObject({ storedBooks: 10, droppedBooks: 0, failure: null });
      expect(await store.reader.bookAt(UPBIT_BTC, 999)).toBeNull();
      expect(await store.reader.bookAt(UPBIT_BTC, 1_004)).toEqual(recorder.books[4]);
    });
  });
});
