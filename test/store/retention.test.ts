import { describe, expect, it } from '@jest/globals';
import { join } from 'node:path';
import type { BookEvent } from '../../src/bus.js';
import type { Gap } from '../../src/market/gap.js';
import type { Market } from '../../src/market/market.js';
import type { Level } from '../../src/market/order-book.js';
import type { Client } from '../../src/store/engine/sqlite/connection.js';
import type { WriterSession } from '../../src/store/engine/engine.js';
import { Retirement, type RetireStep } from '../../src/store/retire.js';
import { sizeOnDisk } from '../../src/store/disk-use.js';
import type { Retired } from '../../src/store/retention.js';
import { Writer } from '../../src/store/writer.js';
import { itOnSqlite, newDatabase } from './engines.js';
import {
  exportOf,
  Recorder,
  NOTHING,
  openClient,
  sessionOn,
  small,
  stored,
  temporaryFolder,
  until,
  UPBIT_BTC,
  UPBIT_ETH,
  withStore,
} from './support.js';

const DAY = 86_400_000;

function gapOf(market: Market): Gap {
  return { market, start: 0, end: null, cause: 'STALE', detail: null, attempts: 0 };
}

/** Runs `work` on a new database, with a writer in this thread and another client. */
async function onDatabase(
  work: (session: WriterSession, writer: Writer) => Promise<void>,
): Promise<void> {
  const database = await newDatabase();
  const writer = new Writer({ path: database.path });
  await writer.open(1_000);
  const session = await database.session();
  try {
    await work(session, writer);
  } finally {
    await session.close();
    await writer.close(0);
    await database.remove();
  }
}

/** One book a day for `days` days, the last one now; a whole book every third day. */
function daily(days: number, market = UPBIT_BTC): Omit<BookEvent['book'], 'sequence'>[] {
  const now = Date.now();
  return Array.from({ length: days }, (_, i) => {
    const level: Level = [String(100 + i), '1'];
    const timestamp = now - (days - 1 - i) * DAY;
    return {
      market,
      timestamp,
      exchangeTimestamp: null,
      asks: [level],
      bids: [['9', String(i + 1)]],
    };
  });
}

// On a server books go with their partitions: engines.test.ts.
describe('retention', () => {
  itOnSqlite(
    'deletes old books but not what kept changes stand on, and every kept book is still exact',
    async () => {
      const folder = await temporaryFolder();
      const path = join(folder.path, 'r.db');
      try {
        await withStore({ path, snapshotEveryMs: 3 * DAY - 1 }, async (store) => {
          const markets = [UPBIT_BTC, UPBIT_ETH].map((market) => ({
            books: daily(20, market),
            previous: null as number | null,
            last: [] as Level[],
          }));
          for (let day = 0; day < 20; day++) {
            for (const m of markets) {
              const sequence = store.sequences.next();
              const book = { ...m.books[day]!, sequence };
              const asks: Level[] = [...m.last.map(([p]): Level => [p, '0']), ...book.asks];
              const changes = { asks, bids: book.bids };
              store.putBook({ book, changes, previous: m.previous, afterGap: m.previous === null });
              m.previous = sequence;
              m.last = [...book.asks];
            }
          }
          await stored(store);
        });
        const session = await sessionOn(path);
        const retirement = new Retirement(session);
        const bound = await retirement.before(Date.now() - 5.5 * DAY, Date.now());
        let deleted = 0;
        for (let cursor: number | null = 0; cursor !== null;) {
          const step: RetireStep = await retirement.step(bound!, cursor);
          deleted += step.books;
          cursor = step.cursor;
        }
        await session.close();
        // Days 0 to 13 of each market are old; what day 14 stands on stays.
        expect(deleted).toBeGreaterThanOrEqual(2 * 11);
        expect(deleted).toBeLessThanOrEqual(2 * 14);
        await withStore({ path }, async (store) => {
          for (const market of [UPBIT_BTC, UPBIT_ETH]) {
            for (const expected of daily(20, market).slice(15)) {
              const book = await store.reader.bookAt(market, expected.timestamp + 1000);
              expect(book).toMatchObject({ asks: expected.asks, bids: expected.bids });
            }
          }
          expect(await store.reader.bookAt(UPBIT_BTC, Date.now() - 15 * DAY)).toBeNull();
        });
      } finally {
        await folder.remove();
      }
    },
  );

  itOnSqlite(
    'runs by itself and says how many went; the newest book of a quiet market stays',
    async () => {
      const folder = await temporaryFolder();
      const path = join(folder.path, 'r.db');
      try {
        await withStore({ path, snapshotEveryMs: 0 }, async (store) => {
          for (const book of daily(4)) {
            const old = {
              ...book,
              timestamp: book.timestamp - 30 * DAY,
              sequence: store.sequences.next(),
            };
            store.putBook({ book: old, changes: old, previous: null, afterGap: true });
          }
          await stored(store);
        });
        await withStore({ path, retentionDays: 7 }, async (store) => {
          let retired = 0;
          store.onRetired(({ books }) => (retired += books));
          await until(() => retired === 3);
          expect((await store.reader.newestBook(UPBIT_BTC))!.asks).toEqual([['103', '1']]);
        });
      } finally {
        await folder.remove();
      }
    },
  );
});

/** A whole book of about 2 KB, told apart by `n`. */
function large(n: number): Level[] {
  return Array.from({ length: 90 }, (_, i): Level => [String(1_000_000 + i), `${n + 1}.5`]);
}

describe('retention where the clock was wrong', () => {
  /** Stores a book at each of these days, and tells which of them retention leaves. */
  async function left(days: readonly number[], keepDays: number, today: number): Promise<number[]> {
    const folder = await temporaryFolder();
    const path = join(folder.path, 'r.db');
    try {
      await withStore({ path, snapshotEveryMs: 0 }, async (store) => {
        const recorder = new Recorder(store);
        for (const [i, day] of days.entries()) recorder.put(UPBIT_BTC, day * DAY, small(i));
        await stored(store);
      });
      const session = await sessionOn(path);
      const retirement = new Retirement(session);
      const bound = await retirement.before((today - keepDays) * DAY, today * DAY);
      for (let cursor: number | null = bound === null ? null : 0; cursor !== null;)
        cursor = (await retirement.step(bound!, cursor)).cursor;
      const books = await session.client.book.findMany({ orderBy: { sequence: 'asc' } });
      await session.close();
      return books.map(({ timestamp }) => Number(timestamp) / DAY);
    } finally {
      await folder.remove();
    }
  }

  itOnSqlite(
    'deletes books of a clock that was far ahead together with those around them',
    async () => {
      const days = [100, 101, 5_000, 5_001, 102, 103, 104, 105];
      expect(await left(days, 10, 105)).toEqual(days);
      expect(await left(days, 3.5, 105)).toEqual([5_000, 5_001, 102, 103, 104, 105]);
      expect(await left(days, 1.5, 105)).toEqual([104, 105]);
      // As the newest they stay.
      expect(await left([100, 101, 5_000], 2, 104)).toEqual([5_000]);
    },
  );

  itOnSqlite('does not delete what a clock that was far behind came after', async () => {
    const days = [100, 101, 5, 6, 102, 103];
    expect(await left(days, 10, 104)).toEqual(days);
    expect(await left(days, 2.5, 104)).toEqual([102, 103]);
  });
});

describe('retention by size', () => {
  itOnSqlite(
    'deletes the oldest books, gives the space back, and keeps the rest exact',
    async () => {
      const folder = await temporaryFolder();
      const path = join(folder.path, 'r.db');
      const begin = 1_789_000_000_000;
      const minute = begin - (begin % 60_000);
      const quiet: Market = { exchange: 'GOPAX', symbol: 'BTC', currency: 'KRW' };
      try {
        await withStore({ path, snapshotEveryMs: 0, flushMs: 20 }, async (store) => {
          const recorder = new Recorder(store);
          recorder.put(quiet, begin - 1, { asks: [['7', '7']], bids: [] });
          store.putGap({ ...gapOf(UPBIT_BTC), start: begin - 500, end: begin - 400 });
          store.putGap({ ...gapOf(UPBIT_BTC), start: begin - 300, end: null });
          const counts = { frames: 1, changed: 1, repeats: 0, longestSilenceMs: 0 };
          for (const at of [minute - 60_000, minute + 3_600_000]) {
            store.putCoverage({ market: UPBIT_BTC, minute: at, ...counts });
          }
          for (let i = 0; i < 3_000; i++) {
            recorder.put(i % 2 === 0 ? UPBIT_BTC : UPBIT_ETH, begin + i, {
              asks: large(i),
              bids: [],
            });
            if (i % 500 === 0) await stored(store);
          }
        });
        const before = await sizeOnDisk(path);
        const maxBytes = Math.round(before / 2);
        await withStore({ path, maxBytes, snapshotEveryMs: 0 }, async (store) => {
          const retired: Retired[] = [];
          store.onRetired((one) => retired.push(one));
          await until(() => retired.length > 0, 60_000);
          expect(retired[0]!.setting).toBe('MAX_DB_GB');
          expect(retired[0]!.books).toBeGreaterThan(1_200);
          await until(async () => (await sizeOnDisk(path)) <= maxBytes);
          const [oldest] = (await store.reader.rows({ exchange: 'UPBIT', limit: 1 })).items;
          const kept = await exportOf(store.reader, { exchange: 'UPBIT', shape: 'books' });
          expect(kept.length + retired[0]!.books).toBe(3_000);
          expect(kept[0]!['timestamp']).toBe(oldest!.timestamp);
          kept.forEach((book, i) => {
            const n = 3_000 - kept.length + i;
            expect([book['timestamp'], book['asks']]).toEqual([begin + n, large(n)]);
          });
          // Of a market that was quiet ever since, the newest book stays.
          expect(await store.reader.newestBook(quiet)).toMatchObject({ asks: [['7', '7']] });
          const gaps = await store.reader.gaps({ limit: 9 });
          expect(gaps.items.map((item) => item.value.end)).toEqual([null]);
          const minutes = await store.reader.coverageMinutes({ market: UPBIT_BTC, limit: 9 });
          expect(minutes.items.map((one) => one.minute)).toEqual([minute + 3_600_000]);
        });
        expect(await sizeOnDisk(path)).toBeLessThanOrEqual(maxBytes);
        const client = await openClient(path);
        expect(await client.$queryRawUnsafe('PRAGMA auto_vacuum')).toEqual([{ auto_vacuum: 2n }]);
        await client.$disconnect();
      } finally {
        await folder.remove();
      }
    },
    90_000,
  );

  it('forgets that a time was recorded when its gaps go', async () => {
    await onDatabase(async (session, writer) => {
      const { client } = session;
      for (const [at, recording, market] of [
        [100, true, UPBIT_BTC],
        [200, false, UPBIT_BTC],
        [300, true, UPBIT_BTC],
        [100, true, UPBIT_ETH],
        [200, false, UPBIT_ETH],
      ] as const) {
        await writer.write({ ...NOTHING, recording: [{ market, at, recording }] });
      }
      const retirement = new Retirement(session);
      // What is done twice changes nothing.
      for (const time of [350, 350]) await retirement.step({ sequence: 1, time }, 0);
      const spans = await client.recordingSpan.findMany({ orderBy: { marketId: 'asc' } });
      // When the stopped one ended is still known: its newest book, which stays, holds until then.
      expect(spans.map(({ start, end }) => [start, end])).toEqual([
        [350n, null],
        [200n, 200n],
      ]);
    });
  });

  it('goes on where spans overlap because the clock was set back', async () => {
    await onDatabase(async (session, writer) => {
      const { client } = session;
      const change = (recording: boolean, at: number): Promise<unknown> =>
        writer.write({ ...NOTHING, recording: [{ market: UPBIT_BTC, recording, at }] });
      await change(true, 1_000);
      await change(false, 9_000);
      await change(true, 2_000);
      await new Retirement(session).step({ sequence: 1, time: 5_000 }, 0);
      const [market] = await client.market.findMany();
      expect(await client.recordingSpan.findMany()).toEqual([
        { marketId: market!.id, start: 5_000n, end: null },
      ]);
    });
  });

  const logIds = async (client: Client): Promise<number[]> =>
    (await client.log.findMany({ orderBy: { id: 'asc' } })).map(({ id }) => id);

  it('keeps the log short with every record that is written', async () => {
    await onDatabase(async (session, writer) => {
      const { client } = session;
      await client.$executeRawUnsafe(
        `INSERT INTO log (id, timestamp, level, event, message)
         VALUES (1, 1, 'info', 'A', ''), (2, 2, 'info', 'A', ''), (500002, 3, 'info', 'A', '')`,
      );
      for (const next of session.dialect.beginIdsAbove('log', 500_002)) {
        await client.$executeRaw(next);
      }
      const record = { timestamp: 4, level: 'info', event: 'A', message: '' } as const;
      await writer.write({ ...NOTHING, logs: [{ ...record, exchange: null, pair: null }] });
      expect(await logIds(client)).toEqual([500_002, 500_003]);
    });
  });

  it('deletes log records by age', async () => {
    await onDatabase(async (session) => {
      const { client } = session;
      for (let id = 1; id <= 5; id++) {
        await client.$executeRawUnsafe(
          `INSERT INTO log (id, timestamp, level, event, message)
           VALUES (${id}, ${id * DAY}, 'info', 'A', '')`,
        );
      }
      const retirement = new Retirement(session);
      while ((await retirement.logs(3 * DAY)).more);
      expect(await logIds(client)).toEqual([3, 4, 5]);
    });
  });
});
