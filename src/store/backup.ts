import { cp, rename, rm, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { toDisk } from '../parquet/durable-file.js';
import { MANIFESTS } from '../parquet/layout.js';
import { archivedDates, readManifest } from '../parquet/manifest.js';
import { makeFolder, makePrivateFile } from '../util/make-folder.js';
import {
  type Connection,
  executeWith,
  openConnection,
  queryRows,
} from './engine/sqlite/connection.js';
import { checkReadable } from './engine/sqlite/database.js';
import { canonicalPath } from './engine/sqlite/paths.js';
import { failureText, StoreError } from './errors.js';

/** A completed and verified copy. */
export interface Backup {
  readonly bytes: number;
  /** Rows of stored books: whole ones and deltas. */
  readonly books: number;
  /** Sequence of the newest of them; 0 when there is none. */
  readonly newest: number;
  /** Days whose manifests are beside the copy; null if there is no archive. */
  readonly archivedDays: number | null;
}

/**
 * Takes a consistent copy of the database, even while a recorder is writing, verifies it, and only
 * then gives it its name. The copy is compacted and needs no log beside it. The manifests of the
 * archive, which record what the database no longer has, are copied to `file`.archive.
 * @param file must not exist yet
 * @param archive folder of the archive; empty for none
 * @throws {StoreError} with one line; no file of that name exists then
 */
export async function backUp(database: string, file: string, archive = ''): Promise<Backup> {
  const source = await canonicalPath(database);
  await checkReadable(source);
  const manifests = `${resolve(file)}.archive`;
  const refuseBoth = async (): Promise<void> => {
    await refuseTaken(file);
    if (archive !== '') await refuseTaken(manifests);
  };
  await refuseBoth();
  const part = `${resolve(file)}.part`;
  const manifestsPart = `${manifests}.part`;
  const clear = (): Promise<unknown> =>
    Promise.all([part, manifestsPart].map((path) => rm(path, { recursive: true, force: true })));
  try {
    // Left by an earlier, interrupted backup.
    await clear();
    makePrivateFile(part);
    await using(source, (connection) => executeWith(connection, 'VACUUM INTO ?', [part]));
    const backup = await readBack(part);
    await toDisk(part);
    // After the database: what it had deleted by then was archived before.
    const archivedDays = archive === '' ? null : await copyManifests(archive, manifestsPart);
    // Checked again, so that a file created meanwhile is not overwritten.
    await refuseBoth();
    if (archivedDays !== null) await rename(manifestsPart, manifests);
    await rename(part, file);
    await toDisk(dirname(resolve(file)));
    return { ...backup, archivedDays };
  } catch (error) {
    await clear().catch(() => undefined);
    if (error instanceof StoreError) throw error;
    throw new StoreError(`${file} cannot be written: ${failureText(error)}`);
  }
}

async function refuseTaken(file: string): Promise<void> {
  const taken = await stat(file).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw new StoreError(`${file} cannot be inspected: ${failureText(error)}`);
  });
  if (taken !== null) {
    const what = taken.isDirectory()
      ? `is a folder; name a file in it`
      : 'exists; name another file';
    throw new StoreError(`${file} ${what}; nothing is overwritten`);
  }
}

async function using<T>(path: string, work: (connection: Connection) => Promise<T>): Promise<T> {
  const connection = await openConnection(path, { readonly: true });
  try {
    return await work(connection);
  } finally {
    await connection.dispose();
  }
}

/** Verifies a copy: every page and index, and the number of books. */
async function readBack(path: string): Promise<Omit<Backup, 'archivedDays'>> {
  return using(path, async (connection) => {
    const check = (await queryRows(connection, 'PRAGMA integrity_check')).flat();
    if (check.join() !== 'ok') {
      throw new StoreError(`the copy is damaged: ${check.slice(0, 3).join('; ')}`);
    }
    const [row] = await queryRows(
      connection,
      'SELECT count(*), coalesce(max(sequence), 0) FROM book',
    );
    const { size: bytes } = await stat(path);
    return { bytes, books: Number(row![0]), newest: Number(row![1]) };
  });
}

/** Copies the manifests of an archive and verifies them. @returns how many there are */
async function copyManifests(archive: string, to: string): Promise<number> {
  makeFolder(to);
  const dates = await archivedDates(archive);
  for (const date of dates) {
    const place = join(MANIFESTS, `date=${date}`);
    await cp(join(archive, place), join(to, place), { recursive: true });
    await readManifest(to, date);
  }
  return dates.length;
}
