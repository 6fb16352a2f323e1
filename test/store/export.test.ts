import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { BadInputError, parseExportOptions } from '../../src/store/export/options.js';
import type { Gap } from '../../src/market/gap.js';
import { openStore } from '../../src/store/store.js';
import type { Store } from '../../src/store/store-types.js';
import { itOnSqlite, newDatabase, settingsOf, type TestDatabase } from './engines.js';
import { COMMAND, exportHere, exportProcess, type ExportRun } from './exports.js';
import {
  exported,
  exportOf,
  GOPAX_BTC,
  Recorder,
  seeded,
  stored,
  temporaryFolder,
  until,
  UPBIT_BTC,
  UPBIT_ETH,
  walk,
} from './support.js';

const START = Date.UTC(2026, 8, 1);

/** More than the reader takes at a time; the longest lasts 700 ms. */
const ETH_GAP: Gap = {
  market: UPBIT_ETH,
  start: START + 100,
  end: START + 400,
  cause: 'DISCONNECTED',
  detail: 'close code 1006',
  attempts: 2,
};
const GAPS: readonly Gap[] = [
  ETH_GAP,
  { ...ETH_GAP, start: START + 1_000, end: START + 1_700, cause: 'PROCESS_DOWN', detail: null },
  ...Array.from({ length: 1_000 }, (_, i) => {
    return { ...ETH_GAP, start: START + 10_000 + 10 * i, end: START + 10_005 + 10 * i };
  }),
];

/** A gap as the export's shape `gaps` has it. */
function exportedGap({ market, ...gap }: Gap): unknown {
  return { ...market, ...gap };
}

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let database: TestDatabase;
let path: string;
let store: Store;
let recorder: Recorder;

// One database for all: the recorder goes on running while the command reads.
beforeAll(async () => {
  folder = await temporaryFolder();
  database = await newDatabase();
  path = database.path;
  store = await openStore({ path, flushMs: 5, snapshotEveryMs: 2_000 });
  recorder = new Recorder(store);
  const random = seeded(3);
  const newest = new Map<object, ReturnType<typeof walk>>();
  for (let i = 0; i < 400; i++) {
    const market = [UPBIT_BTC, UPBIT_ETH, GOPAX_BTC][Math.floor(random() * 3)]!;
    const sides = walk(random, newest.get(market) ?? null);
    newest.set(market, sides);
    // The clock is set back once, by two seconds.
    const timestamp = START + i * 30 - (i > 300 ? 2_000 : 0);
    recorder.put(market, timestamp, sides, {
      exchangeTimestamp: i % 3 === 0 ? null : timestamp - 7,
    });
  }
  GAPS.forEach((gap) => store.putGap(gap));
  store.putGap({ ...ETH_GAP, start: START + 90_000, end: null, cause: 'STALE', detail: 'silent' });
  await stored(store);
  await until(async () => (await store.reader.gapTotals({ exchange: 'UPBIT' })).count === 1_003);
});
afterAll(async () => {
  await store.close();
  await database.remove();
  await folder.remove();
});

/** The last line on standard error. */
const SUMMARY =
  /^exported \d+ rows \(\w+\) of [A-Z,]+:\S+, .+ to .+, \d+ gaps?, \d+ bytes, \d+\.\d s\n$/m;

/** Runs the command. */
function run(args: readonly string[], env: Record<string, string> = {}): Promise<ExportRun> {
  return exportHere(args, { ...settingsOf(path), ...env });
}

describe('exportText', () => {
  it('gives the books of a window, whole from the first one on', async () => {
    for (const [from, to] of [
      [START + 1_000, START + 2_000],
      [START + 6_000, START + 8_500],
      [START + 9_000, undefined],
      [undefined, START + 7_777],
    ]) {
      const expected = recorder.books.filter(
        ({ market, timestamp }) =>
          market.exchange === 'UPBIT' && timestamp >= (from ?? 0) && timestamp < (to ?? Infinity),
      );
      expect(expected.length).toBeGreaterThan(5);
      const options = { exchange: 'UPBIT', shape: 'books', from, to } as const;
      expect(await exportOf(store.reader, options)).toEqual(expected.map(exported));
      const rows = await exportOf(store.reader, { ...options, shape: 'rows' });
      expect(new Set(rows.map((row) => row['timestamp']))).toEqual(
        new Set(expected.map((book) => book.timestamp)),
      );
    }
  });
});

describe('the gaps of a window', () => {
  it('are exported oldest first, each once, however many', async () => {
    const all = await exportOf(store.reader, { exchange: 'UPBIT', shape: 'gaps' });
    expect(all).toHaveLength(1_003);
    expect(all.slice(0, -1)).toEqual(GAPS.map(exportedGap));
    expect(all.at(-1)).toMatchObject({ start: START + 90_000, end: null, detail: 'silent' });
    expect(await exportOf(store.reader, { exchange: 'GOPAX', shape: 'gaps' })).toEqual([]);
  });

  it('are those that touch it, with the one that takes most of it', async () => {
    const window = { exchange: 'UPBIT', from: START + 300, to: START + 1_200 } as const;
    expect(await exportOf(store.reader, { ...window, shape: 'gaps' })).toEqual(
      GAPS.slice(0, 2).map(exportedGap),
    );
    expect(await store.reader.gapTotals(window)).toEqual({
      count: 2,
      longest: GAPS[1],
      longestMs: 200,
    });
    const none = { count: 0, longest: null, longestMs: 0 };
    expect(await store.reader.gapTotals({ ...window, symbol: 'BTC' })).toEqual(none);
    expect(await store.reader.gapTotals({ ...window, exchange: 'KORBIT' })).toEqual(none);
    // One that is open lasts until now, or to the end of the window.
    const open = { exchange: 'UPBIT', symbol: 'ETH', from: START + 95_000 } as const;
    expect(await store.reader.gapTotals({ ...open, to: START + 96_000 })).toMatchObject({
      count: 1,
      longest: { end: null },
      longestMs: 1_000,
    });
  });
});

describe('the command', () => {
  it('writes rows as one JSON array with the seven columns', async () => {
    const { code, out, err } = await exportProcess(['upbit', '--symbol', 'btc'], settingsOf(path));
    expect(code).toBe(0);
    expect(err).toMatch(SUMMARY);
    const rows = JSON.parse(out) as Record<string, unknown>[];
    expect(Object.keys(rows[0]!)).toEqual(
      'exchange symbol currency timestamp side price volume exchangeTimestamp sequence'.split(' '),
    );
    expect(rows).toEqual(
      await exportOf(store.reader, { exchange: 'UPBIT', shape: 'rows', symbol: 'BTC' }),
    );
  });

  it('says in one line that DuckDB cannot be loaded, of a market that is not known as well', async () => {
    const broken = join(folder.path, 'no-duckdb.cjs');
    await writeFile(
      broken,
      `const Module = require('node:module');
       const load = Module._load;
       Module._load = (name, ...more) => {
         if (name === '@duckdb/node-api') throw new Error('no DuckDB here');
         return load.call(Module, name, ...more);
       };`,
    );
    const out = join(folder.path, 'none.parquet');
    const { code, err } = await exportProcess(['upbit', '--symbol', 'nope', '--out', out], {
      ...settingsOf(path),
      NODE_OPTIONS: `--require=${broken}`,
    });
    expect([code, err]).toEqual([1, 'export: no DuckDB here\n']);
  });

  it('writes books of a window, one a line, into a file', async () => {
    // An ending that names no format is taken where the format is given.
    const file = join(folder.path, 'out.lines');
    const from = new Date(START + 3_000).toISOString();
    const flags = [
      '--shape',
      'books',
      '--format',
      'ndjson',
      '--from',
      from,
      '--to',
      `${START + 5_000}`,
    ];
    const { code, out, err } = await run(['GOPAX', ...flags, '--out', file]);
    expect([code, out]).toEqual([0, '']);
    expect(err).toMatch(SUMMARY);
    const lines = (await readFile(file, 'utf8')).trimEnd().split('\n');
    expect(await readFile(`${file}.gaps.ndjson`, 'utf8')).toBe('');
    const expected = recorder.books.filter(
      ({ market, timestamp }) =>
        market === GOPAX_BTC && timestamp >= START + 3_000 && timestamp < START + 5_000,
    );
    expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual(expected.map(exported));
  });

  it('writes the gaps of the window beside the file, and tells of the longest', async () => {
    const file = join(folder.path, 'eth.json');
    const window = ['UPBIT', '--symbol', 'ETH', '--to', `${START + 5_000}`];
    const { code, err } = await run([...window, '--out', file]);
    expect(code).toBe(0);
    expect(err.split('\n')[0]).toBe(
      `note: 2 gaps overlap this window, the longest 0.7 s of UPBIT:ETH-KRW from ` +
        `2026-09-01T00:00:01.000Z (PROCESS_DOWN); ${file}.gaps.ndjson has them`,
    );
    const lines = (await readFile(`${file}.gaps.ndjson`, 'utf8')).trimEnd().split('\n');
    const expected = GAPS.slice(0, 2).map(exportedGap);
    expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual(expected);

    const rows = await run(window);
    expect(JSON.parse(rows.out)).toEqual(JSON.parse(await readFile(file, 'utf8')));
    expect(rows.err).toContain('2 gaps overlap this window');
    expect(rows.err).toContain('--shape gaps lists them');
    const gaps = await run([...window, '--shape', 'gaps']);
    expect(gaps.code).toBe(0);
    expect(gaps.err).toMatch(SUMMARY);
    expect(JSON.parse(gaps.out)).toEqual(expected);
  });

  it('writes no file beside a device', async () => {
    const { code, err } = await run(['UPBIT', '--symbol', 'ETH', '--out', '/dev/null']);
    expect(code).toBe(0);
    expect(err).toContain('1003 gaps overlap this window');
    expect(existsSync('/dev/null.gaps.ndjson')).toBe(false);
  });

  itOnSqlite('writes over no database', async () => {
    const before = await readFile(path);
    expect((await run(['UPBIT', '--format', 'json', '--out', path])).err).toContain(
      'the database itself',
    );
    const beside = join(folder.path, 'x.gaps.ndjson');
    await writeFile(beside, before);
    const { code, err } = await run(['UPBIT', '--out', join(folder.path, 'x')], {
      DB_PATH: beside,
    });
    expect([code, err]).toEqual([2, expect.stringContaining(`${beside}, the database itself`)]);
    expect(await readFile(beside)).toEqual(before);
  });

  it('writes an empty array and says so when nothing was recorded', async () => {
    const { code, out, err } = await run(['KORBIT']);
    expect([code, JSON.parse(out)]).toEqual([0, []]);
    expect(err).toContain('nothing has been recorded for KORBIT:*-*');
    expect((await run(['UPBIT', '--to', '2020-01-01', '--format', 'ndjson'])).out).toBe('');
  });

  it('ends quietly when its reader goes away', async () => {
    const child = spawn(process.execPath, [COMMAND, 'UPBIT', '--shape', 'books'], {
      env: { ...process.env, ...settingsOf(path) },
    });
    let err = '';
    child.stderr.on('data', (data: Buffer) => (err += data.toString()));
    // Before the command writes anything: sockets hold more than its whole output.
    child.stdout.destroy();
    const [code] = (await once(child, 'close')) as [number];
    expect([code, err]).toEqual([0, '']);
  });

  it('is refused by its exit code, too', async () => {
    const { code, out, err } = await exportProcess(['BINANCE'], settingsOf(path));
    expect([code, out]).toEqual([2, '']);
    expect(err).toMatch(/^export: unknown exchange "BINANCE"[^\n]*\n$/);
  });

  it.each([
    [
      ['BINANCE'],
      /unknown exchange "BINANCE"; choose one of BITHUMB, COINONE, GOPAX, KORBIT, UPBIT/,
    ],
    [[], /no exchange is named; choose one of BITHUMB/],
    [['UPBIT', 'all'], /unknown exchange "ALL"/],
    [['UPBIT', '--every', '5'], /"every" does not apply to the shape rows/],
    [['UPBIT', '--shape', 'top', '--every', '0.5'], /"every" is "0.5"; it must be a whole number/],
    [['UPBIT', '--shape', 'book_snapshot_5', '--format', 'json'], /has the format csv, not json/],
    [['UPBIT', '--format', 'parquet'], /needs --out FILE/],
    [
      ['UPBIT', '--out', 'x.xyz.gz'],
      /^export: --out x\.xyz\.gz: \.xyz names no format; end it in \.json, \.ndjson, \.csv, \.parquet, or give --format\n$/,
    ],
    [
      ['UPBIT', '--symbol', 'BTV'],
      /BTV-\* is not listed by UPBIT[^]*did you mean BTC-KRW, ETH-KRW\?/,
    ],
    [['UPBIT', '--currency', 'EUR'], /\*-EUR is not listed by UPBIT[^]*the currencies are KRW/],
    [
      ['UPBIT', '--shape', 'levels'],
      /"shape" is "levels"; it must be rows or books or top or trades or gaps/,
    ],
    [['UPBIT', '--colour', 'red'], /Unknown option '--colour'; --help lists all/],
  ])('refuses %j', async (args, message) => {
    const { code, out, err } = await run(args);
    expect([code, out]).toEqual([2, '']);
    expect(err).toMatch(message);
    expect(err.trimEnd()).not.toContain('\n');
  });

  itOnSqlite.each(['missing', 'other'])('refuses a %s database', async (kind) => {
    const file = join(folder.path, kind);
    if (kind === 'other') await writeFile(file, 'not a database, only some text');
    const { code, out, err } = await run(['UPBIT'], { DB_PATH: file });
    expect([code, out]).toEqual([1, '']);
    expect(err).toMatch(kind === 'other' ? 'is not an SQLite database' : 'there is no database at');
  });
});

describe('parseExportOptions', () => {
  it('has the defaults of the contract', () => {
    expect(parseExportOptions({ exchange: 'upbit' })).toEqual({
      exchanges: ['UPBIT'],
      symbol: undefined,
      currency: undefined,
      from: undefined,
      to: undefined,
      shape: 'rows',
      format: 'json',
    });
  });

  it.each([
    [{ form: 'x' }, /unknown option "form"; the options are exchange, symbol/],
    [{ format: 'xlsx' }, /"format" is "xlsx"; it must be json or ndjson or csv or parquet/],
    [{ symbol: 'BTC-KRW' }, /"symbol" is "BTC-KRW"; it must be one name such as BTC/],
    [{ currency: '' }, /"currency" is ""/],
    [{ from: 'yesterday' }, /"from" is "yesterday"; it must be a time such as/],
    [{ to: '2026-02-30' }, /"to" is "2026-02-30"/],
    [{ from: '1713094321' }, /it must be .*1713094321000 \(Unix milliseconds\)/],
    [{ from: '2026-09-02', to: '2026-09-01' }, /must be before "to"/],
  ])('refuses %j', (input, message) => {
    const parse = (): unknown => parseExportOptions({ exchange: 'UPBIT', ...input });
    expect(parse).toThrow(BadInputError);
    expect(parse).toThrow(message);
  });
});
