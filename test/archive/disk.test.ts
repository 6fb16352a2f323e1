import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { ArchiveKeeper } from '../../src/archive/keeper.js';
import { rowsOfDay } from '../../src/parquet/manifest.js';
import { until } from '../helpers/wait.js';
import { temporaryFolder } from '../store/support.js';
import { archiveAll, check, LATER, recordDays } from './support.js';

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let db: string;
let archive: string;
let mounted = false;
let keeper: ArchiveKeeper | undefined;

beforeEach(async () => {
  folder = await temporaryFolder();
  db = join(folder.path, 'books.db');
  archive = join(folder.path, 'archive');
});
afterEach(async () => {
  keeper?.close();
  if (mounted) execFileSync('umount', [archive]);
  mounted = false;
  await folder.remove();
});

/** Lets the archive be a small disk of its own; false where that is not allowed (not root). */
function mount(options: string): boolean {
  try {
    mkdirSync(archive, { recursive: true });
    const remount = mounted ? `remount,${options}` : options;
    execFileSync('mount', ['-t', 'tmpfs', '-o', remount, 'tmpfs', archive], { stdio: 'ignore' });
    return (mounted = true);
  } catch {
    console.warn('skipped: only root can mount the disk that this test needs');
    return false;
  }
}

it('says that the disk is full, archives nothing of the day, and goes on when there is room', async () => {
  if (!mount('size=300k')) return;
  await recordDays(db, 2, 3_000);
  const ballast = join(archive, 'ballast');
  writeFileSync(ballast, Buffer.alloc(200 * 1024));
  await expect(archiveAll(archive, db, 100_000)).rejects.toThrow(
    /the disk is full; free some space/,
  );
  rmSync(ballast);
  expect(mount('size=32m')).toBe(true);
  expect((await archiveAll(archive, db, 100_000)).map((day) => rowsOfDay(day, 'books'))).toEqual([
    3_000, 3_000,
  ]);
  expect((await check(archive, db)).flatMap(({ problems }) => problems)).toEqual([]);
});

it('says that the disk is read-only', async () => {
  if (!mount('size=32m')) return;
  await recordDays(db, 1);
  expect(mount('ro')).toBe(true);
  await expect(archiveAll(archive, db)).rejects.toThrow(/read-only/);
});

it('tells once why it fails, while its folder cannot be had, and that it works again', async () => {
  await recordDays(db, 1);
  const told: (string | null)[] = [];
  const days: string[] = [];
  // A file lies where the disk of the archive should be.
  writeFileSync(archive, '');
  keeper = new ArchiveKeeper(
    {
      folder: join(archive, 'orderbook'),
      dbPath: db,
      afterDays: 1,
      now: () => LATER,
      firstMs: 1,
      retryMs: 50,
    },
    { onDay: ({ date }) => days.push(date), onFailure: (reason) => told.push(reason) },
  );
  await until(() => told.length > 0, 'the failure', 30_000);
  expect(told).toEqual([
    expect.stringMatching(/orderbook cannot be used: there is a file where a folder must be/),
  ]);
  await rename(archive, `${archive}-away`);
  await until(() => told.length > 1, 'the recovery', 30_000);
  expect(told.slice(1)).toEqual([null]);
  expect(days[0]).toBe('2026-03-01');
}, 90_000);
