import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Gap } from '../../src/market/gap.js';
import type { Sides } from '../../src/market/order-book.js';
import { openStore } from '../../src/store/store.js';
import type { Store } from '../../src/store/store-types.js';
import { PostgresProxy } from '../helpers/postgres-proxy.js';
import { PostgresServer } from '../helpers/postgres-server.js';
import { eventually } from '../helpers/wait.js';
import { describeWithPostgres } from './engines.js';
import {
  exported,
  exportOf,
  GOPAX_BTC,
  Recorder,
  seeded,
  small,
  stored,
  temporaryFolder,
  UPBIT_BTC,
  UPBIT_ETH,
  walk,
  withStore,
} from './support.js';
import { many, T0, trade } from './trade-support.js';

const DAY = 86_400_000;
const MARKETS = [UPBIT_BTC, UPBIT_ETH, GOPAX_BTC];

/** The models of a schema, without comments and what only names an index. */
function models(engine: string): string[] {
  const text = readFileSync(
    new URL(`../../prisma/${engine}/schema.prisma`, import.meta.url),
    'utf8',
  );
  return text
    .slice(text.indexOf('model Exchange'))
    .split('\n')
    .map((line) =>
      line
        .replace(/\/\/.*/, '')
        .replace(/\s+/g, ' ')
        .trim(),
    )
    .filter((line) => line !== '' && !line.startsWith('@@index'));
}

it('the schemas of both engines have the same models', () => {
  expect(models('postgresql')).toEqual(models('sqlite'));
});

/** Records the same into a store of either engine: books that change, trades, a gap, two runs. */
async function fill(path: string): Promise<void> {
  const random = seeded(7);
  const last = new Map<string, Sides>();
  let at = T0;
  for (let run = 0; run < 2; run++) {
    // All numbers of a run are used up, so that the next begins at the same one with either engine.
    await withStore({ path, snapshotEveryMs: 20_000, sequenceBlock: 1 }, async (store) => {
      const recorder = new Recorder(store);
      for (let i = 0; i < 300; i++) {
        const market = MARKETS[Math.floor(random() * MARKETS.length)]!;
        const key = market.exchange + market.symbol;
        const sides = walk(random, last.get(key) ?? null);
        last.set(key, sides);
        at += Math.floor(random() * 900);
        recorder.put(market, at, sides, { exchangeTimestamp: at - 5 });
      }
      for (const trade of many(80, () => store.sequences.next(), seeded(run))) {
        store.putTrade({ ...trade, exchangeTimestamp: trade.exchangeTimestamp + run * DAY });
      }
      const gap: Gap = {
        market: UPBIT_BTC,
        start: T0 + run * 1000,
        end: T0 + run * 1000 + 500,
        cause: 'STALE',
        detail: `of run ${run}`,
        attempts: 1,
      };
      store.putGap(gap);
      await stored(store);
    });
  }
}

/** All that can be asked of what {@link fill} records. */
async function answers({ reader }: Store): Promise<Record<string, unknown>> {
  const trades = { market: UPBIT_BTC, limit: 1_000 };
  return {
    upbit: await exportOf(reader, { exchange: 'UPBIT', shape: 'books' }),
    gopax: await exportOf(reader, { exchange: 'GOPAX', shape: 'rows' }),
    top: await exportOf(reader, { exchange: 'UPBIT', shape: 'top', symbol: 'ETH' }),
    gaps: await reader.gaps({ exchange: 'UPBIT', limit: 100 }),
    totals: await reader.gapTotals({ exchange: 'UPBIT' }),
    past: await reader.bookAt(UPBIT_ETH, T0 + 60_000),
    counts: await reader.bookCounts({ markets: MARKETS, from: T0, to: T0 + 60_500, step: 2_000 }),
    trades: (await reader.trades(trades)).items.map(({ tradeId, price, volume, side }) => [
      tradeId,
      price,
      volume,
      side,
    ]),
    markets: await reader.markets('UPBIT'),
  };
}

describeWithPostgres('a store on PostgreSQL', () => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await PostgresServer.start();
  }, 60_000);
  afterAll(() => server.close());

  it('answers as one on SQLite does, over a restart', async () => {
    const folder = await temporaryFolder();
    const address = await server.database();
    const both = [join(folder.path, 'r.db'), address];
    const [sqlite, postgres] = await Promise.all(
      both.map(async (path) => {
        await fill(path);
        return withStore({ path }, (store) => answers(store));
      }),
    );
    await folder.remove();
    expect(postgres).toEqual(sqlite);
    expect(sqlite!['upbit']).not.toHaveLength(0);

    const [view] = await server.query(address, 'SELECT * FROM orderbook LIMIT 1');
    expect(Object.keys(view!)).toEqual(
      'exchange symbol currency timestamp side price volume'.split(' '),
    );
    const [trade] = await server.query(address, 'SELECT * FROM trade LIMIT 1');
    expect(Object.keys(trade!)).toEqual(
      'exchange symbol currency timestamp side price volume trade_id'.split(' '),
    );
  });

  it('keeps a day in a partition of its own, which goes as a whole', async () => {
    const path = await server.database();
    const now = Date.now();
    await withStore({ path, snapshotEveryMs: 0 }, async (store) => {
      const recorder = new Recorder(store);
      for (let day = 5; day >= 0; day--) {
        for (let i = 0; i < 10; i++)
          recorder.put(UPBIT_BTC, now - day * DAY + i, small(day * 10 + i));
        await stored(store);
      }
    });
    const pieces = async (): Promise<number> => {
      const [row] = await server.query(
        path,
        `SELECT count(*)::int AS n FROM pg_inherits WHERE inhparent = 'book'::regclass`,
      );
      return row!['n'] as number;
    };
    expect(await pieces()).toBeGreaterThanOrEqual(6);
    const store = await openStore({ path, retentionDays: 2, flushMs: 5 });
    try {
      await eventually(pieces, (count) => count <= 4, 'the old days dropped');
      const books = await exportOf(store.reader, { exchange: 'UPBIT', shape: 'books' });
      expect(books.at(-1)).toMatchObject({ timestamp: now + 9 });
      expect(books.length).toBeLessThan(60);
      expect(books.length).toBeGreaterThanOrEqual(20);
    } finally {
      await store.close();
    }
  });

  it('goes on where a person has made plain tables of the partitions, for an extension', async () => {
    const path = await server.database();
    const now = Date.now();
    const record = (from: number, to: number): Promise<void> =>
      withStore({ path, snapshotEveryMs: 0 }, async (store) => {
        const recorder = new Recorder(store);
        for (let day = from; day > to; day--) {
          for (let i = 0; i < 10; i++)
            recorder.put(UPBIT_BTC, now - day * DAY + i, small(day * 10 + i));
          const sequence = store.sequences.next();
          const at = now - day * DAY;
          store.putTrade(trade({ sequence, exchangeTimestamp: at, timestamp: at }));
          await stored(store);
        }
      });
    await record(6, 3);
    const read = (file: string): string =>
      readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8');
    const [, script] = /```sql\n(BEGIN;\nDROP VIEW[^`]*)```/.exec(read('docs/distributed.md'))!;
    const init = read('prisma/postgresql/migrations/20261126120000_init/migration.sql');
    await server.query(path, script! + init.slice(init.indexOf('CREATE VIEW')));
    await record(3, -1);
    const [view] = await server.query(path, 'SELECT count(*)::int AS n FROM orderbook');
    expect(view!['n']).toBeGreaterThan(70);
    const store = await openStore({ path, retentionDays: 2, flushMs: 5 });
    try {
      let retired = 0;
      store.onRetired(({ books }) => (retired += books));
      await eventually(
        async () => retired,
        (books) => books === 50,
        'the old rows deleted',
      );
      const books = await exportOf(store.reader, { exchange: 'UPBIT', shape: 'books' });
      expect(books.map(({ timestamp }) => timestamp)).toEqual(
        [1, 0].flatMap((day) => Array.from({ length: 10 }, (_, i) => now - day * DAY + i)),
      );
      const trades = await store.reader.trades({ market: UPBIT_BTC, limit: 9 });
      // The one behind the last book that went is not before it.
      expect(trades.items).toHaveLength(3);
    } finally {
      await store.close();
    }
    await server.query(path, 'DROP VIEW trade; DROP TABLE trade_recent');
    await server.query(
      path,
      'CREATE TABLE trade_recent (sequence bigint PRIMARY KEY) PARTITION BY RANGE (sequence)',
    );
    await expect(openStore({ path })).rejects.toThrow(/one is partitioned and the other is not/);
  });

  it('goes on by itself after the server was away, and loses nothing that waited', async () => {
    const path = await server.database();
    await withStore({ path, retryMs: 20, maxRetryMs: 100 }, async (store) => {
      const recorder = new Recorder(store);
      recorder.put(UPBIT_BTC, T0, small(0));
      await stored(store);
      const failures: (string | null)[] = [];
      store.onFailure((reason) => failures.push(reason));
      await server.down();
      for (let i = 1; i < 50; i++) recorder.put(UPBIT_BTC, T0 + i, small(i));
      await eventually(
        async () => failures.length,
        (count) => count > 0,
        'the failure',
      );
      await server.up();
      await stored(store);
      expect(failures.at(-1)).toBeNull();
      expect(await exportOf(store.reader, { exchange: 'UPBIT', shape: 'books' })).toEqual(
        recorder.books.map(exported),
      );
    });
  });

  it('stores a batch once whose answer was lost behind its COMMIT', async () => {
    const path = await server.database();
    const { proxy, address } = await PostgresProxy.before(path);
    try {
      await withStore({ path: address, retryMs: 20, heartbeatMs: 60_000 }, async (store) => {
        const recorder = new Recorder(store);
        recorder.put(UPBIT_BTC, T0, small(0));
        await stored(store);
        const failures: (string | null)[] = [];
        store.onFailure((reason) => failures.push(reason));
        proxy.swallowNext();
        const counts = { frames: 3, changed: 2, repeats: 1, longestSilenceMs: 9 };
        store.putCoverage({ market: UPBIT_BTC, minute: 0, ...counts });
        const record = { timestamp: T0, level: 'info', event: 'A', message: 'once' } as const;
        store.putLog({ ...record, exchange: null, pair: null });
        store.setRecording(UPBIT_BTC, true, T0);
        recorder.put(UPBIT_BTC, T0 + 1, small(1));
        await eventually(
          async () => failures.length,
          (count) => count > 1,
          'a failure and its end',
        );
        await stored(store);
        expect(proxy.swallowed).toBe(1);
        expect(failures.at(-1)).toBeNull();
        recorder.put(UPBIT_BTC, T0 + 2, small(2));
        await stored(store);
        const { items } = await store.reader.coverageMinutes({ market: UPBIT_BTC, limit: 9 });
        expect(items).toMatchObject([counts]);
        expect((await store.reader.logs({ limit: 9 })).items).toHaveLength(1);
        expect(await exportOf(store.reader, { exchange: 'UPBIT', shape: 'books' })).toEqual(
          recorder.books.map(exported),
        );
      });
    } finally {
      await proxy.close();
    }
  });

  it('is filled by several recorders from one log, each part of it once', async () => {
    const path = await server.database();
    const options = { path, shared: true, flushMs: 5, snapshotEveryMs: 0, sequenceBlock: 1 };
    const first = await openStore(options);
    const second = await openStore(options);
    try {
      const place = await first.fillFromLog(77);
      expect(await second.fillFromLog(77)).toEqual(place);
      const moved: string[] = [];
      first.onLogMoved(() => moved.push('first'));
      second.onLogMoved(() => moved.push('second'));
      const put = (store: Store, message: number): void => {
        const sequence = place.base + message;
        new Recorder(store).put(UPBIT_BTC, T0 + message * DAY, small(message), { sequence });
        store.logAt(message);
      };
      put(first, 1);
      await first.whenStored(1);
      // It was stopped meanwhile, and wakes up on another day.
      put(second, 1);
      await eventually(
        async () => moved,
        (names) => names.includes('second'),
        'the refusal',
      );
      put(first, 2);
      await first.whenStored(2);
      expect(moved).not.toContain('first');
      const books = await exportOf(first.reader, { exchange: 'UPBIT', shape: 'books' });
      expect(books.map(({ sequence }) => Number(sequence) - place.base)).toEqual([1, 2]);
    } finally {
      await second.abandon();
      await first.close();
    }
  });

  it('is refused to a second recorder, to a database of another program, and where there is none', async () => {
    const path = await server.database();
    await withStore({ path }, async () => {
      await expect(openStore({ path })).rejects.toThrow(/another/);
    });
    const foreign = await server.database();
    await server.query(foreign, 'CREATE TABLE theirs (id int)');
    await expect(openStore({ path: foreign })).rejects.toThrow(/another program/);
    expect(await server.query(foreign, `SELECT 1 FROM pg_tables WHERE tablename = 'book'`)).toEqual(
      [],
    );
    await expect(openStore({ path: `${path}_absent` })).rejects.toThrow(
      /does not exist|no database/,
    );
  });
});
