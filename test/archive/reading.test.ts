import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { manifestFile } from '../../src/parquet/layout.js';
import { prepareDatabase } from '../../src/store/database.js';
import { Reader } from '../../src/store/reader.js';
import type { ExportOptions } from '../../src/store/store-types.js';
import { GOPAX_BTC, temporaryFolder, UPBIT_BTC, UPBIT_ETH } from '../store/support.js';
import { openSqlite } from './sqlite.js';
import { archiveAll, DAY, DAY_MS, recordDays } from './support.js';

const MARKETS = [UPBIT_BTC, UPBIT_ETH, GOPAX_BTC];

async function exported(reader: Reader, options: ExportOptions): Promise<string> {
  const { id } = await reader.exportBegin(options);
  let text = '';
  for (
    let chunk = await reader.exportNext(id);
    chunk !== null;
    chunk = await reader.exportNext(id)
  ) {
    text += chunk.text;
  }
  return text;
}

/** Answers to all kinds of questions about four days. */
async function answers(reader: Reader): Promise<Record<string, unknown>> {
  const all: Record<string, unknown> = {};
  const moments = Array.from({ length: 40 }, (_, i) => DAY - 1_000 + i * (DAY_MS / 10));
  for (const market of MARKETS) {
    const { exchange, symbol } = market;
    all[`books at ${exchange}:${symbol}`] = await Promise.all(
      moments.map((at) => reader.bookAt(market, at)),
    );
    all[`prices ${exchange}:${symbol}`] = await reader.bestPrices(market, moments);
    all[`newest ${exchange}:${symbol}`] = await reader.newestBook(market);
    const window = { market, from: DAY + 3_600_000, to: DAY + 2.5 * DAY_MS, limit: 15 };
    all[`first ${exchange}:${symbol}`] = await reader.bookPage({ ...window, last: false });
    all[`last ${exchange}:${symbol}`] = await reader.bookPage({ ...window, last: true });
  }
  const both = { exchanges: ['UPBIT', 'GOPAX'] as const, format: 'ndjson' as const };
  all.rows = await exported(reader, { ...both, shape: 'rows' });
  all.books = await exported(reader, { ...both, shape: 'books' });
  const part = { from: DAY + DAY_MS / 2, to: DAY + 1.7 * DAY_MS };
  all.part = await exported(reader, { ...both, ...part, symbol: 'BTC', shape: 'books' });
  all.gaps = await exported(reader, { ...both, shape: 'gaps' });
  all.totals = await reader.gapTotals({ exchange: 'UPBIT' });
  for (const patterns of [
    [{ exchange: null, symbol: null, currency: null }],
    [{ exchange: 'UPBIT' as const, symbol: 'ETH', currency: null }],
  ]) {
    const replayed = [];
    for (let after = 17; ;) {
      const page = await reader.books({ patterns, after, since: 17, limit: 13 });
      replayed.push(...page.items);
      after = page.reached;
      if (!page.more) break;
    }
    all[`replay ${patterns[0]!.symbol}`] = replayed;
  }
  all.page = await reader.rows({ exchange: 'UPBIT', limit: 50 });
  return all;
}

describe('reading across the database and the archive', () => {
  let folder: { path: string; remove: () => Promise<void> };
  let db: string;
  let archivePath: string;
  let before: Record<string, unknown>;

  beforeAll(async () => {
    folder = await temporaryFolder();
    db = join(folder.path, 'books.db');
    archivePath = join(folder.path, 'archive');
    await recordDays(db, 4);
    const reader = new Reader({ path: db });
    before = await answers(reader);
    await reader.close();
    await archiveAll(archivePath, db);
  });
  afterAll(() => folder.remove());

  const read = async <T>(path: string, work: (reader: Reader) => Promise<T>): Promise<T> => {
    const reader = new Reader({ path, archivePath });
    try {
      return await work(reader);
    } finally {
      await reader.close();
    }
  };

  it('gives the same answers while both have everything', async () => {
    expect(await read(db, answers)).toEqual(before);
  });

  it('gives the same answers when the database has lost days, market by market', async () => {
    openSqlite(db, (sqlite) => {
      // As retention does it: of each market all before a whole book.
      sqlite.execute(
        `DELETE FROM book WHERE sequence < (SELECT min(b.sequence) FROM book b
          WHERE b.market_id = book.market_id AND b.base = b.sequence AND b.timestamp >= ?)`,
        [BigInt(DAY + 2 * DAY_MS)],
      );
      sqlite.execute('DELETE FROM gap WHERE "end" < ?', [BigInt(DAY + 2 * DAY_MS)]);
    });
    expect(await read(db, answers)).toEqual(before);
  });

  it('gives the same answers out of the folder alone', async () => {
    const empty = join(folder.path, 'empty.db');
    await prepareDatabase(empty);
    const found = await read(empty, answers);
    expect(found).toEqual(before);
    const markets = await read(empty, (reader) => reader.markets('UPBIT'));
    expect(markets).toMatchObject([UPBIT_BTC, UPBIT_ETH]);
  });

  it('gives no old book for a time in a day that is missing', async () => {
    const empty = join(folder.path, 'empty.db');
    await rm(join(archivePath, manifestFile('2026-03-02')));
    await read(empty, async (reader) => {
      expect(await reader.bookAt(UPBIT_BTC, DAY + 1.5 * DAY_MS)).toBeNull();
      expect(await reader.bookAt(UPBIT_BTC, DAY + DAY_MS / 2)).not.toBeNull();
      expect(await reader.bookAt(UPBIT_BTC, DAY + 2.5 * DAY_MS)).not.toBeNull();
    });
  });
});
