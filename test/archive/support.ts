import { archiveClosedDays } from '../../src/archive/archive.js';
import { type CheckedDay, checkArchive } from '../../src/archive/check.js';
import type { Manifest } from '../../src/parquet/manifest.js';
import type { Market } from '../../src/market/market.js';
import {
  Recorder,
  seeded,
  stored,
  walk,
  withStore,
  UPBIT_BTC,
  UPBIT_ETH,
  GOPAX_BTC,
} from '../store/support.js';
import { openSqlite } from './sqlite.js';
import type { Sides } from '../../src/market/order-book.js';

/** The first recorded day of the tests, and what follows. */
export const DAY = Date.parse('2026-03-01T00:00:00Z');
export const DAY_MS = 86_400_000;
/** A present in which the first days are long over. */
export const LATER = DAY + 5 * DAY_MS;

/** Records some books of three markets on each of some days; an empty one among them. */
export async function recordDays(path: string, days: number, booksADay = 60): Promise<void> {
  const random = seeded(7);
  await withStore({ path, snapshotEveryMs: 3_600_000 }, async (store) => {
    const recorder = new Recorder(store);
    const books = new Map<Market, Sides>();
    for (let day = 0; day < days; day++) {
      for (let i = 0; i < booksADay; i++) {
        const market = [UPBIT_BTC, UPBIT_ETH, GOPAX_BTC][i % 3]!;
        const time = DAY + day * DAY_MS + Math.floor((i * DAY_MS) / booksADay);
        // An empty book is a book, too.
        const next =
          i % 29 === 28 ? { asks: [], bids: [] } : walk(random, books.get(market) ?? null);
        books.set(market, next);
        recorder.put(market, time, next, { exchangeTimestamp: i % 2 === 0 ? time - 5 : null });
      }
      store.putGap({
        market: UPBIT_BTC,
        start: DAY + day * DAY_MS + 1_000,
        end: DAY + day * DAY_MS + 2_000,
        cause: 'STALE',
        detail: `it's quiet`,
        attempts: 1,
      });
      const minute = DAY + day * DAY_MS + 60_000;
      store.putCoverage({
        market: UPBIT_BTC,
        minute,
        frames: 5,
        changed: 3,
        repeats: 2,
        longestSilenceMs: 9,
      });
    }
    await stored(store);
  });
  openSqlite(path, (sqlite) =>
    sqlite.execute('INSERT INTO recording_span SELECT id, ?, ? FROM market', [
      BigInt(DAY),
      BigInt(DAY + days * DAY_MS),
    ]),
  );
}

/** Archives all that is over. */
export async function archiveAll(
  folder: string,
  dbPath: string,
  maxStaged = 17,
): Promise<Manifest[]> {
  const manifests: Manifest[] = [];
  const task = { folder, dbPath, afterDays: 1, now: LATER, maxStaged };
  await archiveClosedDays(task, ({ manifest }) => manifests.push(manifest));
  return manifests;
}

/** Looks at all days of the archive. */
export async function check(folder: string, dbPath: string | null): Promise<CheckedDay[]> {
  const days: CheckedDay[] = [];
  for await (const day of checkArchive(folder, dbPath)) days.push(day);
  return days;
}
