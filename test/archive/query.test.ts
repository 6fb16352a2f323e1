import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { openDuck, rowsOf } from '../../src/parquet/duckdb.js';
import { Reader } from '../../src/store/reader.js';
import { temporaryFolder, UPBIT_BTC } from '../store/support.js';
import { archiveAll, DAY, DAY_MS, recordDays } from './support.js';

it('gives a book at a time by the query of docs/archive.md', async () => {
  const folder = await temporaryFolder();
  try {
    const path = join(folder.path, 'books.db');
    const archive = join(folder.path, 'archive');
    await recordDays(path, 2);
    await archiveAll(archive, path);
    const page = await readFile(new URL('../../docs/archive.md', import.meta.url), 'utf8');
    const query = /```sql\n(WITH rows AS[^]*?)```/.exec(page)![1]!;
    const sql = query
      .replaceAll('2026-11-24', '2026-03-01')
      .replaceAll('2026-11-25', '2026-03-02')
      .replaceAll("'archive/", `'${archive}/`);
    const duck = await openDuck({ memoryMb: 100, temporary: null });
    const rows = await rowsOf(duck.connection, sql);
    duck.close();
    const reader = new Reader({ path });
    const book = (await reader.bookAt(UPBIT_BTC, DAY + 1.5 * DAY_MS))!;
    await reader.close();
    const plain = (value: unknown): string => String(value).replace(/\.?0+$/, '');
    const side = (name: string) =>
      rows.filter(([s]) => s === name).map(([, price, volume]) => [plain(price), plain(volume)]);
    const trimmed = (levels: readonly (readonly string[])[]) =>
      levels.map(([price, volume]) => [plain(price), plain(volume)]);
    expect(book.asks.length).toBeGreaterThan(0);
    expect(side('ask')).toEqual(trimmed(book.asks));
    expect(side('bid')).toEqual(trimmed(book.bids));
  } finally {
    await folder.remove();
  }
});

it('counts the books of a day by the statement of docs/archive.md for object storage', async () => {
  const folder = await temporaryFolder();
  try {
    const path = join(folder.path, 'books.db');
    const archive = join(folder.path, 'archive');
    await recordDays(path, 2);
    const [, manifest] = await archiveAll(archive, path);
    const page = await readFile(new URL('../../docs/archive.md', import.meta.url), 'utf8');
    const query = /-- DuckDB\n[^]*?(SELECT count[^;]*;)/.exec(page)![1]!;
    const sql = query
      .replace('s3://orderbooks/', `${archive}/`)
      .replace('2026-11-25', '2026-03-02');
    const duck = await openDuck({ memoryMb: 100, temporary: null });
    const rows = await rowsOf(duck.connection, sql);
    duck.close();
    const books = manifest!.files.find(
      (file) => file.table === 'books' && file.exchange === 'UPBIT',
    );
    expect(manifest!.date).toBe('2026-03-02');
    expect(rows).toEqual([[BigInt(books!.rows)]]);
  } finally {
    await folder.remove();
  }
});
