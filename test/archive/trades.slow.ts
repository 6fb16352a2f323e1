import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { compareAllTrades, type Trade } from '../../src/market/trade.js';
import { rowsOfDay } from '../../src/parquet/manifest.js';
import { temporaryFolder, UPBIT_BTC, UPBIT_ETH, withStore } from '../store/support.js';
import { exportedTrade, T0, trade } from '../store/trade-support.js';
import { exportHere } from '../store/exports.js';
import { openSqlite } from './sqlite.js';
import { archiveAll, check, DAY, DAY_MS, LATER, recordDays } from './support.js';
import { moved, put, recordTrades, retireArchived } from './trade-days.js';

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let db: string;
let archive: string;
beforeEach(async () => {
  folder = await temporaryFolder();
  db = join(folder.path, 'books.db');
  archive = join(folder.path, 'archive');
});
afterEach(() => folder.remove());

const record = (): Promise<Trade[]> => recordTrades(db);
const retire = (): Promise<void> => retireArchived(db, archive);

/** Trades that the database has itself. */
const inDatabase = (): number =>
  openSqlite(db, (sqlite) => Number(sqlite.query('SELECT count(*) FROM trade').rows[0]![0]));

/** What is exported out of the database and the archive. */
async function exported(...args: string[]): Promise<unknown[]> {
  const flags = [...args, '--shape', 'trades', '--format', 'ndjson'];
  const { out } = await exportHere(flags, { DB_PATH: db, ARCHIVE_PATH: archive });
  const lines = out.trimEnd().split('\n');
  return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as unknown);
}

const records = (trades: readonly Trade[]): unknown[] => trades.map(exportedTrade);

/** All trades of a market over pages. */
async function paged(limit: number): Promise<Trade[]> {
  const found: Trade[] = [];
  await withStore({ path: db, archivePath: archive }, async ({ reader }) => {
    for (let after: { time: number; sequence: number } | undefined; ;) {
      const page = await reader.trades({ market: UPBIT_BTC, after, limit });
      found.push(...page.items);
      if (!page.more) return;
      const last = page.items.at(-1)!;
      after = { time: last.exchangeTimestamp, sequence: last.sequence };
    }
  });
  return found;
}

describe('archived trades', () => {
  it('are verified, and come back the same once the database has deleted them', async () => {
    const trades = await record();
    const manifests = await archiveAll(archive, db);
    expect(manifests.map((day) => rowsOfDay(day, 'trades'))).toEqual([690, 690, 697]);
    expect(await check(archive, db)).toMatchObject([
      { trades: 690, database: 'equal', problems: [] },
      { trades: 690, database: 'equal', problems: [] },
      { trades: 697, database: 'equal', problems: [] },
    ]);
    const before = await exported('all');
    expect(before).toEqual(records(trades));
    await retire();
    expect(inDatabase()).toBe(0);
    expect(await exported('all')).toEqual(before);
    const [from, to] = [DAY + 3, DAY + DAY_MS + 90_000];
    expect(await exported('UPBIT', '--from', String(from), '--to', String(to))).toEqual(
      records(
        trades.filter(
          ({ market, exchangeTimestamp: time }) =>
            market.exchange === 'UPBIT' && time >= from && time < to,
        ),
      ),
    );
    const own = trades.filter(({ market }) => market === UPBIT_BTC);
    expect(await paged(250)).toEqual(own);
    expect(await paged(10_000)).toEqual(own);
    // Some of them are in both.
    await withStore({ path: db, archivePath: archive }, async (store) => {
      await put(store, own.slice(100, 300));
      expect(await store.unknownTrades(UPBIT_BTC, own.slice(0, 50))).toEqual([]);
      expect(await store.newestTrade(UPBIT_BTC)).not.toBeNull();
    });
    expect(await paged(250)).toEqual(own);
    expect(await exported('all')).toEqual(before);
  }, 60_000);

  it('stay in the database until they are archived, and what comes to an archived day is archived, too', async () => {
    const trades = await record();
    await archiveAll(archive, db);
    // Received on the first day by a clock that was set back, and one of a day that goes on.
    const late: Trade[] = [];
    await withStore({ path: db }, async (store) => {
      const sequence = store.sequences.next();
      late.push(moved(trade({ sequence, exchangeTimestamp: T0, tradeId: 'late' }), DAY + 9_000));
      const open = store.sequences.next();
      late.push(moved(trade({ sequence: open, exchangeTimestamp: T0 }), LATER));
      await put(store, late);
    });
    await retire();
    expect(inDatabase()).toBe(2);
    const [again, ...others] = await archiveAll(archive, db);
    expect(others).toEqual([]);
    expect([again!.date, rowsOfDay(again!, 'trades')]).toEqual(['2026-03-01', 691]);
    expect(again!.files.filter(({ table }) => table === 'trades').map(({ path }) => path)).toEqual([
      'trades/exchange=GOPAX/date=2026-03-01/part-0.parquet',
      'trades/exchange=UPBIT/date=2026-03-01/part-0.parquet',
      'trades/exchange=UPBIT/date=2026-03-01/part-1.parquet',
    ]);
    expect((await check(archive, db)).flatMap(({ problems }) => problems)).toEqual([]);
    await retire();
    expect(await exported('all')).toEqual(records([...trades, ...late].sort(compareAllTrades)));
    expect(await archiveAll(archive, db)).toEqual([]);
  });

  it('that cannot be held exactly keep their day in the database, and the reason names them', async () => {
    await recordDays(db, 1);
    await withStore({ path: db }, async (store) => {
      const fine = trade({ sequence: store.sequences.next(), exchangeTimestamp: T0 });
      const volume = '0.0000000000000000001';
      await put(store, [moved({ ...fine, volume }, DAY)]);
    });
    await expect(archiveAll(archive, db)).rejects.toThrow(
      /2026-03-01 is not archived: UPBIT:BTC-KRW has 0\.0000000000000000001 at sequence \d+/,
    );
    await retire();
    expect(inDatabase()).toBe(1);
  });

  it('of a file that is gone or damaged are a gap', async () => {
    await record();
    const [first, second] = await archiveAll(archive, db);
    await retire();
    const file = (day: typeof first): string =>
      join(
        archive,
        day!.files.find(({ table, exchange }) => table === 'trades' && exchange === 'UPBIT')!.path,
      );
    await rm(file(first));
    await writeFile(file(second), 'nothing');
    await withStore({ path: db, archivePath: archive }, async ({ reader }) => {
      const { items } = await reader.gaps({ exchange: 'UPBIT', symbol: 'ETH', limit: 100 });
      const missing = items.filter(({ value }) => value.cause === 'ARCHIVE_MISSING');
      expect(missing.map(({ value }) => [value.start, value.detail])).toEqual([
        [DAY, expect.stringMatching(/trades.*is missing or damaged/)],
        [DAY + DAY_MS, expect.stringMatching(/trades.*is missing or damaged/)],
      ]);
      const { items: left } = await reader.trades({ market: UPBIT_ETH, limit: 1_000 });
      expect(left).toHaveLength(231);
    });
    const problems = (await check(archive, db)).flatMap((day) => day.problems);
    expect(problems).toHaveLength(2);
  });
});
