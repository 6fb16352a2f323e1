import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { prepareDatabase } from '../../src/store/engine/sqlite/database.js';
import { rowsOfDay } from '../../src/parquet/manifest.js';
import { Reader } from '../../src/store/reader.js';
import { temporaryFolder } from '../store/support.js';
import { exported } from './exported.js';
import { openSqlite } from './sqlite.js';
import { archiveAll, DAY, recordDays } from './support.js';

it('archives a day of whole books in bounded memory', async () => {
  const folder = await temporaryFolder();
  try {
    const whole = join(folder.path, 'whole.db');
    await recordDays(whole, 1, 3);
    const count = 150_000;
    const side = JSON.stringify(
      Array.from({ length: 30 }, (_, k) => [String(100_000_000 + k), '1.23456789']),
    );
    openSqlite(whole, (sqlite) =>
      sqlite.script(`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${count})
        INSERT INTO book SELECT 100 + i, 1, ${DAY} + 80000000 + i, NULL, 100 + i,
          replace('${side}', '1.23456789', '1.' || (i % 7919 + 1) || '7'), '[["9","' || i || '"]]' FROM n`),
    );
    // With the bounds of the recorder's own process.
    const [manifest] = await archiveAll(join(folder.path, 'archive'), whole, 1e9);
    expect(rowsOfDay(manifest!, 'books')).toBe(count + 3);
  } finally {
    await folder.remove();
  }
});

it('reads a day of a busy market in pieces', async () => {
  const folder = await temporaryFolder();
  try {
    const busy = join(folder.path, 'busy.db');
    await recordDays(busy, 1, 3);
    const count = 130_000;
    openSqlite(busy, (sqlite) =>
      sqlite.script(`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${count})
        INSERT INTO book SELECT 100 + i, 1, ${DAY} + 80000000 + i, NULL, 101, '[["10","1"]]', '[["9","' || i || '"]]' FROM n`),
    );
    const busyArchive = join(folder.path, 'busy-archive');
    await archiveAll(busyArchive, busy, 100_000);
    const empty = join(folder.path, 'empty.db');
    await prepareDatabase(empty);
    const reader = new Reader({ path: empty, archivePath: busyArchive });
    const options = { exchanges: ['UPBIT'], symbol: 'BTC', shape: 'top', format: 'csv' } as const;
    const lines = (await exported(reader, options)).trim().split('\n');
    await reader.close();
    expect(lines).toHaveLength(1 + 1 + count);
    expect(lines.at(-1)).toMatch(new RegExp(`,9,${count},10,1,`));
  } finally {
    await folder.remove();
  }
});
