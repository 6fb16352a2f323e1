import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll } from '@jest/globals';
import { archivedDays } from '../../src/archive/keeper.js';
import { compareAllTrades, type Trade } from '../../src/market/trade.js';
import { archivedBound } from '../../src/store/archived.js';
import { Retirement } from '../../src/store/retire.js';
import type { Store } from '../../src/store/store-types.js';
import {
  GOPAX_BTC,
  Recorder,
  seeded,
  sessionOn,
  stored,
  temporaryFolder,
  UPBIT_BTC,
  UPBIT_ETH,
  walk,
  withStore,
} from '../store/support.js';
import { many, T0, trade } from '../store/trade-support.js';
import { DAY, DAY_MS, LATER, recordDays } from './support.js';

/** A trade as if it had been received in the days of the archive's tests. */
export const moved = (one: Trade, by: number): Trade => ({
  ...one,
  exchangeTimestamp: one.exchangeTimestamp - T0 + by,
  timestamp: one.timestamp - T0 + by,
  messageTimestamp: one.messageTimestamp === null ? null : one.messageTimestamp - T0 + by,
});

/** Puts trades batch by batch, so that most are packed. */
export async function put(store: Store, trades: readonly Trade[]): Promise<void> {
  for (let i = 0; i < trades.length; i += 160) {
    for (const one of trades.slice(i, i + 160)) store.putTrade(one);
    await stored(store);
  }
}

/** What {@link recordTrades} has recorded, once a test file. */
let recorded: Promise<{ readonly path: string; readonly trades: readonly Trade[] }> | undefined;
const folders: { remove(): Promise<void> }[] = [];
afterAll(() => Promise.all(folders.map((folder) => folder.remove())));

/**
 * A database of its own with books of three days and trades of three markets on each; on the last day a hole of the first is
 * filled, and the last trade of a quiet market on record is half a year old.
 */
export async function recordTrades(db: string): Promise<Trade[]> {
  recorded ??= temporaryFolder().then(async (folder) => {
    folders.push(folder);
    const path = join(folder.path, 'recorded.db');
    return { path, trades: await record(path) };
  });
  const { path, trades } = await recorded;
  await copyFile(path, db);
  return [...trades];
}

async function record(db: string): Promise<Trade[]> {
  await recordDays(db, 3);
  const all: Trade[] = [];
  await withStore({ path: db }, async (store) => {
    const next = (): number => store.sequences.next();
    for (let day = 0; day < 3; day++) {
      for (const [i, market] of [UPBIT_BTC, UPBIT_ETH, GOPAX_BTC].entries()) {
        const ofDay = many(230, next, seeded(day * 3 + i)).map((one) => ({
          ...moved(one, DAY + day * DAY_MS + i * 1_000),
          market,
          resolutionMs: market === GOPAX_BTC ? 1000 : 1,
        }));
        all.push(...ofDay);
      }
    }
    await put(store, all);
    const late = (time: number, part: Partial<Trade>): Trade => ({
      ...moved(trade({ sequence: next(), exchangeTimestamp: T0 }), time),
      timestamp: DAY + 2 * DAY_MS + 5_000,
      ...part,
    });
    const old = [
      ...Array.from({ length: 5 }, (_, i) =>
        late(DAY + i, { origin: 'BACKFILL', tradeId: `${i}` }),
      ),
      late(DAY - 180 * DAY_MS, { market: UPBIT_ETH, origin: 'SNAPSHOT', messageTimestamp: null }),
      late(DAY + 7, {
        tradeId: 'x "y", z',
        side: 'sell',
        price: '0.000000012',
        volume: '123456789.5',
      }),
    ];
    await put(store, old);
    all.push(...old);
    // A book behind them all: by books retention knows which sequences are old.
    new Recorder(store).put(UPBIT_BTC, DAY + 3 * DAY_MS - 1, walk(seeded(1), null));
    await stored(store);
  });
  return all.sort(compareAllTrades);
}

/** Deletes what is archived, as retention does: books, trades, and what is known of them. */
export async function retireArchived(db: string, archive: string): Promise<void> {
  const session = await sessionOn(db);
  try {
    const limit = await archivedBound(session, await archivedDays(archive));
    const retirement = new Retirement(session);
    const bound = await retirement.before(LATER, LATER, limit);
    for (let cursor: number | null = 0; cursor !== null && bound !== null;) {
      cursor = (await retirement.step(bound, cursor)).cursor;
    }
    if (bound !== null) await retirement.coverage(bound.time);
  } finally {
    await session.close();
  }
}
