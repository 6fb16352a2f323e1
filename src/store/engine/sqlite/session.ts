import type { Client, Rows, Session } from '../engine.js';
import { clientOn, openSqlite } from './connection.js';
import { sqliteDialect } from './dialect.js';
import { RowsAside } from './rows-aside.js';
import type { Sqlite, SqliteValue } from './sqlite.js';

/** A connection to an SQLite file; every call blocks the calling thread. */
export class SqliteSession implements Session {
  readonly dialect = sqliteDialect;
  /** A single table has all books. */
  readonly pieces = null;
  protected readonly sqlite: Sqlite;
  #client: Client | null = null;
  readonly #aside: RowsAside | null;
  /** Settles when the last requested snapshot has ended. */
  #snapshots: Promise<void> = Promise.resolve();

  /** @param path of the file, for reading rows in the helper thread */
  protected constructor(sqlite: Sqlite, path: string | null) {
    this.sqlite = sqlite;
    this.#aside = path === null ? null : new RowsAside(path, this.rows);
  }

  /** Opens a connection to an existing database. @throws {SqliteError} */
  static async open(path: string, options: { readonly: boolean }): Promise<SqliteSession> {
    return new SqliteSession(openSqlite(path, options), path);
  }

  /** Created on demand: loading it takes longer than most queries that do not need it. */
  get client(): Client {
    return (this.#client ??= clientOn(this.sqlite));
  }

  readonly rows: Rows = async ({ sql, values }) =>
    this.sqlite.queryNumbers(sql, values as SqliteValue[]);

  readonly rowsAhead: Rows = (query) => (this.#aside ?? this).rows(query);

  async snapshot<T>(read: (rows: Rows) => Promise<T>): Promise<T> {
    // One after the other: transactions do not nest.
    const before = this.#snapshots;
    let end!: () => void;
    this.#snapshots = new Promise((resolve) => (end = resolve));
    await before;
    try {
      this.sqlite.script('BEGIN');
      try {
        return await read(this.rows);
      } finally {
        this.sqlite.script('COMMIT');
      }
    } finally {
      end();
    }
  }

  async close(): Promise<void> {
    await this.#aside?.close();
    await this.#client?.$disconnect();
    this.sqlite.close();
  }
}
