import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { basename, dirname, join } from 'node:path';
import type { Gap } from '../../src/market/gap.js';
import { openConnection } from '../../src/store/engine/sqlite/connection.js';
import { openStore } from '../../src/store/store.js';
import type { Store } from '../../src/store/store-types.js';
import { forkBuilt } from '../helpers/fork-built.js';
import { ENGINE, itOnSqlite, newDatabase, type TestDatabase } from './engines.js';
import {
  big,
  exported,
  exportOf,
  GOPAX_BTC,
  openClient,
  Recorder,
  small,
  stored,
  until,
  UPBIT_BTC,
  withStore,
} from './support.js';

let database: TestDatabase;
let path: string;

beforeEach(async () => {
  database = await newDatabase();
  path = database.path;
});
afterEach(() => database.remove());

describe('sequences and state over runs', () => {
  it('go on without a hole after a clean end', async () => {
    const given: number[] = [];
    for (let run = 0; run < 3; run++) {
      await withStore({ path }, async (store) => {
        expect(store.previousRunClosed).toBe(run > 0);
        expect(store.previousHeartbeat === null).toBe(run === 0);
        for (let i = 0; i < 3; i++) given.push(store.sequences.next());
      });
    }
    expect(given).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  it('vouch for nothing after recording has ended, however long the end takes', async () => {
    let now = 1_700_000_000_000;
    await withStore({ path, now: () => now }, async (store) => {
      store.vouchUntil(now);
      now += 60_000;
    });
    await withStore({ path }, async (store) => {
      expect(store.previousRunClosed).toBe(true);
      expect(store.previousHeartbeat).toBe(1_700_000_000_000);
    });
  });

  it('never come twice after a kill -9; what was reported stored is there', async () => {
    const child = forkBuilt(new URL('./crash-child.ts', import.meta.url), [path]);
    const [message] = (await once(child, 'message')) as [{ last: number; stored: number }];
    const second = openStore({ path });
    await expect(second).rejects.toThrow('another process is already recording');
    child.kill('SIGKILL');
    await once(child, 'exit');
    await withStore({ path }, async (store) => {
      expect(store.previousRunClosed).toBe(false);
      expect(Date.now() - store.previousHeartbeat!).toBeLessThan(30_000);
      expect(store.openGaps).toEqual([
        {
          market: GOPAX_BTC,
          start: 5,
          end: null,
          cause: 'DISCONNECTED',
          detail: '1006',
          attempts: 2,
        },
      ]);
      expect((await store.reader.markets('UPBIT'))[0]?.recording).toBe(true);
      const first = store.sequences.next();
      expect(first).toBeGreaterThan(message.last);
      const books = await exportOf(store.reader, { exchange: 'UPBIT', shape: 'books' });
      expect(books.length).toBeGreaterThanOrEqual(message.stored);
      const recorder = new Recorder(store);
      recorder.put(UPBIT_BTC, Date.now(), small(77), { sequence: first });
      await stored(store);
      const after = await exportOf(store.reader, { exchange: 'UPBIT', shape: 'books' });
      expect(after).toEqual([...books, ...recorder.books.map(exported)]);
    });
  });

  it('end what a lost run was recording and nobody took up again where that run ended', async () => {
    const begun = Date.now();
    await withStore({ path }, async (store) => store.setRecording(UPBIT_BTC, true));
    const spans = async () => {
      const session = await database.session();
      const rows = await session.client.recordingSpan.findMany();
      await session.close();
      return rows.map(({ start, end }) => [Number(start), end === null ? null : Number(end)]);
    };
    const [[start]] = (await spans()) as [[number, null]];
    expect(start).toBeGreaterThanOrEqual(begun);
    await withStore({ path }, async (store) => {
      store.setRecording(UPBIT_BTC, false);
      const heartbeat = store.previousHeartbeat!;
      await until(async () => (await spans())[0]![1] !== null);
      expect(await spans()).toEqual([[start, heartbeat]]);
    });
  });

  it('survive beyond 32 bits', async () => {
    await withStore({ path }, async (store) => {
      const recorder = new Recorder(store);
      for (const sequence of [2 ** 31 - 1, 2 ** 31, 2 ** 32 + 1, 2 ** 40, 2 ** 52]) {
        recorder.put(UPBIT_BTC, sequence, small(sequence % 97), { sequence });
      }
      await stored(store);
      const found = await exportOf(store.reader, { exchange: 'UPBIT', shape: 'books' });
      expect(found).toEqual(recorder.books.map(exported));
      expect(await store.reader.bookAt(UPBIT_BTC, 2 ** 40)).toEqual(recorder.books[3]);
    });
    await withStore({ path }, async (store) => {
      expect(store.sequences.next()).toBe(2 ** 52 + 1);
    });
  });
});

describe('one writer', () => {
  itOnSqlite('is all there may be, by whatever name the file is called', async () => {
    await withStore({ path }, async () => {
      const other = join(dirname(path), '..', basename(dirname(path)), 'orderbook.db');
      await expect(openStore({ path: other })).rejects.toThrow(
        /another process is already recording into .*; stop it/,
      );
    });
    await withStore({ path }, async (store) => {
      expect(store.stats().failure).toBeNull();
    });
  });
});

describe('a disk that fails', () => {
  itOnSqlite(
    'delays books, then drops them into a gap; what was kept is all there afterwards',
    async () => {
      const failures: (string | null)[] = [];
      const gaps: Gap[] = [];
      const options = { path, maxPages: 60, maxQueuedBooks: 40, retryMs: 10, maxRetryMs: 20 };
      const store = await openStore({
        ...options,
        snapshotEveryMs: 0,
        flushMs: 5,
        heartbeatMs: 50,
      });
      store.onFailure((failure) => failures.push(failure));
      store.onGap((gap) => gaps.push(gap));
      const recorder = new Recorder(store);
      let n = 0;
      const put = (): void => void recorder.put(UPBIT_BTC, 1_000 + n, big(n++));
      await until(() => {
        put();
        return store.stats().failure !== null;
      });
      expect(store.stats().failure).toMatch(/disk is full.*SQLITE_FULL/);
      while (store.stats().droppedBooks < 5) put();
      expect(store.stats().queuedBooks).toBe(40);
      expect(gaps).toHaveLength(1);
      expect(gaps[0]).toMatchObject({ market: UPBIT_BTC, end: null, cause: 'STORE_FAILED' });
      const kept = recorder.books.slice(0, -5);
      expect(gaps[0]!.start).toBe(kept.at(-1)!.timestamp);

      // Room again: deleted books leave free pages within the limit.
      await makeRoom(path);
      await until(() => store.stats().queuedBooks === 0 && store.stats().failure === null);
      expect(failures).toEqual([expect.stringContaining('disk is full'), null]);
      put();
      expect(gaps[1]).toEqual({ ...gaps[0], end: recorder.books.at(-1)!.timestamp });
      await stored(store);
      await until(async () => (await store.reader.gaps({ limit: 9 })).items.length === 1);
      expect((await store.reader.gaps({ limit: 9 })).items[0]!.value).toEqual(gaps[1]);
      const books = await exportOf(store.reader, { exchange: 'UPBIT', shape: 'books' });
      const wanted = [...kept, recorder.books.at(-1)!].map(exported);
      // The oldest were deleted to make room.
      expect(books.length).toBeGreaterThan(40);
      expect(books).toEqual(wanted.slice(-books.length));
      await store.close();
    },
  );

  itOnSqlite('does not hold up the end of the program longer than it is given', async () => {
    const store = await openStore({ path, maxPages: 1, flushMs: 5, retryMs: 5, maxRetryMs: 10 });
    const recorder = new Recorder(store);
    for (let i = 0; i < 50; i++) recorder.put(UPBIT_BTC, i, big(i));
    await until(() => store.stats().failure !== null);
    const started = Date.now();
    await expect(store.close(300)).rejects.toThrow(/did not close cleanly: .*disk is full/);
    expect(Date.now() - started).toBeLessThan(5_000);
    // The run after it knows that this one did not end in order.
    await withStore({ path }, async (next) => {
      expect(next.previousRunClosed).toBe(false);
      expect(next.sequences.next()).toBeGreaterThan(recorder.books.at(-1)!.sequence);
    });
  });
});

describe('more books than the disk takes', () => {
  it('drops books of all markets into gaps and resumes with whole ones', async () => {
    await withStore({ path, maxQueuedBooks: 20, flushMs: 20 }, async (store) => {
      const gaps: Gap[] = [];
      store.onGap((gap) => gaps.push(gap));
      const overflows: (number | null)[] = [];
      store.onOverflow((leftOut) => overflows.push(leftOut));
      const recorder = new Recorder(store);
      for (let i = 0; i < 60; i++) {
        recorder.put(i % 2 === 0 ? UPBIT_BTC : GOPAX_BTC, 1_000 + i, small(i));
      }
      expect(store.stats().droppedBooks).toBe(40);
      expect(gaps.map((gap) => [gap.start, gap.cause])).toEqual([
        [1_018, 'QUEUE_OVERFLOW'],
        [1_019, 'QUEUE_OVERFLOW'],
      ]);
      await stored(store);
      expect(overflows).toEqual([null]);
      const last = recorder.put(UPBIT_BTC, 2_000, small(3));
      expect(overflows).toEqual([null, 40]);
      await stored(store);
      expect(gaps[2]).toMatchObject({ market: UPBIT_BTC, start: 1_018, end: 2_000 });
      expect(await store.reader.newestBook(UPBIT_BTC)).toEqual(last);
      const kept = recorder.books.filter((book, i) => i < 20 || book === last);
      const books = await exportOf(store.reader, { exchange: 'UPBIT', shape: 'books' });
      expect(books).toEqual(kept.filter((b) => b.market === UPBIT_BTC).map(exported));
    });
  });
});

describe('readers', () => {
  it('do not wait for the writer, nor it for them', async () => {
    await withStore({ path }, async (store) => {
      const recorder = new Recorder(store);
      for (let i = 0; i < 3_000; i++)
        recorder.put(UPBIT_BTC, 1_000 + i, big(i), { afterGap: true });
      await stored(store);
      const text = store.reader.exportText({
        exchanges: ['UPBIT'],
        shape: 'rows',
        format: 'ndjson',
      });
      const chunks = text[Symbol.asyncIterator]();
      const first = await chunks.next();
      expect(first.done).toBe(false);
      // The export stands open; books come in and questions are answered meanwhile.
      recorder.put(UPBIT_BTC, 9_000, small(1));
      await stored(store);
      expect((await store.reader.newestBook(UPBIT_BTC))?.timestamp).toBe(9_000);
      if (ENGINE === 'SQLite') expect(await walPages(path)).toBe(0);
      let rest = '';
      for (let chunk = await chunks.next(); chunk.done !== true; chunk = await chunks.next()) {
        rest += chunk.value;
      }
      // Its end was fixed at its begin.
      expect(JSON.parse(rest.trim().split('\n').at(-1)!)).toMatchObject({ timestamp: 3_999 });
    });
  });

  it('end an export that is broken off', async () => {
    await withStore({ path }, async (store: Store) => {
      const recorder = new Recorder(store);
      for (let i = 0; i < 3_000; i++) recorder.put(UPBIT_BTC, i, big(i), { afterGap: true });
      await stored(store);
      const options = { exchanges: ['UPBIT'], shape: 'books', format: 'json' } as const;
      for await (const chunk of store.reader.exportText(options)) {
        expect(chunk.startsWith('[\n{"exchange":"UPBIT"')).toBe(true);
        break;
      }
      expect(await store.reader.newestBook(UPBIT_BTC)).not.toBeNull();
    });
  });
});

/** Deletes the oldest books, as retention would. */
async function makeRoom(file: string): Promise<void> {
  const client = await openClient(file, { busyTimeoutMs: 10_000 });
  await client.$executeRaw`DELETE FROM book WHERE sequence IN (SELECT sequence FROM book ORDER BY sequence LIMIT (SELECT count(*) - 1 FROM book))`;
  await client.$disconnect();
}

/** Pages of the log that a checkpoint could not move because a reader held them. */
async function walPages(file: string): Promise<number> {
  const connection = await openConnection(file);
  try {
    const sql = 'PRAGMA wal_checkpoint(PASSIVE)';
    const { rows } = await connection.queryRaw({ sql, args: [], argTypes: [] });
    const [, log, moved] = rows[0] as [number, number, number];
    return Number(log) - Number(moved);
  } finally {
    await connection.dispose();
  }
}
