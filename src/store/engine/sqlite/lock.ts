import { makePrivateFile } from '../../../util/make-folder.js';
import { type Connection, openConnection } from './connection.js';
import { failureText, failureCode, StoreError } from '../../errors.js';

/** The file whose lock is the right to write a database. */
export const lockPath = (path: string): string => `${path}.lock`;

/**
 * Takes the exclusive right to write a database: an exclusive transaction on the empty SQLite file
 * `<path>.lock`, which the operating system releases when the process dies, however it dies. The
 * file is kept: removing it would race with the next process.
 * @returns the connection holding the lock; `dispose()` releases it
 * @throws {StoreError} when another process (or another store in this one) holds it
 */
export async function lockDatabase(path: string): Promise<Connection> {
  const file = lockPath(path);
  let connection: Connection | undefined;
  try {
    makePrivateFile(file);
    connection = await openConnection(file, { busyTimeoutMs: 0 });
    await connection.executeScript('BEGIN EXCLUSIVE');
    return connection;
  } catch (error) {
    await connection?.dispose();
    const code = failureCode(error);
    if (code?.startsWith('SQLITE_BUSY')) {
      throw new StoreError(
        `another process is already recording into ${path}; stop it, or set DB_PATH to another file`,
        code,
      );
    }
    throw new StoreError(
      `cannot use the lock file ${file}: ${failureText(error)}; set DB_PATH to a file in a folder that this user may write`,
      code,
    );
  }
}
