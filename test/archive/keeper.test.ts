import { statfsSync } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { ArchiveKeeper } from '../../src/archive/keeper.js';
import { until } from '../helpers/wait.js';
import { temporaryFolder } from '../store/support.js';
import { LATER, recordDays } from './support.js';

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let keeper: ArchiveKeeper | undefined;
beforeEach(async () => {
  folder = await temporaryFolder();
});
afterEach(async () => {
  keeper?.close();
  await folder.remove();
});

it('knows how large the archive is, and how much room it has', async () => {
  const dbPath = join(folder.path, 'books.db');
  const archive = join(folder.path, 'archive');
  await recordDays(dbPath, 2);
  let failure: string | null = null;
  keeper = new ArchiveKeeper(
    { folder: archive, dbPath, afterDays: 1, now: () => LATER, firstMs: 1 },
    { onDay: () => undefined, onFailure: (reason) => (failure = reason) },
  );
  expect(keeper.stats).toMatchObject({ allDays: null, bytes: null });
  await until(() => keeper!.stats.bytes !== null, 'the size of the archive', 60_000);
  expect(failure).toBeNull();
  const files = (await readdir(archive, { recursive: true })).filter((f) => f.endsWith('.parquet'));
  const sizes = await Promise.all(files.map(async (f) => (await stat(join(archive, f))).size));
  expect(keeper.stats.bytes).toBe(sizes.reduce((a, b) => a + b, 0));
  expect(keeper.stats.allDays).toBe(keeper.stats.days);
  keeper.close();
  // Looked at when it begins, where there is an archive already.
  keeper = new ArchiveKeeper(
    { folder: archive, dbPath, afterDays: 1, now: () => LATER },
    { onDay: () => undefined, onFailure: () => undefined },
  );
  await until(() => keeper!.stats.freeBytes !== null, 'the free space');
  const disk = statfsSync(archive);
  expect(keeper.stats.freeBytes).toBeLessThanOrEqual(disk.blocks * disk.bsize);
}, 90_000);
