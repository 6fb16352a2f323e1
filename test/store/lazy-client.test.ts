import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import { SqliteSession } from '../../src/store/engine/sqlite/session.js';
import { Reader } from '../../src/store/reader.js';
import { exported } from '../archive/exported.js';
import { DAY, DAY_MS, recordDays } from '../archive/support.js';
import { temporaryFolder, UPBIT_BTC } from './support.js';

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let path: string;
beforeAll(async () => {
  folder = await temporaryFolder();
  path = join(folder.path, 'books.db');
  await recordDays(path, 1);
});
afterAll(() => folder.remove());

it('answers what an export and a past book ask without loading the engine of Prisma', async () => {
  const client = jest.spyOn(SqliteSession.prototype, 'client', 'get');
  const reader = new Reader({ path });
  try {
    const window = { from: DAY, to: DAY + DAY_MS };
    for (const shape of ['rows', 'books', 'top', 'gaps', 'incremental_book_L2'] as const) {
      const format = shape === 'incremental_book_L2' ? 'csv' : 'ndjson';
      const text = await exported(reader, { exchanges: ['UPBIT'], shape, format, ...window });
      expect(text.split('\n').length).toBeGreaterThan(1);
    }
    const every = { shape: 'top', format: 'ndjson', every: 60_000, ...window } as const;
    await exported(reader, { exchanges: ['UPBIT'], ...every });
    expect(await reader.markets('UPBIT')).toMatchObject([UPBIT_BTC, { symbol: 'ETH' }]);
    expect(await reader.bookAt(UPBIT_BTC, DAY + DAY_MS / 2)).toMatchObject({ market: UPBIT_BTC });
    expect(await reader.gapTotals({ exchange: 'UPBIT' })).toMatchObject({
      count: 1,
      longest: { market: UPBIT_BTC, cause: 'STALE' },
      longestMs: 1_000,
    });
    expect(client).not.toHaveBeenCalled();
    // What asks by it still has it.
    expect(await reader.exchanges()).toHaveLength(5);
    expect(client).toHaveBeenCalled();
  } finally {
    await reader.close();
    client.mockRestore();
  }
});
