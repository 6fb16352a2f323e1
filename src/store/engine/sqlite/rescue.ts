import { open, rename, rm, statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { makePrivateFile } from '../../../util/make-folder.js';
import { prepareFolder } from './database.js';
import { DATABASE_LOST, StoreError } from '../../errors.js';
import type { FileFate } from './file-watch.js';
import type { Sqlite } from './sqlite.js';
import { gigabytes } from '../../../util/gigabytes.js';

/** The error for a write to a database whose files were taken away. */
export function lostError(lost: readonly { path: string; fate: FileFate }[]): StoreError {
  const { path, fate } = lost[0]!;
  const what = fate === 'gone' ? 'was removed or moved away' : 'was replaced by another file';
  return new StoreError(
    `${path} ${what} while it is open; its contents are still there and will be restored`,
    DATABASE_LOST,
  );
}

const copyPath = (path: string): string => `${path}.rescue`;

/**
 * Makes a complete copy of an open database of which only the open file may be left.
 * @param usedBytes size of the copy
 * @throws {StoreError} when there is no space for it
 */
export async function copyOpen(sqlite: Sqlite, path: string, usedBytes: number): Promise<void> {
  await prepareFolder(path, false);
  const copy = copyPath(path);
  await rm(copy, { force: true });
  const disk = await statfs(dirname(path));
  if (disk.bavail * disk.bsize < usedBytes) {
    throw new StoreError(
      `the files of ${path} were taken away while it is open, and there is no space to restore it; free ${gigabytes(usedBytes)} GB, or restart to begin a new one`,
    );
  }
  makePrivateFile(copy);
  sqlite.execute('VACUUM INTO ?', [copy]);
  const file = await open(copy, 'r+');
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}

/**
 * Before the database is closed: moves away what others put in place of its files, since closing it
 * deletes the log of that name.
 * @returns the new name of a file that was in its place, or null
 */
export async function setAside(
  path: string,
  lost: readonly { path: string; fate: FileFate }[],
): Promise<string | null> {
  const aside = `${path}.replaced-${new Date().toISOString().replace(/[^0-9]/g, '')}`;
  let name: string | null = null;
  for (const file of lost) {
    if (file.fate !== 'replaced') continue;
    const to = aside + file.path.slice(path.length);
    await rename(file.path, to);
    if (file.path === path) name = to;
  }
  return name;
}

/** After it is closed: moves the copy into place. What is left of the old log belongs to no file. */
export async function putBack(path: string): Promise<void> {
  for (const suffix of ['-wal', '-shm']) await rm(path + suffix, { force: true });
  await rename(copyPath(path), path);
}
