import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { EXCHANGES } from '../../src/market/exchange.js';
import { dateOf, dayStart } from '../../src/market/day-report.js';
import { openStore } from '../../src/store/store.js';
import type { Store } from '../../src/store/store-types.js';
import { newDatabase, settingsOf, type TestDatabase } from './engines.js';
import { small, Recorder, stored, until, UPBIT_BTC, UPBIT_ETH } from './support.js';

const COMMAND = fileURLToPath(new URL('../../dist/store/report-command.js', import.meta.url));
const DAY = Date.UTC(2026, 8, 1);
const HOUR = 3_600_000;

let database: TestDatabase;
let path: string;
let store: Store;

beforeAll(async () => {
  database = await newDatabase();
  path = database.path;
  store = await openStore({ path, flushMs: 5 });
  const recorder = new Recorder(store);
  for (const market of [UPBIT_BTC, UPBIT_ETH]) recorder.put(market, DAY + HOUR, small(1));
  // The clock is set back.
  recorder.put(UPBIT_BTC, DAY + HOUR - 500, small(2));
  const counts = { market: UPBIT_BTC, frames: 10, changed: 6, repeats: 4 } as const;
  store.putCoverage({
    ...counts,
    minute: DAY,
    longestSilenceMs: 900,
    audits: 3,
    auditDifferences: 1,
  });
  store.putCoverage({
    ...counts,
    minute: DAY,
    longestSilenceMs: 400,
    audits: 1,
    auditDifferences: 0,
  });
  store.putCoverage({ ...counts, minute: DAY + 23 * HOUR, longestSilenceMs: 5, lateBooks: 2 });
  store.putCoverage({ ...counts, minute: DAY - 60_000, longestSilenceMs: 99_000 });
  const gap = { market: UPBIT_BTC, detail: null, attempts: 0 } as const;
  store.putGap({ ...gap, start: DAY - HOUR, end: DAY + HOUR, cause: 'DISCONNECTED' });
  store.putGap({ ...gap, start: DAY + 2 * HOUR, end: DAY + 3 * HOUR, cause: 'STALE' });
  store.putGap({ ...gap, start: DAY + 5 * HOUR, end: DAY + 6 * HOUR, cause: 'STALE' });
  await stored(store);
  await until(async () => (await store.reader.gapTotals({ exchange: 'UPBIT' })).count === 3);
  // Recorded all day, and for its second half.
  const session = await database.session();
  const { client } = session;
  for (const [symbol, start] of [
    ['BTC', DAY - HOUR],
    ['ETH', DAY + 12 * HOUR],
  ] as const) {
    const { id: marketId } = await client.market.findFirstOrThrow({ where: { symbol } });
    await client.recordingSpan.deleteMany({ where: { marketId } });
    await client.recordingSpan.create({ data: { marketId, start, end: DAY + 30 * HOUR } });
  }
  await session.close();
});
afterAll(async () => {
  await store.close();
  await database.remove();
});

it('draws each exchange as a strip: covered, in gaps, or before it was recorded', async () => {
  const strips = await store.reader.recordingStrips({
    from: DAY - 2 * HOUR,
    to: DAY + 14 * HOUR,
    slots: 8,
  });
  expect(strips.map(({ exchange }) => exchange)).toEqual(EXCHANGES);
  const upbit = strips.find(({ exchange }) => exchange === 'UPBIT')!;
  expect(upbit.recordedFrom).toBe(DAY - HOUR);
  // Two hours each; BTC from the second hour on, ETH in the last two.
  const hours = upbit.slots.map((s) => [s.recordedMs / HOUR, s.coveredMs / HOUR, s.gaps]);
  expect(hours).toEqual([
    [1, 0, 1],
    [2, 1, 1],
    [2, 1, 1],
    [2, 1, 1],
    [2, 2, 0],
    [2, 2, 0],
    [2, 2, 0],
    [4, 4, 0],
  ]);
  expect(upbit.slots[1]!.at).toBe(DAY);
  expect(upbit.causes).toEqual([
    { cause: 'DISCONNECTED', count: 1, ms: 2 * HOUR },
    { cause: 'STALE', count: 2, ms: 2 * HOUR },
  ]);
  const gopax = strips.find(({ exchange }) => exchange === 'GOPAX')!;
  expect(gopax).toMatchObject({ recordedFrom: null, causes: [] });
  expect(gopax.slots.every(({ recordedMs }) => recordedMs === 0)).toBe(true);
});

it('sums up what happened to each market in a day, the worst first', async () => {
  expect(await store.reader.dayReport(DAY)).toEqual({
    date: '2026-09-01',
    from: DAY,
    to: DAY + 24 * HOUR,
    clockSteps: 1,
    markets: [
      {
        market: UPBIT_BTC,
        recordedMs: 24 * HOUR,
        coveredMs: 21 * HOUR,
        percent: 87.5,
        frames: 30,
        changed: 18,
        repeats: 12,
        longestSilenceMs: 900,
        gaps: [
          { cause: 'STALE', count: 2, ms: 2 * HOUR },
          { cause: 'DISCONNECTED', count: 1, ms: HOUR },
        ],
        audits: 4,
        auditDifferences: 1,
        lateBooks: 2,
      },
      {
        market: UPBIT_ETH,
        recordedMs: 12 * HOUR,
        coveredMs: 12 * HOUR,
        percent: 100,
        frames: 0,
        changed: 0,
        repeats: 0,
        longestSilenceMs: 0,
        gaps: [],
        audits: 0,
        auditDifferences: 0,
        lateBooks: 0,
      },
    ],
  });
  expect(await store.reader.dayReport()).toMatchObject({ date: '2026-09-01' });
  expect(await store.reader.dayReport(DAY - 48 * HOUR)).toMatchObject({ markets: [] });
});

it('is of today as soon as a market is being recorded', async () => {
  const other = await newDatabase();
  const fresh = await openStore({ path: other.path, flushMs: 5 });
  try {
    expect(await fresh.reader.dayReport()).toBeNull();
    fresh.setRecording(UPBIT_BTC, true);
    await until(async () => (await fresh.reader.dayReport()) !== null);
    const report = await fresh.reader.dayReport();
    expect(report).toMatchObject({ date: dateOf(Date.now()), markets: [{ market: UPBIT_BTC }] });
  } finally {
    await fresh.close();
    await other.remove();
  }
});

it('is printed by its command', async () => {
  const run = (...args: string[]): Promise<{ code: number | null; out: string; err: string }> =>
    new Promise((resolve) => {
      const env = { ...process.env, ...settingsOf(path) };
      const child = execFile(process.execPath, [COMMAND, ...args], { env }, (_error, out, err) =>
        resolve({ code: child.exitCode, out, err }),
      );
    });
  const json = await run('--format', 'json');
  expect([json.code, JSON.parse(json.out)]).toEqual([0, await store.reader.dayReport(DAY)]);
  const { out } = await run('--date', '2026-09-01');
  const lines = out.split('\n');
  expect(lines[0]).toBe('# Recording of 2026-09-01 (UTC)');
  expect(lines).toContain(
    '| UPBIT:BTC-KRW | 87.500 | 24.00 h | 30 | 18 | 12 | 2 × STALE 7200 s, 1 × DISCONNECTED 3600 s | 0.9 s | 3 / 1 | 2 |  |',
  );
  const widths = lines.filter((line) => line.startsWith('|')).map((line) => line.split('|').length);
  expect(new Set(widths).size).toBe(1);
  expect(await run('--date', '2026-08-29')).toEqual({
    code: 0,
    out: 'Nothing was recorded on 2026-08-29 (UTC).\n',
    err: '',
  });
  for (const args of [
    ['--date', '2026-02-30'],
    ['--date', '2999-01-01'],
    ['--format', 'xml'],
  ]) {
    const { code, err } = await run(...args);
    expect([code, err]).toEqual([2, expect.stringMatching(/^report: --\w+ is "[^\n]+\n$/)]);
  }
});

it.each(['2026-02-30', '2026-9-1', 'today', '2026-09-01T00:00:00Z'])('%s is no day', (text) => {
  expect(dayStart(text)).toBeNull();
});
