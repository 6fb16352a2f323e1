import { createRequire } from 'node:module';
import { sqliteCodeName } from './sqlite-codes.js';

/** What SQLite accepts and returns, exactly: every integer it returns is a bigint. */
export type SqliteValue = null | number | bigint | string | Uint8Array;

/** How to open a database file. */
export interface SqliteOptions {
  /** Opens an existing file and never writes to it. */
  readonly readonly: boolean;
  /** How long to wait for a lock held by another connection, ms. */
  readonly busyTimeoutMs: number;
}

/** The rows of a query; no rows and no columns for a statement without a result. */
interface SqliteRows {
  readonly names: string[];
  /** Declared types of the columns; null for an expression. */
  readonly types: (string | null)[];
  readonly rows: SqliteValue[][];
}

/** SQLite refused or failed. */
export class SqliteError extends Error {
  /** SQLite's name of the failure, e.g. `SQLITE_FULL`. */
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.name = 'SqliteError';
    this.code = code;
  }
}

interface Statement {
  all(...args: SqliteValue[]): SqliteValue[][];
  run(...args: SqliteValue[]): { changes: number | bigint };
  columns(): { name: string; type: string | null }[];
}

/** The part of Node's `node:sqlite` in use; Node 20's types lack it. */
interface NodeSqlite {
  readonly DatabaseSync: new (path: string, options: object) => NodeDatabase;
  readonly StatementSync: { readonly prototype: object };
}
interface NodeStatement extends Statement {
  setReadBigInts(on: boolean): void;
  setReturnArrays(on: boolean): void;
}
interface NodeDatabase {
  prepare(sql: string): NodeStatement;
  exec(sql: string): void;
  close(): void;
}

/** The part of better-sqlite3 in use. */
interface NativeStatement extends Statement {
  readonly reader: boolean;
  raw(): void;
  safeIntegers(on: boolean): void;
}
interface NativeDatabase {
  prepare(sql: string): NativeStatement;
  exec(sql: string): unknown;
  close(): unknown;
  defaultSafeIntegers(on: boolean): void;
}

/**
 * Node's own SQLite, or null if this Node has none that is complete (before 22.16). Some versions
 * warn on stderr that it is experimental: the part in use is the same in 22, 24 and 26.
 */
function nodeSqlite(): NodeSqlite | null {
  const emitWarning: unknown = Reflect.get(process, 'emitWarning');
  process.emitWarning = () => undefined;
  try {
    const own = process as { getBuiltinModule?(id: string): unknown };
    const found = (own.getBuiltinModule?.('node:sqlite') ?? null) as NodeSqlite | null;
    return found !== null && 'columns' in found.StatementSync.prototype ? found : null;
  } finally {
    Reflect.set(process, 'emitWarning', emitWarning);
  }
}

const builtIn = nodeSqlite();

/**
 * The native package, for Node 20 and for 22 before 22.16. It must not even be loaded on a Node
 * that does not need it: its version 12 aborts the process during garbage collection from Node
 * 24.19 on.
 */
function nativeDatabase(path: string, options: SqliteOptions): NativeDatabase {
  const Database = createRequire(import.meta.url)('better-sqlite3') as new (
    path: string,
    options: object,
  ) => NativeDatabase;
  const { readonly, busyTimeoutMs } = options;
  const database = new Database(path, {
    readonly,
    fileMustExist: readonly,
    timeout: busyTimeoutMs,
  });
  database.defaultSafeIntegers(true);
  return database;
}

function nodeDatabase(sqlite: NodeSqlite, path: string, options: SqliteOptions): NodeDatabase {
  const { readonly, busyTimeoutMs } = options;
  const database = new sqlite.DatabaseSync(path, { readOnly: readonly, timeout: busyTimeoutMs });
  // As better-sqlite3 is built, in KiB; SQLite's own default of 2 MB is small for a batch of books.
  database.exec('PRAGMA cache_size = -16000');
  return database;
}

/** Makes rows arrays, and integers `numbers` or bigints; false for a statement without rows. */
function givesArrays(statement: NodeStatement | NativeStatement, numbers: boolean): boolean {
  if ('reader' in statement) {
    if (statement.reader) {
      statement.raw();
      if (numbers) statement.safeIntegers(false);
    }
    return statement.reader;
  }
  statement.setReadBigInts(!numbers);
  statement.setReturnArrays(true);
  return statement.columns().length > 0;
}

/** An error of either driver as a {@link SqliteError}; anything else unchanged. */
function explained(error: unknown): unknown {
  if (typeof error !== 'object' || error === null) return error;
  const { code, errcode, message } = error as {
    code?: unknown;
    errcode?: unknown;
    message?: unknown;
  };
  if (typeof errcode === 'number') return new SqliteError(sqliteCodeName(errcode), String(message));
  if (typeof code !== 'string' || !code.startsWith('SQLITE_')) return error;
  return new SqliteError(code, String(message));
}

/** Maximum number of cached statements. */
const MAX_REPEATED = 32;

/** A blocking connection to an SQLite database, through Node's SQLite or better-sqlite3. */
export class Sqlite {
  readonly #database: NodeDatabase | NativeDatabase;
  /** Statements of {@link queryNumbers}: a walk repeats the same ones. */
  readonly #repeated = new Map<string, Statement>();
  #closed = false;

  /** @throws {SqliteError} when the file cannot be opened. */
  constructor(path: string, options: SqliteOptions) {
    this.#database = this.#explaining(() =>
      builtIn === null ? nativeDatabase(path, options) : nodeDatabase(builtIn, path, options),
    );
  }

  /** @throws {SqliteError} */
  query(sql: string, args: readonly SqliteValue[] = []): SqliteRows {
    return this.#explaining(() => {
      const statement = this.#database.prepare(sql);
      if (!givesArrays(statement, false)) {
        statement.run(...args);
        return { names: [], types: [], rows: [] };
      }
      const columns = statement.columns();
      return {
        names: columns.map((column) => column.name),
        types: columns.map((column) => column.type),
        rows: statement.all(...args),
      };
    });
  }

  /** Rows with integers below 2^53, a third faster without bigints. @throws {SqliteError} */
  queryNumbers(sql: string, args: readonly SqliteValue[] = []): Exclude<SqliteValue, bigint>[][] {
    return this.#explaining(() => {
      let statement = this.#repeated.get(sql);
      if (statement === undefined) {
        const prepared = this.#database.prepare(sql);
        givesArrays(prepared, true);
        statement = prepared;
        if (this.#repeated.size >= MAX_REPEATED) this.#repeated.clear();
        this.#repeated.set(sql, statement);
      }
      return statement.all(...args) as Exclude<SqliteValue, bigint>[][];
    });
  }

  /** Returns the number of rows changed. @throws {SqliteError} */
  execute(sql: string, args: readonly SqliteValue[] = []): number {
    return this.#explaining(() => Number(this.#database.prepare(sql).run(...args).changes));
  }

  /** Runs several statements. @throws {SqliteError} */
  script(sql: string): void {
    this.#explaining(() => this.#database.exec(sql));
  }

  /** Closes it; no effect the second time. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#database.close();
  }

  #explaining<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      throw explained(error);
    }
  }
}
