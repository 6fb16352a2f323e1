import { copyFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { BookScan } from '../../src/store/book-scan.js';
import { openEngine } from '../../src/store/engine/open.js';
import type { Session } from '../../src/store/engine/engine.js';
import { sql } from '../../src/store/engine/sql.js';
import { Recorder, small, stored, temporaryFolder, UPBIT_BTC, withStore } from './support.js';

const COUNT = 60;
let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let path: string;
let session: Session;

beforeEach(async () => {
  folder = await temporaryFolder();
  path = join(folder.path, 'books.db');
  await withStore({ path }, async (store) => {
    const recorder = new Recorder(store);
    for (let i = 0; i < COUNT; i++) {
      const exchangeTimestamp = i % 2 === 0 ? null : 990 + i;
      recorder.put(UPBIT_BTC, 1_000 + i, small(i + 1), { exchangeTimestamp });
    }
    await stored(store);
  });
  session = await (await openEngine(path)).openReader();
});
afterEach(async () => {
  await session.close();
  await folder.remove();
});

const plain = () =>
  session.rows(sql`SELECT sequence, market_id, timestamp, exchange_timestamp, base, asks, bids
                     FROM book ORDER BY sequence`);

async function scanned(limit: number, markets = [1], between?: () => Promise<void>) {
  const scan = new BookScan(session, markets, [{ low: 0, high: 1_000_000 }]);
  const found: unknown[] = [];
  for (let rows = await scan.next(limit); rows.length > 0; rows = await scan.next(limit)) {
    expect(rows.length).toBeLessThanOrEqual(limit);
    for (const row of rows) found.push(Object.values(row));
    if (found.length === limit) await between?.();
  }
  return found;
}

describe('rows that are read ahead', () => {
  it('are those of the plain statement, whichever way they are read', async () => {
    const rows = await plain();
    expect(rows).toHaveLength(COUNT);
    for (const limit of [1, 7, 20, 59, 60, 61]) expect(await scanned(limit)).toEqual(rows);
    const many = Array.from({ length: 20 }, (_, i) => i + 1);
    expect(await scanned(7, many)).toEqual(rows);
  });

  it('are those of the file that is open when another one takes its place', async () => {
    const rows = await plain();
    const other = join(folder.path, 'other.db');
    await copyFile(path, other);
    const writer = await (await openEngine(other)).openWriter({});
    await writer.client.$executeRaw`DELETE FROM book`;
    await writer.finish();
    expect(await scanned(7, [1], () => rename(other, path))).toEqual(rows);
  });

  it('come with levels that were written otherwise than by us', async () => {
    const lines = '[["1",\n"2"]]';
    const writer = await (await openEngine(path)).openWriter({});
    await writer.client.$executeRaw`UPDATE book SET asks = ${lines} WHERE sequence % 3 = 0`;
    await writer.finish();
    const rows = await plain();
    expect(rows.filter((row) => row[5] === lines)).toHaveLength(COUNT / 3);
    expect(await scanned(20)).toEqual(rows);
  });
});
