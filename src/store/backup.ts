import { open, rename, rm, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { makePrivateFile } from '../util/make-folder.js';
import { type Connection, executeWith, openConnection, queryRows } from './connection.js';
import { canonicalPath, checkReadable } from './database.js';
import { failureText, StoreError } from './errors.js';

/** A copy that was made and read back. */
export interface Backup {
  readonly bytes: number;
  /** Rows of the stored books: whole ones and changes. */
  readonly books: number;
  /** Sequence of the newest of them; 0 when there is none. */
  readonly newest: number;
}

/**
 * Copies the database to `file` as it is at one moment, also while a recorder writes it, reads the
 * copy back, and only then gives it its name. The copy is as compact as can be and needs no log beside it.
 * @param file what must not exist yet
 * @throws {StoreError} in one line; then there is no file of that name
 */
export async function backUp(database: string, file: string): Promise<Backup> {
  const source = await canonicalPath(database);
  await checkReadable(source);
  await refuseTaken(file);
  const part = `${resolve(file)}.part`;
  try {
    // What an earlier, interrupted backup left.
    await rm(part, { force: true });
    makePrivateFile(part);
    await using(source, (connection) => executeWith(connection, 'VACUUM INTO ?', [part]));
    const backup = await readBack(part);
    await toDisk(part);
    // A file that came meanwhile is not overwritten for want of a look.
    await refuseTaken(file);
    await rename(part, file);
    await toDisk(dirname(resolve(file)));
    return backup;
  } catch (error) {
    await rm(part, { force: true }).catch(() => undefined);
    if (error instanceof StoreError) throw error;
    throw new StoreError(`${file} cannot be written: ${failureText(error)}`);
  }
}

async function refuseTaken(file: string): Promise<void> {
  const taken = await stat(file).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw new StoreError(`${file} cannot be looked at: ${failureText(error)}`);
  });
  if (taken !== null) {
    const what = taken.isDirectory()
      ? `is a folder; name a file in it`
      : 'exists; name another file';
    throw new StoreError(`${file} ${what}, for nothing is overwritten`);
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

/** Reads a copy whole: every page and index of it, and how many books it holds. */
async function readBack(path: string): Promise<Backup> {
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

async function toDisk(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
