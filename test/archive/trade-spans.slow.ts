import { join } from 'node:path';
import { readFile, rm } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { addDecimal } from '../../src/market/decimal.js';
import type { Market } from '../../src/market/market.js';
import type { Trade } from '../../src/market/trade.js';
import type { TradePiece } from '../../src/market/trade-span.js';
import { openDuck, rowsOf } from '../../src/parquet/duckdb.js';
import type { SeriesPoint, StoreReader } from '../../src/store/reader-types.js';
import type { Store } from '../../src/store/store-types.js';
import {
  GOPAX_BTC,
  stored,
  temporaryFolder,
  UPBIT_BTC,
  UPBIT_ETH,
  withStore,
} from '../store/support.js';
import { exportHere, type ExportRun } from '../store/exports.js';
import { openSqlite } from './sqlite.js';
import { archiveAll, check, DAY, DAY_MS } from './support.js';
import { recordTrades, retireArchived } from './trade-days.js';

const HOUR = 3_600_000;

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let db: string;
let archive: string;
let trades: Trade[];
beforeEach(async () => {
  folder = await temporaryFolder();
  db = join(folder.path, 'books.db');
  archive = join(folder.path, 'archive');
  trades = await recordTrades(db);
});
afterEach(() => folder.remove());

const piece = (start: number, end: number, part: Partial<TradePiece> = {}): TradePiece => ({
  ...{ start, end, completeness: 'VERIFIED_BY_REST', cause: null, detail: null, checked: true },
  ...part,
});
const GAP = { completeness: 'GAP', cause: 'DISCONNECTED', detail: 'it was "away"' } as const;
/** Over the first midnight, in the whole second day, and beyond what is archived. */
const PIECES = [
  piece(DAY, DAY + 20 * HOUR),
  piece(DAY + 20 * HOUR, DAY + 26 * HOUR, GAP),
  piece(DAY + 26 * HOUR, DAY + 2 * DAY_MS, { completeness: 'VERIFIED_BY_VOLUME' }),
  piece(DAY + 2 * DAY_MS, DAY + 2 * DAY_MS + HOUR, { completeness: 'UNPROVEN', checked: false }),
];

/** Stores what is known of a market's trades. */
async function tell(market: Market, pieces: readonly TradePiece[]): Promise<void> {
  await withStore({ path: db }, async (store: Store) => {
    for (const own of pieces) store.putTradeSpan({ market, ...own });
    await stored(store);
  });
}

/** Asks with the archive beside the database. */
const asked = <T>(work: (reader: StoreReader) => Promise<T>): Promise<T> =>
  withStore({ path: db, archivePath: archive }, ({ reader }) => work(reader));

const spansOf = async (reader: StoreReader, market: Market): Promise<TradePiece[]> =>
  (await reader.tradeSpans({ market, limit: 100 })).items;

/** Removes all that the database has of trades, as if it were new. */
const forget = (): void =>
  openSqlite(db, (sqlite) => {
    for (const table of ['trade_span', 'trade_block', 'trade_recent'])
      sqlite.execute(`DELETE FROM ${table}`, []);
  });

const run = (...args: string[]): Promise<ExportRun> =>
  exportHere(args, { DB_PATH: db, ARCHIVE_PATH: archive });
const objects = (text: string): Record<string, unknown>[] =>
  text.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line) as never]));

describe('what is known of trades', () => {
  it('is archived with the days, and told out of the archive alone', async () => {
    await tell(UPBIT_BTC, PIECES);
    await tell(GOPAX_BTC, [piece(DAY, DAY + DAY_MS)]);
    const answers = (): Promise<unknown> =>
      asked(async (reader) => ({
        spans: await spansOf(reader, UPBIT_BTC),
        gaps: await reader.tradeSpans({ market: UPBIT_BTC, completeness: 'GAP', limit: 5 }),
        paged: await reader.tradeSpans({ market: UPBIT_BTC, after: DAY, limit: 1 }),
        none: await spansOf(reader, UPBIT_ETH),
        day: await reader.tradeCoverage({ market: UPBIT_BTC, from: DAY, to: DAY + DAY_MS }),
        all: await reader.tradeCoverage({ market: UPBIT_BTC }),
        totals: await reader.tradeTotals({ exchanges: ['UPBIT', 'GOPAX'] }),
      }));
    const before = await answers();
    expect(before).toMatchObject({
      spans: PIECES,
      paged: { items: [PIECES[1]], more: true },
      day: { VERIFIED_BY_REST: 20 * HOUR, GAP: 4 * HOUR },
      totals: { gaps: { count: 1, longestMs: 6 * HOUR } },
    });
    const manifests = await archiveAll(archive, db);
    expect(
      manifests.map(({ files }) => files.flatMap((f) => (f.table === 'trade_spans' ? f.rows : []))),
    ).toEqual([[1, 2], [2], [1]]);
    expect((await check(archive, db)).flatMap(({ problems }) => problems)).toEqual([]);
    expect(await answers()).toEqual(before);
    const exported = await run(
      'UPBIT',
      '--symbol',
      'BTC',
      '--shape',
      'trades',
      '--format',
      'ndjson',
    );
    const known = objects(exported.out).map((row) => [
      row['exchangeTimestamp'],
      row['completeness'],
    ]);
    expect(known).toEqual(
      trades
        .filter(({ market }) => market === UPBIT_BTC)
        .map(({ exchangeTimestamp: time }) => [
          time,
          PIECES.find(({ start, end }) => start <= time && time < end)?.completeness ?? 'UNPROVEN',
        ]),
    );
    expect(exported.err).toContain(
      `note: completeness of the trades, ms: UNPROVEN=${HOUR}, VERIFIED_BY_REST=${20 * HOUR}, VERIFIED_BY_VOLUME=${22 * HOUR}, GAP=${6 * HOUR}\n`,
    );
    await retireArchived(db, archive);
    forget();
    expect(await answers()).toEqual(before);
    expect(
      await run('UPBIT', '--symbol', 'BTC', '--shape', 'trades', '--format', 'ndjson'),
    ).toEqual({
      ...exported,
      err: expect.stringContaining(`GAP=${6 * HOUR}\n`),
    });
    const strict = await run('UPBIT', '--shape', 'trades', '--format', 'csv', '--strict');
    expect(strict.code).toBe(3);
    expect(strict.err).toMatch(/1 gap overlaps this window.*--shape gaps --of trades lists them/);
    const listed = await run('UPBIT', '--shape', 'gaps', '--of', 'trades', '--format', 'ndjson');
    expect(objects(listed.out)).toEqual([
      {
        ...{ exchange: 'UPBIT', symbol: 'BTC', currency: 'KRW', attempts: 0 },
        ...{ start: DAY + 20 * HOUR, end: DAY + 26 * HOUR, cause: 'DISCONNECTED' },
        detail: 'it was "away"',
      },
    ]);
  }, 60_000);

  it('of an archived day is archived again when a check finds out more, and only then', async () => {
    await tell(UPBIT_BTC, PIECES);
    await tell(UPBIT_ETH, [piece(DAY, DAY + DAY_MS)]);
    await archiveAll(archive, db);
    expect(await archiveAll(archive, db)).toEqual([]);
    await tell(UPBIT_BTC, [piece(DAY + 20 * HOUR, DAY + 26 * HOUR)]);
    const again = await archiveAll(archive, db);
    expect(again.map(({ date }) => date)).toEqual(['2026-03-01', '2026-03-02']);
    const added = again[0]!.files.filter(({ table }) => table === 'trade_spans').at(-1)!;
    expect([added.path, Object.keys(added.markets)]).toEqual([
      'trade_spans/exchange=UPBIT/date=2026-03-01/part-1.parquet',
      ['BTC-KRW'],
    ]);
    expect(await archiveAll(archive, db)).toEqual([]);
    await retireArchived(db, archive);
    // What the database still has of a day is less than what is archived.
    expect(await archiveAll(archive, db)).toEqual([]);
    forget();
    await asked(async (reader) => {
      expect(await spansOf(reader, UPBIT_BTC)).toEqual([
        piece(DAY, DAY + 26 * HOUR),
        ...PIECES.slice(2),
      ]);
      expect(await spansOf(reader, UPBIT_ETH)).toEqual([piece(DAY, DAY + DAY_MS)]);
      const report = await reader.dayReport(DAY);
      const own = report?.markets.find(
        ({ market }) => market.symbol === 'BTC' && market.exchange === 'UPBIT',
      );
      expect(own).toMatchObject({ trades: { VERIFIED_BY_REST: DAY_MS }, recordedMs: DAY_MS });
    });
    expect((await check(archive, db)).flatMap(({ problems }) => problems)).toEqual([]);
  }, 60_000);

  it('is what its newest part says, by the query of docs/archive.md too, however short that is', async () => {
    const hour = (from: number, to: number): TradePiece =>
      piece(DAY + from * HOUR, DAY + to * HOUR);
    await tell(UPBIT_BTC, [hour(0, 24)]);
    await tell(UPBIT_ETH, [hour(1, 3)]);
    await archiveAll(archive, db);
    // What was dated by a clock that ran fast is dated again.
    openSqlite(db, (sqlite) =>
      sqlite.script(
        `UPDATE trade_span SET "end" = ${DAY + 20 * HOUR} WHERE "end" = ${DAY + DAY_MS}`,
      ),
    );
    const again = await archiveAll(archive, db);
    expect(again.map(({ date }) => date)).toEqual(['2026-03-01']);
    await retireArchived(db, archive);
    forget();
    await asked(async (reader) => {
      expect(await spansOf(reader, UPBIT_BTC)).toEqual([hour(0, 20)]);
      expect(await spansOf(reader, UPBIT_ETH)).toEqual([hour(1, 3)]);
    });
    const page = await readFile(new URL('../../docs/archive.md', import.meta.url), 'utf8');
    const query = /```sql\n(SELECT \* EXCLUDE[^]*?)```/.exec(page)![1]!;
    const duck = await openDuck({ memoryMb: 100, temporary: null });
    const rows = await rowsOf(
      duck.connection,
      `SELECT symbol, epoch_ms(start), epoch_ms("end") FROM (${query
        .replaceAll("'archive/", `'${archive}/`)
        .replaceAll(';', '')}) ORDER BY symbol`,
    );
    duck.close();
    expect(rows).toEqual([
      ['BTC', BigInt(DAY), BigInt(DAY + 20 * HOUR)],
      ['ETH', BigInt(DAY + HOUR), BigInt(DAY + 3 * HOUR)],
    ]);
  }, 60_000);

  it('is a gap where the file of the trades is gone', async () => {
    await tell(UPBIT_BTC, [piece(DAY, DAY + 2 * DAY_MS)]);
    const [first] = await archiveAll(archive, db);
    await retireArchived(db, archive);
    forget();
    const { path } = first!.files.find((f) => f.table === 'trades' && f.exchange === 'UPBIT')!;
    await rm(join(archive, path));
    await asked(async (reader) => {
      expect(await reader.tradeCoverage({ market: UPBIT_BTC })).toEqual({
        GAP: DAY_MS,
        VERIFIED_BY_REST: DAY_MS,
      });
      expect((await spansOf(reader, UPBIT_BTC))[0]).toMatchObject({ cause: 'ARCHIVE_MISSING' });
    });
  });
});

describe('trades that the database has deleted', () => {
  it('are given by sequence out of the archive, each once, and go on in the database', async () => {
    await archiveAll(archive, db);
    const bySequence = [...trades].sort((a, b) => a.sequence - b.sequence);
    const after = async (
      reader: StoreReader,
      start: number,
      limit: number,
      symbol: string | null = null,
    ): Promise<Trade[]> => {
      const found: Trade[] = [];
      const patterns = [{ exchange: null, symbol, currency: null }];
      for (let place = start; ;) {
        const page = await reader.tradesAfter({ patterns, after: place, limit });
        found.push(...page.items);
        expect(page.reached).toBeGreaterThanOrEqual(place);
        place = page.reached;
        if (!page.more) return found;
      }
    };
    expect(await asked((reader) => after(reader, 0, 500))).toEqual(bySequence);
    await retireArchived(db, archive);
    await asked(async (reader) => {
      expect(await after(reader, 0, 500)).toEqual(bySequence);
      expect(await after(reader, 0, 7, 'ETH')).toEqual(
        bySequence.filter(({ market }) => market.symbol === 'ETH'),
      );
      const place = bySequence[1_000]!.sequence;
      // Two at a time: each has a place of its own.
      const [some, others] = await Promise.all([
        after(reader, place, 100),
        after(reader, place, 33),
      ]);
      expect(some).toEqual(bySequence.slice(1_001));
      expect(others).toEqual(some);
    });
  }, 60_000);

  it('count in checks, volumes and series, too', async () => {
    await tell(UPBIT_BTC, [piece(DAY, DAY + DAY_MS)]);
    const own = trades.filter(
      ({ market, exchangeTimestamp: time }) =>
        market === UPBIT_BTC && time >= DAY && time < DAY + DAY_MS,
    );
    const span = { start: DAY, end: DAY + DAY_MS };
    const volumes = new Map<number, string>();
    for (const { exchangeTimestamp: time, volume } of own) {
      const minute = time - (time % 60_000);
      volumes.set(minute, addDecimal(volumes.get(minute) ?? '0', volume));
    }
    await archiveAll(archive, db);
    await retireArchived(db, archive);
    forget();
    await withStore({ path: db, archivePath: archive }, async (store) => {
      const match = await store.matchTrades(UPBIT_BTC, own.slice(1), span);
      expect([match?.agreed, match?.missing, match?.absent]).toEqual([
        own.length - 1,
        [],
        [own[0]],
      ]);
      expect(await store.hasTradeBefore(UPBIT_BTC, DAY + 1)).toBe(true);
      expect(await store.hasTradeBefore(GOPAX_BTC, DAY - 1)).toBe(false);
      expect(new Map(await store.tradeVolumes(UPBIT_BTC, span))).toEqual(volumes);
      expect((await store.tradesKnown(UPBIT_BTC, Date.now())).until).not.toBeNull();
      const keys = ['trades', 'volume'].map((key) => [key, key as keyof SeriesPoint] as const);
      const query = { market: UPBIT_BTC, from: DAY, to: DAY + DAY_MS, step: 12 * HOUR, keys };
      let text = '';
      for await (const part of store.reader.seriesText(query)) text += part;
      const points = JSON.parse(text) as { trades: number | null; volume: string | null }[];
      // The afternoon had none, which is known.
      expect(points[1]).toEqual({ trades: 0, volume: '0' });
      expect(points[0]!.trades).toBe(own.length);
    });
  }, 60_000);
});
