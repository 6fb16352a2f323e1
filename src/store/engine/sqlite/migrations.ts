import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { type Connection, executeWith, queryRows } from './connection.js';
import { type Migration, migrationFailed, migrationsIn, unrecorded } from '../migrations.js';
import { StoreError } from '../../errors.js';

/**
 * Applies the migrations under prisma/sqlite/migrations like `prisma migrate deploy`, with the same
 * bookkeeping (table `_prisma_migrations`), but without Prisma's schema engine, a binary that would
 * have to be downloaded. Either can continue what the other started.
 */

export type { Migration };

/** Migrations folder: the same from src and from dist. */
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

/** The migrations, in order. @throws {StoreError} when there are none. */
export function readMigrations(): Promise<Migration[]> {
  return migrationsIn(MIGRATIONS_FOLDER);
}

/**
 * Those of `migrations` the database still lacks. Reads only.
 * @throws {StoreError} when the database was created by a newer program, when a migration was
 * edited after it was applied, or when one is recorded as failed.
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
  const records = (await queryRows(
    connection,
    `SELECT migration_name, checksum, finished_at IS NULL FROM _prisma_migrations
      WHERE rolled_back_at IS NULL ORDER BY migration_name`,
  )) as [string, string, number][];
  return unrecorded(
    migrations,
    records.map(([name, checksum, open]) => ({ name, checksum, finished: Number(open) === 0 })),
    'DB_PATH to another file',
  );
}

/**
 * Migrates the database: all or nothing, safe when several processes do it at once.
 * @returns names of the migrations applied.
 * @throws {StoreError} as {@link pendingMigrations}, and when a script fails (nothing is changed).
 */
export async function migrate(
  connection: Connection,
  migrations: readonly Migration[],
): Promise<string[]> {
  if ((await pendingMigrations(connection, migrations)).length === 0) return [];
  // A no-op inside a transaction, so it comes first: rebuilding a table must not violate references.
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
  // Checked again under the lock: another process may just have done it.
  const pending = await pendingMigrations(connection, migrations);
  for (const migration of pending) {
    const { name, sql, checksum } = migration;
    const started = String(Date.now());
    try {
      await connection.executeScript(sql);
    } catch (error) {
      throw migrationFailed(migration, error);
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
    // SQLite has already rolled back itself, as it does when the disk is full.
  }
}
