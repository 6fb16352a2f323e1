import { describe, expect, it } from '@jest/globals';
import { join } from 'node:path';
import type { BookEvent } from '../../src/bus.js';
import type { Level } from '../../src/market/order-book.js';
import { openClient } from '../../src/store/connection.js';
import { Retirement } from '../../src/store/retire.js';
import { stored, temporaryFolder, UPBIT_BTC, UPBIT_ETH, until, withStore } from './support.js';

const DAY = 86_400_000;

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

describe('retention', () => {
  it('deletes old books but not what kept changes stand on, and every kept book is still exact', async () => {
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
      const client = await openClient(path);
      const retirement = new Retirement(client);
      let deleted = 0;
      for (let cursor: number | null = 0; cursor !== null;) {
        const step: { deleted: number; cursor: number | null } = await retirement.step(
          Date.now() - 5.5 * DAY,
          cursor,
        );
        deleted += step.deleted;
        cursor = step.cursor;
      }
      await client.$disconnect();
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
  });

  it('runs by itself and says how many went; the newest book of a quiet market stays', async () => {
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
        store.onRetired((books) => (retired += books));
        await until(() => retired === 3);
        expect((await store.reader.newestBook(UPBIT_BTC))!.asks).toEqual([['103', '1']]);
      });
    } finally {
      await folder.remove();
    }
  });
});
