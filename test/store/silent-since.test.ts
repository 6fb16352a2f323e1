import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { Reader } from '../../src/store/reader.js';
import { openStore } from '../../src/store/store.js';
import { newDatabase, settingsOf, type TestDatabase } from './engines.js';
import { exportHere } from './exports.js';
import { Recorder, small, stored, UPBIT_BTC } from './support.js';

// A recorder recorded a market for ten seconds, and has not run since.
const DAY = Date.UTC(2026, 8, 1);
const START = DAY + 3_600_000;
const LAST = START + 10_000;

let database: TestDatabase;

beforeAll(async () => {
  database = await newDatabase();
  const store = await openStore({ path: database.path, flushMs: 5 });
  new Recorder(store).put(UPBIT_BTC, START, small(1));
  store.setRecording(UPBIT_BTC, true, START);
  await stored(store);
  await store.close();
  const session = await database.session();
  await session.client.recordingSpan.deleteMany();
  const { id: marketId } = await session.client.market.findFirstOrThrow({
    where: { symbol: 'BTC' },
  });
  await session.client.recordingSpan.create({ data: { marketId, start: START } });
  await session.client.state.update({ where: { key: 'heartbeat' }, data: { value: LAST } });
  await session.close();
});
afterAll(() => database.remove());

it('gives no book for a time after the last sign of life', async () => {
  const window = ['--from', `${START}`, '--to', `${START + 20_000}`];
  const args = ['UPBIT', '--shape', 'top', '--every', '5000', '--format', 'ndjson', '--strict'];
  const { code, out, err } = await exportHere([...args, ...window], settingsOf(database.path));
  const lines = out.trimEnd().split('\n');
  const held = lines.map((line) => (JSON.parse(line) as { mid: string | null }).mid !== null);
  expect(held).toEqual([true, true, true, false]);
  expect(err).toContain(
    'note: the recorder has not run since 2026-09-01T01:00:10.000Z; the time from then on becomes a gap',
  );
  expect(code).toBe(3);
});

it('counts no time after it as recorded', async () => {
  const reader = new Reader({ path: database.path });
  try {
    expect(await reader.silentSince()).toBe(LAST);
    const recorded = { recordedMs: 10_000, coveredMs: 10_000 };
    const totals = await reader.coverage({ market: UPBIT_BTC, from: DAY, to: DAY + 86_400_000 });
    expect(totals).toMatchObject(recorded);
    const report = { date: '2026-09-01', markets: [recorded] };
    expect(await reader.dayReport()).toMatchObject(report);
    const strips = await reader.recordingStrips({ from: DAY, to: DAY + 86_400_000, slots: 1 });
    const upbit = strips.find(({ exchange }) => exchange === 'UPBIT')!;
    expect(upbit.slots).toMatchObject([recorded]);
  } finally {
    await reader.close();
  }
});
