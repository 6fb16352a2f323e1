import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { DuckDBInstance } from '@duckdb/node-api';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { compareAllTrades, type Trade } from '../../src/market/trade.js';
import { openStore } from '../../src/store/store.js';
import type { Store } from '../../src/store/store-types.js';
import { newDatabase, settingsOf, type TestDatabase } from './engines.js';
import { exportHere, type ExportRun } from './exports.js';
import { GOPAX_BTC, seeded, stored, temporaryFolder, UPBIT_ETH } from './support.js';
import { exportedTrade, many, T0, trade } from './trade-support.js';

const KORBIT_BTC = { exchange: 'KORBIT', symbol: 'BTC', currency: 'KRW' } as const;

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let database: TestDatabase;
let path: string;
let store: Store;
let trades: Trade[];

beforeAll(async () => {
  folder = await temporaryFolder();
  database = await newDatabase();
  path = database.path;
  store = await openStore({ path, flushMs: 5 });
  store.setRecording(KORBIT_BTC, true);
  const next = (): number => store.sequences.next();
  trades = [
    ...many(1_500, next),
    ...many(700, next, seeded(2)).map((one) => ({ ...one, market: UPBIT_ETH })),
    ...many(30, next, seeded(3)).map((one) => ({ ...one, market: GOPAX_BTC, resolutionMs: 1000 })),
  ];
  // A hole that is filled later: its sequences no longer follow the times.
  const filled = trades.splice(600, 40);
  for (const [i, one] of trades.entries()) {
    store.putTrade(one);
    // Batch by batch, so that most are packed.
    if (i % 160 === 159) await stored(store);
  }
  for (const one of filled) {
    const late = { ...one, origin: 'BACKFILL', sequence: next(), timestamp: T0 + 9e6 } as const;
    store.putTrade(late);
    trades.push(late);
  }
  const odd = trade({
    sequence: next(),
    tradeId: 'a "b", c',
    side: 'sell',
    messageTimestamp: null,
    exchangeTimestamp: T0 - 5,
  });
  store.putTrade(odd);
  trades.push(odd);
  await stored(store);
  trades.sort(compareAllTrades);
});
afterAll(async () => {
  await store.close();
  await database.remove();
  await folder.remove();
});

/** Runs the command. */
function run(...args: string[]): Promise<ExportRun> {
  return exportHere([...args, '--shape', 'trades'], settingsOf(path));
}

const objects = (lines: string): Record<string, unknown>[] =>
  lines
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);

describe('the shape trades', () => {
  it('gives every trade once, with all that is known of it, by time, market and id', async () => {
    const { code, out, err } = await run('all', '--format', 'ndjson');
    expect(code).toBe(0);
    expect(objects(out)).toEqual(trades.map(exportedTrade));
    const span = [T0 - 5, trades.at(-1)!.exchangeTimestamp].map((ms) => new Date(ms).toISOString());
    expect(err).toMatch(
      new RegExp(
        `^exported ${trades.length} rows \\(trades\\) of .*, ${span.join(' to ')}, 0 gaps`,
        'm',
      ),
    );
    const array = await run('UPBIT', '--symbol', 'eth');
    expect(JSON.parse(array.out)).toEqual(
      trades.filter(({ market }) => market === UPBIT_ETH).map(exportedTrade),
    );
  });

  it("takes a window of the exchange's time", async () => {
    const [from, to] = [trades[500]!.exchangeTimestamp, trades[1_700]!.exchangeTimestamp];
    const window = ['--from', String(from), '--to', String(to)];
    const { out } = await run('UPBIT,GOPAX', '--format', 'ndjson', ...window);
    expect(objects(out)).toEqual(
      trades.filter(({ exchangeTimestamp: time }) => time >= from && time < to).map(exportedTrade),
    );
    const none = await run('all', '--format', 'ndjson', '--to', '2020-01-01T00:00:00Z');
    expect([none.code, none.out]).toEqual([0, '']);
    expect(none.err).not.toContain('no trade');
  });

  it('is as CSV what tardis.dev defines', async () => {
    const file = join(folder.path, 'trades.csv.gz');
    expect((await run('UPBIT', '--currency', 'KRW', '--out', file)).code).toBe(0);
    const [header, ...lines] = gunzipSync(await readFile(file))
      .toString()
      .trimEnd()
      .split('\n');
    expect(header).toBe('exchange,symbol,timestamp,local_timestamp,id,side,price,amount');
    expect(lines[0]).toBe(
      `upbit,KRW-BTC,${T0 - 5}000,${T0 + 55}000,"a ""b"", c",sell,116539000,0.00012345`,
    );
    expect(lines.slice(1)).toEqual(
      trades
        .filter(({ market }) => market.exchange === 'UPBIT')
        .slice(1)
        .map(({ market, exchangeTimestamp, timestamp, tradeId, side, price, volume }) =>
          [
            ...['upbit', `KRW-${market.symbol}`, `${exchangeTimestamp}000`, `${timestamp}000`],
            ...[tradeId, side, price, volume],
          ].join(),
        ),
    );
  });

  it('is exact as Parquet', async () => {
    const file = join(folder.path, 'trades.parquet');
    expect((await run('all', '--out', file)).code).toBe(0);
    const instance = await DuckDBInstance.create(':memory:');
    const connection = await instance.connect();
    const read = async (sql: string): Promise<unknown[]> =>
      (await connection.runAndReadAll(sql)).getRowObjectsJson();
    const types = await read(`SELECT column_type AS t FROM (DESCRIBE SELECT * FROM '${file}')`);
    const text = (value: string): string => `rtrim(rtrim(${value}::VARCHAR, '0'), '.') AS ${value}`;
    const time = (value: string): string => `epoch_ms("${value}")::VARCHAR AS "${value}"`;
    const found = await read(
      `SELECT * REPLACE (${['price', 'volume'].map(text).join()}, sequence::VARCHAR AS sequence,
         "resolutionMs"::INTEGER AS "resolutionMs",
         ${['timestamp', 'exchangeTimestamp', 'messageTimestamp'].map(time).join()}) FROM '${file}'`,
    );
    connection.closeSync();
    instance.closeSync();
    expect(types.map((row) => (row as { t: string }).t)).toEqual([
      ...Array<string>(3).fill('VARCHAR'),
      ...Array<string>(3).fill('TIMESTAMP WITH TIME ZONE'),
      ...['BIGINT', 'BIGINT', 'VARCHAR', 'VARCHAR', 'VARCHAR', 'DECIMAL(38,18)', 'DECIMAL(38,18)'],
      ...['VARCHAR', 'BOOLEAN', 'VARCHAR'],
    ]);
    const texts = ['sequence', 'timestamp', 'exchangeTimestamp', 'messageTimestamp'];
    expect(found).toEqual(
      trades.map((one) =>
        Object.fromEntries(
          Object.entries(exportedTrade(one)).map(([key, value]) => [
            key,
            texts.includes(key) && value !== null ? String(value) : value,
          ]),
        ),
      ),
    );
  });

  it('says that no trade is stored where there is none', async () => {
    const { code, out, err } = await run('KORBIT');
    expect([code, out]).toEqual([0, '[]\n']);
    expect(err).toContain(
      'note: no trade of KORBIT:*-* is stored; trades are recorded if CHANNELS contains trade',
    );
    const wrong = await run('UPBIT', '--every', '1000');
    expect([wrong.code, wrong.err]).toEqual([2, expect.stringContaining('does not apply')]);
  });

  it('gives what is stored when it begins, though trades are packed and written meanwhile', async () => {
    const own = await newDatabase();
    const busy = await openStore({ path: own.path, flushMs: 1 });
    try {
      // Thousands, of which hundreds are single and become blocks while the export goes on.
      for (const one of many(6_000, () => busy.sequences.next())) busy.putTrade(one);
      await stored(busy);
      const options = { exchanges: ['UPBIT'], shape: 'trades', format: 'ndjson' } as const;
      let text = '';
      for await (const chunk of busy.reader.exportText({
        ...options,
        symbol: 'BTC',
        currency: 'KRW',
      })) {
        text += chunk;
        const later = { sequence: busy.sequences.next(), exchangeTimestamp: T0 + 9e9 };
        busy.putTrade(trade(later));
      }
      const found = objects(text).map(({ sequence }) => sequence as number);
      expect(found.length).toBeGreaterThanOrEqual(6_000);
      expect(new Set(found).size).toBe(found.length);
      expect(found.filter((sequence) => sequence <= 6_000)).toHaveLength(6_000);
    } finally {
      await busy.close();
      await own.remove();
    }
  });
});
