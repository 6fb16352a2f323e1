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
 * Log pages that trigger a checkpoint, 16 MiB. Books of many markets touch the same pages of the
 * market index repeatedly: at four times the default, those are written less often.
 */
const CHECKPOINT_PAGES = 4_000;
/** A log that has grown large (a long checkpoint, a slow reader) is truncated to this, bytes. */
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
   * @param onCopied called when a {@link rescue} has made the copy that is the database from then
   * on
   * @throws {StoreError} when another process is writing the file, or it cannot be created or
   * migrated
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
      // Every market number inserted was read from the table; checking it again would cost a third
      // of an insertion. No market is ever deleted.
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

  /** @throws {StoreError} with `DATABASE_LOST` when its paths no longer lead to the open files */
  async check(): Promise<void> {
    const lost = await this.#files.lost();
    if (lost.length > 0) throw lostError(lost);
    if (await this.#files.emptied()) {
      throw new StoreError(
        `${this.#path} was emptied while open, and its contents are lost; stop the recorder and restore the file, or remove it to start a new one`,
      );
    }
    if ((await this.#lockFile.look()) === 'same') return;
    // Without a file under its name the lock keeps no other process out. The old one is kept until
    // the new one is acquired.
    const old = this.#lock;
    this.#lock = await lockDatabase(this.#path);
    this.#lockFile = await watched(lockPath(this.#path));
    await old.dispose();
  }

  /**
   * Not as a Prisma batch, which turns all parameters into text, several times: this way it takes a
   * fifth of the time with many books, and a third with few.
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

  /** SQLite has already done so after some failures, such as a full disk. */
  #rollBack(): void {
    try {
      this.sqlite.script('ROLLBACK');
    } catch {
      // The transaction is already gone.
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

  /** Nothing to do: a single table has everything. */
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
    // A file created without incremental vacuum returns nothing.
    return { given: before - left, left };
  }

  async cut(): Promise<void> {
    // No waiting for readers here: there will be another call.
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
    // From here on the copy is the database, even if the next step fails.
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

/** Watches an existing file. */
async function watched(path: string): Promise<FileWatch> {
  const file = new FileWatch(path);
  await file.look();
  return file;
}
