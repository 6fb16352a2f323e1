import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { failureCode, failureText, StoreError } from '../errors.js';

/** A migration on disk. */
export interface Migration {
  /** Name of its folder, e.g. `20261001000000_init`; migrations are applied in order of name. */
  readonly name: string;
  readonly sql: string;
  /** Lower-case hex SHA-256 of the file, as recorded by Prisma. */
  readonly checksum: string;
}

/** Migrations on disk, in order. @throws {StoreError} when there are none. */
export async function migrationsIn(folder: string): Promise<Migration[]> {
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

/** What says that a migration failed; it is one transaction. */
export function migrationFailed({ name }: Migration, error: unknown): StoreError {
  const text = `the migration ${name} failed; nothing was changed: ${failureText(error)}`;
  return new StoreError(text, failureCode(error));
}

function checksum(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** Whether a recorded checksum matches this file, with either line ending (as Prisma accepts). */
function isChecksumOf(recorded: string, sql: string): boolean {
  const lf = sql.replaceAll('\r\n', '\n');
  return [sql, lf, lf.replaceAll('\n', '\r\n')].some((text) => checksum(text) === recorded);
}

/** A record of `_prisma_migrations` that was not rolled back. */
export interface MigrationRecord {
  readonly name: string;
  readonly checksum: string;
  readonly finished: boolean;
}

/**
 * Those of `migrations` not recorded in a database.
 * @param elsewhere how to name another database in the settings
 * @throws {StoreError} when the database was created by a newer program, when a migration was
 * edited after it was applied, or when one is recorded as failed.
 */
export function unrecorded(
  migrations: readonly Migration[],
  records: readonly MigrationRecord[],
  elsewhere: string,
): Migration[] {
  const applied = new Set<string>();
  for (const { name, checksum, finished } of records) {
    const migration = migrations.find((candidate) => candidate.name === name);
    if (migration === undefined) {
      throw new StoreError(
        `the database is newer than this program: it contains the migration ${name}, which is unknown here; ` +
          `update the program, or set ${elsewhere}`,
      );
    }
    if (!finished) {
      throw new StoreError(
        `the migration ${name} failed half-way; restore the database from a copy`,
      );
    }
    if (!isChecksumOf(checksum, migration.sql)) {
      throw new StoreError(
        `the migration ${name} was edited after it was applied to this database; ` +
          'restore its migration.sql and put the change into a new migration',
      );
    }
    applied.add(name);
  }
  return migrations.filter((migration) => !applied.has(migration.name));
}
