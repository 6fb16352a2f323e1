/**
 * SQLite alone, for limits and for inspecting what was stored: Node's own where it has one, else
 * better-sqlite3, as the store itself chooses (src/store/engine/sqlite/sqlite.ts).
 */
import { createRequire } from 'node:module';

const builtIn = process.getBuiltinModule?.('node:sqlite');
const complete = builtIn !== undefined && 'columns' in builtIn.StatementSync.prototype;

/** Name of the driver. */
export const DRIVER = complete ? 'node:sqlite' : 'better-sqlite3';

/** Opens a database; both drivers know `exec`, `prepare` with `run` and `all`, and `close`. */
export function openSqlite(path, { readonly = false } = {}) {
  if (complete) return new builtIn.DatabaseSync(path, { readOnly: readonly });
  const Database = createRequire(import.meta.url)('better-sqlite3');
  return new Database(path, { readonly });
}

/** Does `work` in one transaction. */
export function inTransaction(database, work) {
  database.exec('BEGIN');
  work();
  database.exec('COMMIT');
}

/** Rows of a query as arrays of column values. */
export function rowsOf(database, sql, ...args) {
  return database
    .prepare(sql)
    .all(...args)
    .map((row) => Object.values(row));
}
