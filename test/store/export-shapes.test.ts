import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { DuckDBInstance } from '@duckdb/node-api';
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { applySide, type Level, type OrderBook } from '../../src/market/order-book.js';
import { midDecimal, subtractDecimal } from '../../src/market/decimal.js';
import { openStore } from '../../src/store/store.js';
import type { Store } from '../../src/store/store-types.js';
import { newDatabase, settingsOf, type TestDatabase } from './engines.js';
import { COMMAND, exportHere, exportProcess, type ExportRun } from './exports.js';
import { Recorder, seeded, stored, temporaryFolder, until, UPBIT_BTC, walk } from './support.js';

const START = Date.UTC(2026, 8, 1);
const KORBIT_BTC = { exchange: 'KORBIT', symbol: 'BTC', currency: 'KRW' } as const;
/** The one gap of UPBIT:BTC-KRW. */
const GAP = { start: START + 4_000, end: START + 7_000 } as const;

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let database: TestDatabase;
let path: string;
let store: Store;
let books: readonly OrderBook[];

beforeAll(async () => {
  folder = await temporaryFolder();
  database = await newDatabase();
  path = database.path;
  store = await openStore({ path, flushMs: 5, snapshotEveryMs: 1_000 });
  const recorder = new Recorder(store);
  const random = seeded(5);
  for (const market of [UPBIT_BTC, KORBIT_BTC]) {
    store.setRecording(market, true);
    let sides: ReturnType<typeof walk> | null = null;
    for (let i = 0; i < 200; i++) {
      const timestamp = START + i * 50;
      if (market === UPBIT_BTC && timestamp > GAP.start && timestamp < GAP.end) continue;
      sides = walk(random, sides);
      const exchangeTimestamp = i % 3 === 0 ? null : timestamp - 7;
      const afterGap = i === 0 || (market === UPBIT_BTC && timestamp === GAP.end);
      recorder.put(market, timestamp, sides, { exchangeTimestamp, afterGap });
    }
  }
  const gap = {
    market: UPBIT_BTC,
    ...GAP,
    cause: 'STALE',
    detail: 'a "b", c',
    attempts: 1,
  } as const;
  store.putGap(gap);
  await stored(store);
  await until(async () => (await store.reader.gapTotals({ exchange: 'UPBIT' })).count === 1);
  books = recorder.books;
});
afterAll(async () => {
  await store.close();
  await database.remove();
  await folder.remove();
});

/** Runs the command. */
function run(...args: string[]): Promise<ExportRun> {
  return exportHere(args, settingsOf(path));
}

/** Header and lines of a CSV without quoted cells. */
function csv(text: string): { header: string; lines: string[][] } {
  const [header, ...lines] = text.trimEnd().split('\n');
  return { header: header!, lines: lines.map((line) => line.split(',')) };
}

const upbit = (): readonly OrderBook[] => books.filter(({ market }) => market === UPBIT_BTC);
const iso = (ms: number): string => new Date(ms).toISOString();

describe('the shape top', () => {
  it('gives best prices, middle, spread and imbalance of each book, exactly', async () => {
    const { out } = await run('UPBIT', '--shape', 'top', '--format', 'csv');
    const { header, lines } = csv(out);
    expect(header).toBe(
      'exchange,symbol,currency,timestamp,exchangeTimestamp,sequence,bid,bidVolume,ask,askVolume,mid,spread,imbalance',
    );
    expect(lines).toEqual(
      upbit().map(({ timestamp, exchangeTimestamp, sequence, asks: [ask], bids: [bid] }) => [
        ...['UPBIT', 'BTC', 'KRW', iso(timestamp)],
        exchangeTimestamp === null ? '' : iso(exchangeTimestamp),
        String(sequence),
        ...(bid ?? ['', '']),
        ...(ask ?? ['', '']),
        ...(bid && ask ? [midDecimal(bid[0], ask[0]), subtractDecimal(ask[0], bid[0])] : ['', '']),
        bid && ask ? expect.stringMatching(/^-?[01](\.\d+)?(e-\d+)?$/) : '',
      ]),
    );
  });

  it('samples the last book at or before each step, and nothing inside a gap', async () => {
    const window = ['--from', String(START + 1_000), '--to', String(START + 9_000)];
    const { out } = await run(
      'UPBIT',
      '--shape',
      'top',
      '--every',
      '500',
      '--format',
      'ndjson',
      ...window,
    );
    const points = out
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(points.map(({ time }) => time)).toEqual(
      Array.from({ length: 16 }, (_, i) => START + 1_000 + 500 * i),
    );
    for (const { time, sequence, bid, symbol } of points) {
      const at = time as number;
      const missing = at > GAP.start && at < GAP.end;
      const last = missing ? undefined : upbit().findLast(({ timestamp }) => timestamp <= at);
      expect([at, sequence, bid]).toEqual([at, last?.sequence ?? null, last?.bids[0]?.[0] ?? null]);
      expect(symbol).toBe('BTC');
    }
  });

  it('samples books, cut to a depth, from the first one on when no window is given', async () => {
    const flags = ['--shape', 'books', '--every', '1000', '--depth', '1', '--format', 'ndjson'];
    const { out } = await run('KORBIT', ...flags);
    const found = out
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(found).toHaveLength(10);
    expect(found[3]).toMatchObject({ time: START + 3_000, timestamp: START + 3_000 });
    for (const { asks, bids } of found)
      expect([asks, bids].map((side) => (side as []).length <= 1)).toEqual([true, true]);
  });
});

describe('the shapes of tardis.dev', () => {
  it('give changes in its columns, from which every book can be made', async () => {
    const { out } = await run('UPBIT', '--shape', 'incremental_book_L2');
    const { header, lines } = csv(out);
    expect(header).toBe('exchange,symbol,timestamp,local_timestamp,is_snapshot,side,price,amount');
    const sides: Record<string, readonly Level[]> = { ask: [], bid: [] };
    const found: unknown[] = [];
    let snapshots = 0;
    let before = 'false';
    for (let i = 0; i < lines.length;) {
      const [exchange, symbol, timestamp, local, snapshot] = lines[i]!;
      expect([exchange, symbol]).toEqual(['upbit', 'KRW-BTC']);
      if (snapshot === 'true' && before === 'false') {
        sides['ask'] = sides['bid'] = [];
        snapshots++;
      }
      before = snapshot!;
      for (; i < lines.length && lines[i]![3] === local; i++) {
        const [, , , , whole, side, price, amount] = lines[i]! as [
          string,
          string,
          string,
          string,
          string,
          'ask' | 'bid',
          string,
          string,
        ];
        expect(whole).toBe(snapshot);
        if (whole === 'true') expect(amount).not.toBe('0');
        sides[side] = applySide(side, sides[side]!, [[price, amount]]);
      }
      found.push({ timestamp, local, asks: sides['ask'], bids: sides['bid'] });
    }
    expect(snapshots).toBe(2);
    expect(found).toEqual(
      upbit().map(({ timestamp, exchangeTimestamp, asks, bids }) => ({
        timestamp: `${exchangeTimestamp ?? timestamp}000`,
        local: `${timestamp}000`,
        asks,
        bids,
      })),
    );
  });

  it.each([5, 25])('give the best %i levels whenever they change', async (depth) => {
    const { out } = await run('KORBIT', '--shape', `book_snapshot_${depth}`);
    const { header, lines } = csv(out);
    const levels = Array.from(
      { length: depth },
      (_, i) => `asks[${i}].price,asks[${i}].amount,bids[${i}].price,bids[${i}].amount`,
    );
    expect(header).toBe(`exchange,symbol,timestamp,local_timestamp,${levels.join(',')}`);
    const expected: string[][] = [];
    let last = '';
    for (const { market, timestamp, exchangeTimestamp, asks, bids } of books) {
      if (market !== KORBIT_BTC) continue;
      const cells = Array.from({ length: depth }, (_, i) => [
        ...(asks[i] ?? ['', '']),
        ...(bids[i] ?? ['', '']),
      ]).flat();
      if (cells.join() === last) continue;
      last = cells.join();
      const times = [`${exchangeTimestamp ?? timestamp}000`, `${timestamp}000`];
      expected.push(['korbit', 'BTC_KRW', ...times, ...cells]);
    }
    expect(lines).toEqual(expected);
  });
});

describe('files', () => {
  const read = async (sql: string): Promise<unknown[]> => {
    const instance = await DuckDBInstance.create(':memory:');
    const connection = await instance.connect();
    await connection.run("SET TimeZone = 'UTC'");
    const reader = await connection.runAndReadAll(sql);
    const rows = reader.getRowObjectsJson();
    connection.closeSync();
    instance.closeSync();
    return rows;
  };

  it('of Parquet hold exact decimals and times with a zone', async () => {
    const file = join(folder.path, 'rows.parquet');
    const args = ['all', '--shape', 'rows', '--out', file];
    const { code, err } = await exportProcess(args, settingsOf(path));
    expect([code, err]).toEqual([0, expect.stringMatching(/^exported \d+ rows \(rows\) of /m)]);
    expect(
      await read(
        `SELECT column_name AS n, column_type AS t FROM (DESCRIBE SELECT * FROM '${file}')`,
      ),
    ).toEqual(
      [
        ['exchange', 'VARCHAR'],
        ['symbol', 'VARCHAR'],
        ['currency', 'VARCHAR'],
        ['timestamp', 'TIMESTAMP WITH TIME ZONE'],
        ['side', 'VARCHAR'],
        ['price', 'DECIMAL(38,18)'],
        ['volume', 'DECIMAL(38,18)'],
        ['exchangeTimestamp', 'TIMESTAMP WITH TIME ZONE'],
        ['sequence', 'BIGINT'],
      ].map(([n, t]) => ({ n, t })),
    );
    const { out } = await run('all', '--format', 'ndjson');
    const expected = out
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    const found = await read(
      `SELECT exchange, symbol, currency, epoch_ms(timestamp) AS timestamp, side,
              rtrim(rtrim(price::VARCHAR, '0'), '.') AS price,
              rtrim(rtrim(volume::VARCHAR, '0'), '.') AS volume,
              epoch_ms("exchangeTimestamp") AS "exchangeTimestamp", sequence FROM '${file}'`,
    );
    const whole = (value: unknown): number | null => (value === null ? null : Number(value));
    expect(
      (found as Record<string, unknown>[]).map((row) => ({
        ...row,
        timestamp: whole(row['timestamp']),
        exchangeTimestamp: whole(row['exchangeTimestamp']),
        sequence: whole(row['sequence']),
      })),
    ).toEqual(expected);
    expect((await readdir(folder.path)).filter((name) => /\.part/.test(name))).toEqual([]);
  });

  it('of Parquet hold whole books as lists', async () => {
    const file = join(folder.path, 'books.parquet');
    expect((await run('UPBIT', '--shape', 'books', '--out', file)).code).toBe(0);
    const found = await read(
      `SELECT sequence::VARCHAR AS sequence, len(asks) AS asks, len(bids) AS bids,
              asks[1].price::VARCHAR AS ask, asks[1].volume::VARCHAR AS volume FROM '${file}'`,
    );
    const padded = (text: string | undefined): string | null => {
      if (text === undefined) return null;
      const [whole, fraction = ''] = text.split('.');
      return `${whole}.${fraction.padEnd(18, '0')}`;
    };
    expect(found).toEqual(
      upbit().map(({ sequence, asks, bids }) => ({
        sequence: String(sequence),
        asks: String(asks.length),
        bids: String(bids.length),
        ask: padded(asks[0]?.[0]),
        volume: padded(asks[0]?.[1]),
      })),
    );
  });

  it('that end in .gz are compressed, in the form that the name before it tells', async () => {
    const file = join(folder.path, 'gaps.csv.gz');
    const { code } = await run('UPBIT', '--shape', 'gaps', '--out', file, '--strict');
    expect(code).toBe(3);
    expect(gunzipSync(await readFile(file)).toString()).toBe(
      'exchange,symbol,currency,start,end,cause,detail,attempts\n' +
        `UPBIT,BTC,KRW,${iso(GAP.start)},${iso(GAP.end)},STALE,"a ""b"", c",1\n`,
    );
  });

  it('are not there under their name before they are whole', async () => {
    const file = join(folder.path, 'cut.csv');
    await writeFile(file, 'what was there before\n');
    const child = spawn(process.execPath, [COMMAND, 'all', '--out', file], {
      env: { ...process.env, ...settingsOf(path) },
    });
    await until(() => existsSync(`${file}.part`));
    child.kill('SIGKILL');
    await new Promise((resolve) => child.once('close', resolve));
    const text = await readFile(file, 'utf8');
    // Killed before or after it was put in its place: never half of it.
    if (text !== 'what was there before\n') expect(text).toContain('KORBIT');
    expect((await run('all', '--out', file)).code).toBe(0);
    expect((await readFile(file, 'utf8')).split('\n').length).toBeGreaterThan(100);
    expect(existsSync(`${file}.part`)).toBe(false);
    const nowhere = await run('UPBIT', '--out', '/nowhere/x.json');
    expect([nowhere.code, nowhere.err]).toEqual([1, expect.stringContaining('was not written')]);
  });

  it('--strict is content where there are no gaps', async () => {
    expect((await run('KORBIT', '--strict', '--shape', 'top')).code).toBe(0);
    expect((await run('UPBIT', '--strict', '--to', String(GAP.start))).code).toBe(0);
    const strict = await exportProcess(['KORBIT', 'UPBIT', '--strict'], settingsOf(path));
    expect(strict.code).toBe(3);
    expect((await run('--help')).code).toBe(0);
    // The window that is not given is that of the books.
    const { err } = await run('KORBIT', '--shape', 'top');
    expect(err).toMatch(
      /^exported 200 rows \(top\) of KORBIT:\*-\*, 2026-09-01T00:00:00\.000Z to 2026-09-01T00:00:09\.950Z, 0 gaps, /,
    );
  });
});
