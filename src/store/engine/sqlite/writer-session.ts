import { StoreError } from '../../errors.js';
import type { Space, Statement, WriterSession, WriterSettings } from '../engine.js';
import { BUSY_TIMEOUT_MS, type Connection, openSqlite } from './connection.js';
import { prepareDatabase } from './database.js';
import { DatabaseFiles, FileWatch } from './file-watch.js';
import { lockDatabase, lockPath } from './lock.js';
import { copyOpen, lostError, setAside } from './rescue.js';
import { SqliteSession } from './session.js';
import type { Sqlite } from './sqlite.js';

/**
 * Pages of the log after which they are moved into the file, 16 MiB. Books of many markets touch the
 * same pages of the market index again and again: four times the default writes them less often.
 */
const CHECKPOINT_PAGES = 4_000;
/** A log grown large (a long checkpoint, a slow reader) is cut back to this, bytes. */
const WAL_SIZE_LIMIT = 64 * 1024 * 1024;

type PragmaNumber = 'page_size' | 'page_count' | 'freelist_count';

/** The one connection that writes an SQLite file, with the file's lock. */
export class SqliteWriterSession extends SqliteSession implements WriterSession {
  readonly #path: string;
  readonly #files: DatabaseFiles;
  readonly #onCopied: () => void;
  #lock: Connection;
  #lockFile: FileWatch;

  private constructor(
    path: string,
    opened: { sqlite: Sqlite; lock: Connection; lockFile: FileWatch },
    onCopied: () => void,
  ) {
    super(opened.sqlite, null);
    this.#path = path;
    this.#lock = opened.lock;
    this.#lockFile = opened.lockFile;
    this.#onCopied = onCopied;
    this.#files = new DatabaseFiles(path);
  }

  /**
   * @param onCopied called when a {@link rescue} has made the copy that is the database from then on
   * @throws {StoreError} when another process writes the file, or it cannot be made or updated
   */
  static async openLocked(
    path: string,
    { maxPages }: WriterSettings,
    onCopied: () => void,
  ): Promise<SqliteWriterSession> {
    const lock = await lockDatabase(path);
    try {
      await prepareDatabase(path);
      const sqlite = openSqlite(path);
      sqlite.script('PRAGMA synchronous = NORMAL');
      // Every market number that is inserted was read from the table; to check it again would cost a
      // third of an insertion. No market is ever deleted.
      sqlite.script('PRAGMA foreign_keys = OFF');
      sqlite.script(`PRAGMA wal_autocheckpoint = ${CHECKPOINT_PAGES}`);
      sqlite.script(`PRAGMA journal_size_limit = ${WAL_SIZE_LIMIT}`);
      if (maxPages !== undefined) sqlite.script(`PRAGMA max_page_count = ${maxPages}`);
      const lockFile = await watched(lockPath(path));
      const session = new SqliteWriterSession(path, { sqlite, lock, lockFile }, onCopied);
      await session.#files.lost();
      return session;
    } catch (error) {
      await lock.dispose();
      throw error;
    }
  }

  /** A file has one writer. */
  async alone(): Promise<boolean> {
    return true;
  }

  /** @throws {StoreError} with `DATABASE_LOST` when the open files are no longer those of their paths */
  async check(): Promise<void> {
    const lost = await this.#files.lost();
    if (lost.length > 0) throw lostError(lost);
    if (await this.#files.emptied()) {
      throw new StoreError(
        `${this.#path} was emptied while it is open, and what it had is gone; stop the recorder and restore the file, or remove it for a new one`,
      );
    }
    if ((await this.#lockFile.look()) === 'same') return;
    // Without the file of its name the lock keeps no other process out. The old one is kept until the new is had.
    const old = this.#lock;
    this.#lock = await lockDatabase(this.#path);
    this.#lockFile = await watched(lockPath(this.#path));
    await old.dispose();
  }

  /**
   * Not as a batch of Prisma, which makes text of all parameters, several times: with many books, that takes a
   * fifth of the time, and of a few a third.
   */
  async atOnce(statements: readonly Statement[]): Promise<void> {
    if (statements.length === 1) {
      await statements[0];
      return;
    }
    this.sqlite.script('BEGIN');
    try {
      for (const statement of statements) await statement;
      this.sqlite.script('COMMIT');
    } catch (error) {
      this.#rollBack();
      throw error;
    }
  }

  /** SQLite itself has done so after some failures, of which a full disk is one. */
  #rollBack(): void {
    try {
      this.sqlite.script('ROLLBACK');
    } catch {
      // There is no transaction any more.
    }
  }

  async durably<T>(work: () => Promise<T>): Promise<T> {
    this.sqlite.script('PRAGMA synchronous = FULL');
    try {
      return await work();
    } finally {
      this.sqlite.script('PRAGMA synchronous = NORMAL');
    }
  }

  /** Nothing to do: one table has all. */
  async makeRoom(): Promise<void> {}

  async space(): Promise<Space> {
    const pageSize = this.#pragma('page_size');
    const pages = this.#pragma('page_count');
    const free = this.#pragma('freelist_count');
    return { bytes: pages * pageSize, usedBytes: (pages - free) * pageSize };
  }

  async giveBack(pages: number): Promise<{ given: number; left: number }> {
    const before = this.#pragma('freelist_count');
    if (before === 0) return { given: 0, left: 0 };
    this.sqlite.query(`PRAGMA incremental_vacuum(${pages})`);
    const left = this.#pragma('freelist_count');
    // A file that was made without incremental vacuum gives nothing back.
    return { given: before - left, left };
  }

  async cut(): Promise<void> {
    // Not a wait for readers that would be ours: another call comes.
    this.sqlite.script('PRAGMA busy_timeout = 0');
    try {
      this.sqlite.query('PRAGMA wal_checkpoint(TRUNCATE)');
    } finally {
      this.sqlite.script(`PRAGMA busy_timeout = ${BUSY_TIMEOUT_MS}`);
    }
  }

  async rescue(): Promise<string | null> {
    await copyOpen(this.sqlite, this.#path, (await this.space()).usedBytes);
    const aside = await setAside(this.#path, await this.#files.lost());
    // From here on the copy is the database, also should the next step fail.
    this.#onCopied();
    await this.close().catch(() => undefined);
    return aside;
  }

  async finish(): Promise<void> {
    this.sqlite.query('PRAGMA wal_checkpoint(TRUNCATE)');
    await this.close();
  }

  override async close(): Promise<void> {
    await super.close();
    await this.#lock.dispose();
  }

  #pragma(name: PragmaNumber): number {
    return Number(this.sqlite.query(`PRAGMA ${name}`).rows[0]![0]);
  }
}

/** Watches a file that is there now. */
async function watched(path: string): Promise<FileWatch> {
  const file = new FileWatch(path);
  await file.look();
  return file;
}
