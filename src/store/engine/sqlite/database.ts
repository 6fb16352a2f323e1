import { constants, type Stats } from 'node:fs';
import { access, open, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { specialKind } from '../../../util/file-kind.js';
import { makeFolder, makePrivateFile } from '../../../util/make-folder.js';
import { type Connection, openConnection, queryRows } from './connection.js';
import { failureText, failureCode, StoreError } from '../../errors.js';
import { migrate, pendingMigrations, readMigrations } from './migrations.js';

/** First bytes of every SQLite file (sqlite.org/fileformat2.html, 1.3). */
const MAGIC = 'SQLite format 3\0';
/** Length of the header describing the file. */
const HEADER_BYTES = 100;

/** Suffixes of the files that SQLite and the lock create beside a database. */
const BESIDE = ['-wal', '-shm', '-journal', '.lock'] as const;
/**
 * Inspects the database file without touching it.
 * @returns whether it exists (an empty file does not count).
 * @throws {StoreError} when it is a folder, unreadable, or not SQLite.
 */
export async function inspectFile(path: string): Promise<boolean> {
  const info = await stat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw new StoreError(`cannot inspect the database ${path}: ${error.message}`);
  });
  for (const suffix of BESIDE) await checkKind(`${path}${suffix}`);
  if (info === null) return false;
  checkFile(path, info);
  if (info.nlink > 1) {
    throw new StoreError(
      `the database ${path} has ${info.nlink} names (hard links); SQLite keeps a log beside each name, and two of them damage it: remove the others, or copy it`,
    );
  }
  if (info.size === 0) return false;
  const header = Buffer.alloc(HEADER_BYTES);
  const file = await open(path, 'r').catch((error: Error) => {
    throw new StoreError(`cannot read the database ${path}: ${error.message}`);
  });
  try {
    await file.read(header, 0, header.length, 0);
  } finally {
    await file.close();
  }
  if (header.toString('latin1', 0, MAGIC.length) !== MAGIC) {
    throw new StoreError(
      `${path} is not an SQLite database; set DB_PATH to a recorder's database or to a new file`,
    );
  }
  const wanted = describedBytes(header);
  if (wanted > info.size && (await sizeOf(`${path}-wal`)) === 0) {
    throw new StoreError(
      `the database file ${path} is damaged: it was truncated to ${info.size} of ${wanted} bytes; restore it or set DB_PATH to a new file`,
    );
  }
  return true;
}

/** @throws {StoreError} when it exists and is not a file. */
async function checkKind(path: string): Promise<void> {
  const info = await stat(path).catch(() => null);
  if (info !== null) checkFile(path, info);
}

/** @throws {StoreError} when it is a folder, or something that would block forever. */
function checkFile(path: string, info: Stats): void {
  const kind = info.isDirectory() ? 'a folder' : specialKind(info);
  if (kind !== null) throw new StoreError(`${path} is ${kind}; DB_PATH must name a file`);
}

/**
 * Size of the whole file according to its header (sqlite.org/fileformat2.html, 1.3.2, 1.3.8); 0
 * when the header is not reliable. While there is a log beside the file, its newest pages may be
 * only there.
 */
function describedBytes(header: Buffer): number {
  const pageSize = header.readUInt16BE(16);
  const pages = header.readUInt32BE(28);
  const changes = header.readUInt32BE(24);
  if (changes !== header.readUInt32BE(92)) return 0;
  return pages * (pageSize === 1 ? 65_536 : pageSize);
}

async function sizeOf(path: string): Promise<number> {
  return stat(path).then(
    (info) => info.size,
    () => 0,
  );
}

/** Checks that the database can be written; creates its folder. @throws {StoreError} */
export async function prepareFolder(path: string, exists: boolean): Promise<void> {
  const folder = dirname(path);
  try {
    makeFolder(folder);
    await access(folder, constants.W_OK);
  } catch (error) {
    throw new StoreError(
      `the folder ${folder} of the database cannot be created or written (${(error as Error).message}); ` +
        'make it writable or set DB_PATH to another place',
    );
  }
  if (!exists) return;
  await access(path, constants.W_OK).catch(() => {
    throw new StoreError(`the database ${path} is read-only; make it writable or change DB_PATH`);
  });
}

/** Checks that this program may write an existing file. @throws {StoreError} if it is another program's, or newer */
export async function checkExisting(path: string): Promise<void> {
  const migrations = await readMigrations();
  await withConnection(path, { readonly: true }, async (connection) => {
    if (await isEmpty(connection)) return;
    await checkOwner(connection, path);
    await pendingMigrations(connection, migrations);
  });
}

/** Makes the file a database of this version. @throws {StoreError}, with the file unchanged */
export async function prepareDatabase(path: string): Promise<void> {
  const migrations = await readMigrations();
  await withConnection(path, { readonly: false }, async (connection) => {
    if (await isEmpty(connection)) {
      // auto_vacuum can only be chosen before the first page is written; WAL writes that page.
      await connection.executeScript('PRAGMA auto_vacuum = INCREMENTAL');
    }
    await connection.executeScript('PRAGMA journal_mode = WAL');
    await migrate(connection, migrations);
  });
}

/** Checks that this program can read it. @throws {StoreError} if it is missing, another program's, newer or older */
export async function checkReadable(path: string): Promise<void> {
  if (!(await inspectFile(path))) {
    throw new StoreError(
      `there is no database at ${path}; record something first (npm start), or set DB_PATH to the recorder's database`,
    );
  }
  const migrations = await readMigrations();
  await withConnection(path, { readonly: true }, async (connection) => {
    await checkOwner(connection, path);
    if ((await pendingMigrations(connection, migrations)).length > 0) {
      throw new StoreError(
        `the database ${path} is older than this program; start the recorder once (npm start) to migrate it`,
      );
    }
  });
}

async function withConnection(
  path: string,
  options: { readonly: boolean },
  work: (connection: Connection) => Promise<void>,
): Promise<void> {
  try {
    // SQLite would make it world-readable; its other files inherit this one's mode.
    if (!options.readonly) makePrivateFile(path);
    const connection = await openConnection(path, options);
    try {
      await work(connection);
    } finally {
      await connection.dispose();
    }
  } catch (error) {
    if (error instanceof StoreError) throw error;
    const reason = failureText(error);
    throw new StoreError(`cannot open the database ${path}: ${reason}`, failureCode(error));
  }
}

async function isEmpty(connection: Connection): Promise<boolean> {
  return (await queryRows(connection, 'SELECT 1 FROM sqlite_master LIMIT 1')).length === 0;
}

async function checkOwner(connection: Connection, path: string): Promise<void> {
  const ours = await queryRows(
    connection,
    `SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = '_prisma_migrations'`,
  );
  if (ours.length === 0) {
    throw new StoreError(
      `${path} is the database of another program; set DB_PATH to a recorder's database or to a new file`,
    );
  }
}
