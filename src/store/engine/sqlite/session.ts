import type { Client, Rows, Session } from '../engine.js';
import { clientOn, openSqlite } from './connection.js';
import { sqliteDialect } from './dialect.js';
import { RowsAside } from './rows-aside.js';
import type { Sqlite, SqliteValue } from './sqlite.js';

/** A connection to an SQLite file; every call blocks the thread that it is made on. */
export class SqliteSession implements Session {
  readonly dialect = sqliteDialect;
  /** One table has all books. */
  readonly pieces = null;
  protected readonly sqlite: Sqlite;
  #client: Client | null = null;
  readonly #aside: RowsAside | null;
  /** Settles when the last snapshot asked for has ended. */
  #snapshots: Promise<void> = Promise.resolve();

  /** @param path of the file, where rows may be read aside */
  protected constructor(sqlite: Sqlite, path: string | null) {
    this.sqlite = sqlite;
    this.#aside = path === null ? null : new RowsAside(path, this.rows);
  }

  /** Opens a connection to an existing database. @throws {SqliteError} */
  static async open(path: string, options: { readonly: boolean }): Promise<SqliteSession> {
    return new SqliteSession(openSqlite(path, options), path);
  }

  /** Made when it is asked for: to load it takes longer than most questions that do without. */
  get client(): Client {
    return (this.#client ??= clientOn(this.sqlite));
  }

  readonly rows: Rows = async ({ sql, values }) =>
    this.sqlite.queryNumbers(sql, values as SqliteValue[]);

  readonly rowsAhead: Rows = (query) => (this.#aside ?? this).rows(query);

  async snapshot<T>(read: (rows: Rows) => Promise<T>): Promise<T> {
    // One after the other: a transaction cannot begin in another one.
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
