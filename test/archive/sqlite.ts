import { Sqlite } from '../../src/store/engine/sqlite/sqlite.js';

/** Does something to a database that nobody records into. */
export function openSqlite<T>(path: string, work: (sqlite: Sqlite) => T): T {
  const sqlite = new Sqlite(path, { readonly: false, busyTimeoutMs: 1_000 });
  try {
    return work(sqlite);
  } finally {
    sqlite.close();
  }
}
