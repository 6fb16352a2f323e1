import { copyFile, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { archivedDays } from '../../src/archive/keeper.js';
import { manifestFile } from '../../src/parquet/layout.js';
import { prepareDatabase } from '../../src/store/engine/sqlite/database.js';
import type { Market } from '../../src/market/market.js';
import { ArchivedBooks } from '../../src/store/archived-books.js';
import { ArchivedRows } from '../../src/store/archived-rows.js';
import { Reader } from '../../src/store/reader.js';
import { type StoredRow, textOf } from '../../src/store/rebuild.js';
import {
  GOPAX_BTC,
  Recorder,
  small,
  stored,
  temporaryFolder,
  UPBIT_BTC,
  UPBIT_ETH,
  withStore,
} from '../store/support.js';
import { exported } from './exported.js';
import { openSqlite } from './sqlite.js';
import { archiveAll, DAY, DAY_MS, recordDays } from './support.js';

const MARKETS = [UPBIT_BTC, UPBIT_ETH, GOPAX_BTC];

/** Answers to all kinds of questions about four days. */
async function answers(reader: Reader): Promise<Record<string, unknown>> {
  const all: Record<string, unknown> = {};
  // Before the first, at the end of each day, and between.
  const moments = Array.from({ length: 16 }, (_, i) => DAY - 1_000 + i * (DAY_MS / 4));
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
  all.strips = await reader.recordingStrips({ from: DAY + 500, to: DAY + 4 * DAY_MS, slots: 9 });
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
  const days = { from: DAY, to: DAY + 4 * DAY_MS };
  all.coverage = await reader.coverage({ market: UPBIT_BTC, ...days });
  all.later = await reader.coverage({ market: UPBIT_BTC, ...days, from: DAY + DAY_MS / 3 });
  const minutes = { market: UPBIT_BTC, ...days };
  const first = await reader.coverageMinutes({ ...minutes, limit: 3 });
  const after = first.items.at(-1)!.minute;
  all.minutes = [first, await reader.coverageMinutes({ ...minutes, after, limit: 3 })];
  all.reports = await Promise.all([0, 1, 2].map((day) => reader.dayReport(DAY + day * DAY_MS)));
  return all;
}

describe('reading across the database and the archive', () => {
  let folder: { path: string; remove: () => Promise<void> };
  let db: string;
  let archivePath: string;
  let restored: string;
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
    restored = join(folder.path, 'restored.db');
    await copyFile(db, restored);
    openSqlite(restored, (sqlite) => {
      // A backup of the second day's noon.
      const noon = BigInt(DAY + 1.5 * DAY_MS);
      sqlite.execute('DELETE FROM book WHERE timestamp >= ?', [noon]);
      sqlite.execute('DELETE FROM gap WHERE "end" >= ?', [noon]);
      sqlite.execute('DELETE FROM coverage WHERE minute >= ?', [noon]);
      sqlite.execute('UPDATE recording_span SET "end" = ?', [noon]);
    });
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
      sqlite.execute('DELETE FROM coverage WHERE minute < ?', [BigInt(DAY + 2 * DAY_MS)]);
    });
    expect(await read(db, answers)).toEqual(before);
  });

  it('gives the same answers out of the folder alone', async () => {
    const empty = join(folder.path, 'empty.db');
    await prepareDatabase(empty);
    const found = await read(empty, answers);
    expect(found).toEqual(before);
    const newest = await read(empty, (reader) => reader.dayReport());
    expect(newest?.date).toBe('2026-03-04');
    const markets = await read(empty, (reader) => reader.markets('UPBIT'));
    expect(markets).toMatchObject([UPBIT_BTC, UPBIT_ETH]);
  });

  it.each([
    [{ rows: 40_000, text: 1_500 }, 'text'],
    [{ rows: 5, text: 12_000_000 }, 'rows'],
  ])('walks over two exchanges holding at most %o', async (size) => {
    const books = new ArchivedBooks(archivePath, async () => Infinity, size);
    const whole = new ArchivedBooks(archivePath, async () => Infinity);
    const selection = { markets: MARKETS, low: 0, high: Number.MAX_SAFE_INTEGER };
    const walked = async (from: ArchivedBooks): Promise<StoredRow[][]> => {
      const pieces: StoredRow[][] = [];
      for (const range of await from.ranges(selection)) {
        const numberOf = (market: Market): number => MARKETS.findIndex((one) => one === market);
        for await (const rows of from.walk(selection, range, numberOf)) pieces.push(rows);
      }
      await from.close();
      return pieces;
    };
    const [pieces, all] = [await walked(books), await walked(whole)];
    expect(pieces.flat()).toEqual(all.flat());
    // A piece is as large as the one before it let expect: more where books have become deeper.
    for (const rows of pieces) {
      expect(rows.length).toBeLessThanOrEqual(size.rows);
      expect(textOf(rows)).toBeLessThanOrEqual(3 * size.text);
    }
    expect(Math.max(...all.map(textOf))).toBeGreaterThan(10_000);
  });

  it('reads less at a time when DuckDB has too little memory for it, and all of it', async () => {
    const empty = join(folder.path, 'small.db');
    await prepareDatabase(empty);
    const readRows = ArchivedRows.read.bind(ArchivedRows);
    for (const exchanges of [['UPBIT'], ['UPBIT', 'GOPAX']] as const) {
      const rows = (): Promise<string> =>
        read(empty, (reader) => exported(reader, { exchanges, format: 'ndjson', shape: 'rows' }));
      const expected = await rows();
      let failures = 0;
      const spy = jest.spyOn(ArchivedRows, 'read').mockImplementation((duck, from, numbers) => {
        const [, low, high] = /BETWEEN (\d+) AND (\d+)/.exec(from)!.map(Number);
        if (high! - low! < 20) return readRows(duck, from, numbers);
        failures++;
        throw new Error('Out of Memory Error: could not allocate block of size 256.0 KiB');
      });
      try {
        expect(await rows()).toBe(expected);
      } finally {
        spy.mockRestore();
      }
      expect(failures).toBeGreaterThan(0);
      expect(expected.split('\n').length).toBeGreaterThan(100);
    }
  });

  it('gives the same answers beside a backup that is older than the archive', async () => {
    // But for what was received minute by minute, which is told of the database and of before it.
    const minutes = { coverage: null, later: null, minutes: null };
    expect({ ...(await read(restored, answers)), ...minutes }).toEqual({ ...before, ...minutes });
  });

  it('goes on beside such a backup above all that the archive has, and uses no number twice', async () => {
    const archived = await archivedDays(archivePath);
    const last = Math.max(...archived.flatMap(({ ranges }) => ranges.map(([, high]) => high)));
    const time = DAY + 6 * DAY_MS;
    const options = { path: restored, archivePath, archived: async () => archived };
    await withStore(options, async (store) => {
      const recorder = new Recorder(store);
      for (let i = 0; i < 3; i++) {
        expect(recorder.put(UPBIT_BTC, time + i, small(i + 1)).sequence).toBeGreaterThan(last);
      }
      await stored(store);
    });
    await read(restored, async (reader) => {
      const all = { exchanges: ['UPBIT', 'GOPAX'], format: 'ndjson', shape: 'books' } as const;
      const lines = (await exported(reader, all)).split('\n').slice(0, -1);
      expect(lines.slice(0, -3).join('\n')).toBe((before.books as string).trimEnd());
      const sequences = lines.map((line) => (JSON.parse(line) as { sequence: number }).sequence);
      expect(sequences).toEqual([...new Set(sequences)].sort((a, b) => a - b));
      // No seam: neither an older book nor none where only the archive has it.
      const found = await Promise.all(
        [1.2, 1.8, 2.5].map((day) => reader.bookAt(UPBIT_BTC, DAY + day * DAY_MS)),
      );
      expect(found).toEqual(
        await read(db, (whole) =>
          Promise.all([1.2, 1.8, 2.5].map((day) => whole.bookAt(UPBIT_BTC, DAY + day * DAY_MS))),
        ),
      );
      const page = { market: UPBIT_BTC, from: DAY + 1.4 * DAY_MS, to: time + 9, limit: 200 };
      const books = await reader.bookPage({ ...page, last: true });
      const whole = await read(db, (other) => other.bookPage({ ...page, last: true }));
      expect(books.items.slice(0, -3)).toEqual(whole.items);
    });
  });

  /** What is said of the second day while it cannot be had. */
  const secondDayIsAGap = (path: string, detail: RegExp): Promise<void> =>
    read(path, async (reader) => {
      expect(await reader.bookAt(UPBIT_BTC, DAY + 1.5 * DAY_MS)).toBeNull();
      expect(await reader.bookAt(UPBIT_BTC, DAY + DAY_MS / 2)).not.toBeNull();
      expect(await reader.bookAt(UPBIT_BTC, DAY + 2.5 * DAY_MS)).not.toBeNull();
      const window = { from: DAY, to: DAY + 3 * DAY_MS };
      const { items } = await reader.gaps({ ...UPBIT_BTC, ...window, limit: 100 });
      expect(items.filter(({ value }) => value.cause === 'ARCHIVE_MISSING')).toEqual([
        {
          id: expect.any(Number),
          value: {
            market: UPBIT_BTC,
            start: DAY + DAY_MS,
            end: DAY + 2 * DAY_MS,
            cause: 'ARCHIVE_MISSING',
            detail: expect.stringMatching(detail),
            attempts: 0,
          },
        },
      ]);
      const after = items.at(-2)!.id;
      const page = await reader.gaps({ ...UPBIT_BTC, ...window, after, limit: 100 });
      expect(page.items).toEqual(items.slice(-1));
      expect((await reader.gapTotals({ ...UPBIT_BTC, ...window })).longestMs).toBe(DAY_MS);
      const totals = await reader.coverage({ market: UPBIT_BTC, ...window });
      expect(totals.coveredMs).toBeLessThan(2 * DAY_MS);
      expect(totals.coveredMs).toBeGreaterThan(1.99 * DAY_MS);
      const books = await exported(reader, {
        ...{ exchanges: ['UPBIT'], symbol: 'BTC', format: 'ndjson', shape: 'books' },
        ...window,
      });
      expect(books.trim().split('\n')).toHaveLength(40);
    });

  it('tells a damaged or vanished file of books like a gap, and gives no old book for its time', async () => {
    const empty = join(folder.path, 'empty.db');
    const file = join(archivePath, 'books/exchange=UPBIT/date=2026-03-02/part-0.parquet');
    const bytes = await readFile(file);
    await writeFile(file, Buffer.alloc(bytes.length, 'x'));
    await secondDayIsAGap(empty, /part-0.parquet is missing or damaged/);
    await rm(file);
    await secondDayIsAGap(empty, /part-0.parquet is missing or damaged/);
    await writeFile(file, bytes);
    expect(await read(empty, answers)).toEqual(before);
  });

  it('tells a day whose manifest is gone or damaged like a gap', async () => {
    const empty = join(folder.path, 'empty.db');
    const file = join(archivePath, manifestFile('2026-03-02'));
    await writeFile(file, '{');
    await secondDayIsAGap(empty, /manifest.json is not JSON/);
    await rm(file);
    await secondDayIsAGap(empty, /the archive has no 2026-03-02/);
  });

  it('goes on above the sequences and gaps of an archive that it finds', async () => {
    const path = join(folder.path, 'new.db');
    const archived = await archivedDays(archivePath);
    const last = Math.max(...archived.flatMap(({ ranges }) => ranges.map(([, high]) => high)));
    const time = DAY + 6 * DAY_MS;
    await withStore({ path, archivePath, archived: async () => archived }, async (store) => {
      const book = new Recorder(store).put(UPBIT_BTC, time, small(1));
      expect(book.sequence).toBeGreaterThan(last);
      store.putGap({
        ...{ market: UPBIT_BTC, start: time, end: time + 9, cause: 'STALE' },
        ...{ detail: null, attempts: 0 },
      });
      await stored(store);
    });
    await read(path, async (reader) => {
      const { items } = await reader.gaps({ ...UPBIT_BTC, limit: 100 });
      expect(items.map(({ value }) => value.start)).toContain(time);
      expect(items.map(({ value }) => value.start)).toContain(DAY + 1_000);
      const found = await exported(reader, {
        ...{ exchanges: ['UPBIT'], symbol: 'BTC', format: 'ndjson', shape: 'books' },
      });
      const sequences = found
        .trim()
        .split('\n')
        .map((line) => (JSON.parse(line) as { sequence: number }).sequence);
      expect(sequences).toEqual([...new Set(sequences)].sort((a, b) => a - b));
      expect(sequences.length).toBe(61);
    });
  });
});
