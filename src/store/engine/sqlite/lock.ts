import { makePrivateFile } from '../../../util/make-folder.js';
import { type Connection, openConnection } from './connection.js';
import { failureText, failureCode, StoreError } from '../../errors.js';

/** The file whose lock is the right to write a database. */
export const lockPath = (path: string): string => `${path}.lock`;

/** Becomes the one writer, makes or updates the database. @throws {StoreError}, all unchanged */
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
    throw new StoreError(`cannot use the lock file ${file}: ${failureText(error)}`, code);
  }
}
