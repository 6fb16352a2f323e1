import { createHash, randomUUID } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Connection, executeWith, queryRows } from './connection.js';
import { failureText, sqliteCode, StoreError } from '../../errors.js';

/**
 * Applies the migrations under prisma/sqlite/migrations as `prisma migrate deploy` would, with the same
 * bookkeeping (table `_prisma_migrations`), but without Prisma's schema engine, a binary that has to
 * be downloaded. Either can continue what the other began.
 */

/** A migration on disk. */
export interface Migration {
  /** Name of its folder, e.g. `20261001000000_init`; migrations are applied in order of name. */
  readonly name: string;
  readonly sql: string;
  /** Lower-case hex SHA-256 of the file, as Prisma records it. */
  readonly checksum: string;
}

/** The folder of the migrations: the same from src and from dist. */
const MIGRATIONS_FOLDER = fileURLToPath(
  new URL('../../../../prisma/sqlite/migrations', import.meta.url),
);

const BOOKKEEPING = `CREATE TABLE IF NOT EXISTS "_prisma_migrations" (
    "id"                    TEXT PRIMARY KEY NOT NULL,
    "checksum"              TEXT NOT NULL,
    "finished_at"           DATETIME,
    "migration_name"        TEXT NOT NULL,
    "logs"                  TEXT,
    "rolled_back_at"        DATETIME,
    "started_at"            DATETIME NOT NULL DEFAULT current_timestamp,
    "applied_steps_count"   INTEGER UNSIGNED NOT NULL DEFAULT 0
)`;

/** Migrations on disk, in the order in which they apply. @throws {StoreError} when there are none. */
export async function readMigrations(folder = MIGRATIONS_FOLDER): Promise<Migration[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  const names = entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
  if (names.length === 0) {
    throw new StoreError(`no migrations in ${folder}; the program's installation is incomplete`);
  }
  return Promise.all(
    names.sort().map(async (name) => {
      const sql = await readFile(join(folder, name, 'migration.sql'), 'utf8');
      return { name, sql, checksum: checksum(sql) };
    }),
  );
}

function checksum(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** Whether a recorded checksum is this file's, with either kind of line ends (as Prisma accepts). */
function isChecksumOf(recorded: string, sql: string): boolean {
  const lf = sql.replaceAll('\r\n', '\n');
  return [sql, lf, lf.replaceAll('\n', '\r\n')].some((text) => checksum(text) === recorded);
}

/**
 * Which of `migrations` the database still lacks. Reads only.
 * @throws {StoreError} when the database was made by a newer program, when a migration was edited
 * after it was applied, or when one is recorded as having failed.
 */
export async function pendingMigrations(
  connection: Connection,
  migrations: readonly Migration[],
): Promise<Migration[]> {
  const known = await queryRows(
    connection,
    `SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = '_prisma_migrations'`,
  );
  if (known.length === 0) return [...migrations];
  const records = await queryRows(
    connection,
    `SELECT migration_name, checksum, finished_at IS NULL FROM _prisma_migrations
      WHERE rolled_back_at IS NULL ORDER BY migration_name`,
  );
  const applied = new Set<string>();
  for (const [name, recorded, failed] of records as [string, string, number][]) {
    const migration = migrations.find((candidate) => candidate.name === name);
    if (migration === undefined) {
      throw new StoreError(
        `the database is newer than this program: it contains the migration ${name}, which is unknown here; ` +
          'update the program, or set DB_PATH to another file',
      );
    }
    if (Number(failed) === 1) {
      throw new StoreError(
        `the migration ${name} failed half-way; restore the database from a copy`,
      );
    }
    if (!isChecksumOf(recorded, migration.sql)) {
      throw new StoreError(
        `the migration ${name} was edited after it was applied to this database; ` +
          'restore its migration.sql and put the change into a new migration',
      );
    }
    applied.add(name);
  }
  return migrations.filter((migration) => !applied.has(migration.name));
}

/**
 * Brings the database up to date: all or nothing, safe when several processes do it at once.
 * @returns names of the migrations applied.
 * @throws {StoreError} as {@link pendingMigrations}, and when a script fails (nothing is changed).
 */
export async function migrate(
  connection: Connection,
  migrations: readonly Migration[],
): Promise<string[]> {
  if ((await pendingMigrations(connection, migrations)).length === 0) return [];
  // A no-op inside a transaction, so it comes first: rebuilding a table must not trip over references.
  await connection.executeScript('PRAGMA foreign_keys = OFF');
  try {
    await connection.executeScript('BEGIN IMMEDIATE');
    try {
      const applied = await applyAll(connection, migrations);
      await connection.executeScript('COMMIT');
      return applied;
    } catch (error) {
      await rollBack(connection);
      throw error;
    }
  } finally {
    await connection.executeScript('PRAGMA foreign_keys = ON');
  }
}

async function applyAll(
  connection: Connection,
  migrations: readonly Migration[],
): Promise<string[]> {
  await connection.executeScript(BOOKKEEPING);
  // Asked again under the lock: another process may just have done it.
  const pending = await pendingMigrations(connection, migrations);
  for (const { name, sql, checksum } of pending) {
    const started = String(Date.now());
    try {
      await connection.executeScript(sql);
    } catch (error) {
      throw new StoreError(
        `the migration ${name} failed, nothing was changed: ${failureText(error)}`,
        sqliteCode(error),
      );
    }
    await executeWith(
      connection,
      `INSERT INTO _prisma_migrations (id, checksum, finished_at, migration_name, started_at, applied_steps_count)
       VALUES (?, ?, CAST(? AS INTEGER), ?, CAST(? AS INTEGER), 1)`,
      [randomUUID(), checksum, String(Date.now()), name, started],
    );
  }
  const broken = await queryRows(connection, 'PRAGMA foreign_key_check');
  if (broken.length > 0) {
    throw new StoreError(
      `the migrations left ${broken.length} rows that refer to missing rows; nothing was changed`,
    );
  }
  return pending.map((migration) => migration.name);
}

async function rollBack(connection: Connection): Promise<void> {
  try {
    await connection.executeScript('ROLLBACK');
  } catch {
    // SQLite already rolled back by itself, as it does when the disk is full.
  }
}
