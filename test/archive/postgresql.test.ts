import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { archiveClosedDays } from '../../src/archive/archive.js';
import { archivedDays } from '../../src/archive/keeper.js';
import { openStore } from '../../src/store/store.js';
import { Writer } from '../../src/store/writer.js';
import type { StoreReader } from '../../src/store/reader-types.js';
import { describeWithPostgres, serverDatabase } from '../store/engines.js';
import {
  Recorder,
  small,
  stored,
  temporaryFolder,
  UPBIT_BTC,
  UPBIT_ETH,
  withStore,
} from '../store/support.js';
import { trade } from '../store/trade-support.js';
import { eventually } from '../helpers/wait.js';
import { check } from './support.js';

const DAY_MS = 86_400_000;
/** The day before yesterday and the two before: over, but not for long. */
const TODAY = Date.now() - (Date.now() % DAY_MS);
const FIRST = TODAY - 4 * DAY_MS;

/** All books and trades, as text. */
async function history(reader: StoreReader): Promise<string[]> {
  const lines: string[] = [];
  for (const shape of ['books', 'trades'] as const) {
    const options = { exchanges: ['UPBIT'], shape, format: 'ndjson' } as const;
    let text = '';
    for await (const chunk of reader.exportText(options)) text += chunk;
    lines.push(...text.split('\n').sort());
  }
  return lines;
}

describeWithPostgres('the archive of a database of PostgreSQL', () => {
  it('has its days before they are deleted, and answers for them then', async () => {
    const folder = await temporaryFolder();
    const archive = join(folder.path, 'archive');
    const database = await serverDatabase('template_recorder');
    const { path } = database;
    try {
      const before = await withStore({ path, snapshotEveryMs: 0 }, async (store) => {
        const recorder = new Recorder(store);
        for (let day = 0; day <= 4; day++) {
          const at = FIRST + day * DAY_MS;
          for (let i = 0; i < 20; i++) {
            recorder.put(i % 2 === 0 ? UPBIT_BTC : UPBIT_ETH, at + i, small(day * 20 + i));
            const sequence = store.sequences.next();
            store.putTrade(trade({ sequence, exchangeTimestamp: at + i, timestamp: at + i }));
          }
          await stored(store);
        }
        return history(store.reader);
      });
      const options = {
        path,
        archivePath: archive,
        archived: () => archivedDays(archive),
        retentionDays: 1,
        flushMs: 5,
      };
      let retired = 0;
      // Nothing is archived yet: nothing may go.
      const writer = new Writer({ path });
      await writer.open(1_000);
      const limit = await writer.archivedBound(await options.archived());
      expect(await writer.retireBefore(TODAY - DAY_MS, Date.now(), null)).not.toBeNull();
      expect(await writer.retireBefore(TODAY - DAY_MS, Date.now(), limit)).toBeNull();
      await writer.close(1_000);

      const task = { folder: archive, dbPath: path, afterDays: 0, now: Date.now() };
      expect(await archiveClosedDays(task, () => undefined)).toBe(4);
      const days = await check(archive, path);
      expect(days.map(({ problems, database }) => [problems, database])).toEqual(
        days.map(() => [[], 'equal']),
      );
      const store = await openStore(options);
      try {
        store.onRetired(({ books }) => (retired += books));
        await eventually(
          async () => retired,
          (books) => books > 30,
          'the archived days deleted',
        );
        expect(await history(store.reader)).toEqual(before);
        const found = await store.reader.bookAt(UPBIT_BTC, FIRST + 1);
        expect(found).toMatchObject({ timestamp: FIRST, asks: small(0).asks });
      } finally {
        await store.close();
      }
    } finally {
      await database.remove();
      await folder.remove();
    }
  });
});
