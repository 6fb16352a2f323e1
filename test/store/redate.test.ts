import { expect, it } from '@jest/globals';
import { openStore } from '../../src/store/store.js';
import { newDatabase } from './engines.js';
import { Recorder, small, stored, UPBIT_BTC, withStore } from './support.js';

const HOUR = 3_600_000;
const MINUTE = 60_000;
const T = 1_790_000_040_000 - (1_790_000_040_000 % MINUTE);
const counts = { frames: 2, changed: 1, repeats: 1, longestSilenceMs: 5 };

async function gapsAfter(byMs: number | null): Promise<unknown[]> {
  const database = await newDatabase();
  const { path } = database;
  try {
    await withStore({ path }, async (store) => {
      const gap = (start: number, end: number | null): void =>
        store.putGap({
          market: UPBIT_BTC,
          start: T + start,
          end: end === null ? null : T + end,
          cause: 'STALE',
          detail: null,
          attempts: 0,
        });
      gap(-500, -400);
      gap(-300, HOUR + 2_000);
      gap(HOUR + 3_000, HOUR + 4_000);
      gap(HOUR + 5_000, null);
      // What the collector says of that one since the clock was set.
      gap(5_000, 6_000);
      for (const minute of [T - MINUTE, T + HOUR, T + HOUR - MINUTE])
        store.putCoverage({ market: UPBIT_BTC, minute, ...counts });
      store.redate({ after: T + 7_000, byMs });
      // Dated by the clock that is right now, and written with the same batch.
      gap(8_000, 9_000);
      await stored(store);
    });
    const session = await database.session();
    const { client } = session;
    const gaps = await client.gap.findMany({ orderBy: { start: 'asc' } });
    const minutes = await client.coverage.findMany({ orderBy: { minute: 'asc' } });
    await session.close();
    return [
      gaps.map(({ start, end }) => [Number(start) - T, end === null ? null : Number(end) - T]),
      minutes.map(({ minute, frames }) => [(Number(minute) - T) / MINUTE, frames]),
    ];
  } finally {
    await database.remove();
  }
}

it('moves back what a clock that was ahead has dated, and keeps what was said since', async () => {
  expect(await gapsAfter(-HOUR)).toEqual([
    [
      [-500, -400],
      [-300, 2_000],
      [3_000, 4_000],
      [5_000, 6_000],
      [8_000, 9_000],
    ],
    [
      [-1, 4],
      [0, 2],
    ],
  ]);
});

it('cuts it where nobody knows by how much', async () => {
  expect(await gapsAfter(null)).toEqual([
    [
      [-500, -400],
      [-300, 7_000],
      [5_000, 6_000],
      [8_000, 9_000],
    ],
    [[-1, 2]],
  ]);
});

it.each([
  [-HOUR, ['0-5000 UNPROVEN', '5000-6000 GAP', '6000-9000 UNPROVEN']],
  [null, ['0-7000 UNPROVEN', '8000-9000 GAP']],
] as const)(
  'dates spans of trades again by %s ms, in their place among what is said of them',
  async (byMs, wanted) => {
    const database = await newDatabase();
    try {
      await withStore({ path: database.path }, async (store) => {
        const span = (start: number, end: number, gap = false): void =>
          store.putTradeSpan({
            market: UPBIT_BTC,
            start: T + start,
            end: T + end,
            completeness: gap ? 'GAP' : 'UNPROVEN',
            cause: gap ? 'STALE' : null,
            detail: null,
            checked: false,
          });
        span(0, byMs === null ? 20_000 : 4_000);
        if (byMs !== null) {
          span(HOUR + 4_000, HOUR + 5_000);
          span(HOUR + 5_000, HOUR + 6_000, true);
          span(HOUR + 6_000, HOUR + 7_000);
        }
        // One part is stored before, the other with the same batch.
        if (byMs === null) await stored(store);
        store.redate({ after: T + 7_000, byMs });
        // By the clock that is right now.
        if (byMs === null) span(8_000, 9_000, true);
        else span(7_000, 9_000);
        await stored(store);
        const { items } = await store.reader.tradeSpans({ market: UPBIT_BTC, limit: 9 });
        expect(items.map((one) => `${one.start - T}-${one.end - T} ${one.completeness}`)).toEqual(
          wanted,
        );
      });
    } finally {
      await database.remove();
    }
  },
);

it('takes a sign of life ahead of the clock for none, and the newest book that is not for the last', async () => {
  const database = await newDatabase();
  const { path } = database;
  const now = Date.now();
  try {
    const ahead = now + HOUR;
    await withStore({ path, now: () => ahead }, async (store) => {
      const recorder = new Recorder(store);
      recorder.put(UPBIT_BTC, now - 5_000, small(1));
      recorder.put(UPBIT_BTC, now - 4_000, small(2));
      recorder.put(UPBIT_BTC, ahead, small(3));
      await stored(store);
    });
    const session = await database.session();
    await session.client.$executeRawUnsafe(
      `UPDATE state SET value = ${ahead} WHERE key = 'heartbeat'`,
    );
    await session.close();
    const store = await openStore({ path });
    expect(store.previousHeartbeat).toBe(now - 4_000);
    expect(store.heartbeatAhead).toBe(ahead);
    await store.close();
  } finally {
    await database.remove();
  }
});
