import {
  type ArgType,
  type ColumnType,
  ColumnTypeEnum,
  DriverAdapterError,
  type Error as DriverError,
  type IsolationLevel,
  type SqlDriverAdapter,
  type SqlDriverAdapterFactory,
  type SqlQuery,
  type SqlQueryable,
  type SqlResultSet,
  type Transaction,
} from '@prisma/driver-adapter-utils';
import { type Sqlite, SqliteError, type SqliteValue } from './sqlite.js';

const NAME = 'orderbook-sqlite';

/** Prisma's types for the column types declared by the migrations. */
const DECLARED: Readonly<Record<string, ColumnType>> = {
  INTEGER: ColumnTypeEnum.Int32,
  BIGINT: ColumnTypeEnum.Int64,
  TEXT: ColumnTypeEnum.Text,
  BOOLEAN: ColumnTypeEnum.Boolean,
  REAL: ColumnTypeEnum.Double,
  BLOB: ColumnTypeEnum.Bytes,
};

function typeOfValue(value: SqliteValue): ColumnType {
  if (typeof value === 'string') return ColumnTypeEnum.Text;
  if (typeof value === 'bigint') return ColumnTypeEnum.Int64;
  return typeof value === 'number' ? ColumnTypeEnum.UnknownNumber : ColumnTypeEnum.Bytes;
}

/** The type of a column: as declared, otherwise that of its first value, which is all an expression has. */
function columnType(
  declared: string | null,
  rows: readonly SqliteValue[][],
  column: number,
): ColumnType {
  const known = declared === null ? undefined : DECLARED[declared.toUpperCase()];
  if (known !== undefined) return known;
  const value = rows.find((row) => row[column] !== null)?.[column];
  return value === undefined ? ColumnTypeEnum.Int32 : typeOfValue(value);
}

/** A value for Prisma: integers beyond 2^53 as text, so that none loses a digit. */
function toPrisma(value: SqliteValue): Exclude<SqliteValue, bigint> {
  if (typeof value !== 'bigint') return value;
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value.toString();
}

/** A parameter for SQLite. Prisma passes large integers as text and bytes as base64. */
function toSqlite(arg: unknown, type: ArgType | undefined): SqliteValue {
  if (typeof arg === 'boolean') return arg ? 1n : 0n;
  const scalar = type?.scalarType;
  // As an integer rather than JavaScript's floating point number.
  if (typeof arg === 'number' && Number.isSafeInteger(arg) && scalar !== 'float') {
    return BigInt(arg);
  }
  if (typeof arg === 'string') {
    if (scalar === 'int' || scalar === 'bigint') return BigInt(arg);
    if (scalar === 'float' || scalar === 'decimal') return Number(arg);
    if (scalar === 'bytes') return Buffer.from(arg, 'base64');
  }
  return arg as SqliteValue;
}

/** The column names in a message such as `UNIQUE constraint failed: market.id, gap.start`. */
function fieldsOf(message: string): string[] {
  const list = message.split('constraint failed: ')[1] ?? '';
  return list.split(', ').map((field) => field.split('.').at(-1)!);
}

function toPrismaError({ code, message }: SqliteError): DriverError {
  const original = { originalCode: code, originalMessage: message };
  switch (code) {
    case 'SQLITE_CONSTRAINT_UNIQUE':
    case 'SQLITE_CONSTRAINT_PRIMARYKEY':
      return {
        ...original,
        kind: 'UniqueConstraintViolation',
        constraint: { fields: fieldsOf(message) },
      };
    case 'SQLITE_CONSTRAINT_NOTNULL':
      return {
        ...original,
        kind: 'NullConstraintViolation',
        constraint: { fields: fieldsOf(message) },
      };
    case 'SQLITE_CONSTRAINT_FOREIGNKEY':
    case 'SQLITE_CONSTRAINT_TRIGGER':
      return {
        ...original,
        kind: 'ForeignKeyConstraintViolation',
        constraint: { foreignKey: {} },
      };
  }
  if (code.startsWith('SQLITE_BUSY')) return { ...original, kind: 'SocketTimeout' };
  return { ...original, kind: 'sqlite', extendedCode: 1, message };
}

/** Runs a synchronous SQLite call as Prisma expects it: a promise, rejected with its own error. */
async function asPrisma<T>(work: () => T): Promise<T> {
  try {
    return work();
  } catch (error) {
    throw error instanceof SqliteError ? new DriverAdapterError(toPrismaError(error)) : error;
  }
}

class Queryable implements SqlQueryable {
  readonly provider = 'sqlite';
  readonly adapterName = NAME;

  constructor(protected readonly sqlite: Sqlite) {}

  queryRaw({ sql, args, argTypes }: SqlQuery): Promise<SqlResultSet> {
    return asPrisma(() => {
      const values = args.map((arg, i) => toSqlite(arg, argTypes[i]));
      const { names, types, rows } = this.sqlite.query(sql, values);
      return {
        columnNames: names,
        columnTypes: types.map((type, column) => columnType(type, rows, column)),
        rows: rows.map((row) => row.map(toPrisma)),
      };
    });
  }

  executeRaw({ sql, args, argTypes }: SqlQuery): Promise<number> {
    return asPrisma(() =>
      this.sqlite.execute(
        sql,
        args.map((arg, i) => toSqlite(arg, argTypes[i])),
      ),
    );
  }
}

/** Prisma itself sends COMMIT and ROLLBACK; this only lets the next transaction start. */
class SqliteTransaction extends Queryable implements Transaction {
  readonly options = { usePhantomQuery: false };
  readonly #end: () => void;

  constructor(sqlite: Sqlite, end: () => void) {
    super(sqlite);
    this.#end = end;
  }

  async commit(): Promise<void> {
    this.#end();
  }

  async rollback(): Promise<void> {
    this.#end();
  }

  createSavepoint(name: string): Promise<void> {
    return asPrisma(() => this.sqlite.script(`SAVEPOINT ${name}`));
  }

  rollbackToSavepoint(name: string): Promise<void> {
    return asPrisma(() => this.sqlite.script(`ROLLBACK TO ${name}`));
  }

  releaseSavepoint(name: string): Promise<void> {
    return asPrisma(() => this.sqlite.script(`RELEASE SAVEPOINT ${name}`));
  }
}

/** One connection; its transactions run one after the other. */
class SqliteAdapter extends Queryable implements SqlDriverAdapter {
  /** Settles when the last requested transaction has ended. */
  #last: Promise<void> = Promise.resolve();

  executeScript(script: string): Promise<void> {
    return asPrisma(() => this.sqlite.script(script));
  }

  async startTransaction(level?: IsolationLevel): Promise<Transaction> {
    if (level !== undefined && level !== 'SERIALIZABLE') {
      throw new DriverAdapterError({ kind: 'InvalidIsolationLevel', level });
    }
    const before = this.#last;
    let end!: () => void;
    this.#last = new Promise((resolve) => (end = resolve));
    await before;
    try {
      await asPrisma(() => this.sqlite.script('BEGIN'));
    } catch (error) {
      end();
      throw error;
    }
    return new SqliteTransaction(this.sqlite, end);
  }

  dispose(): Promise<void> {
    return asPrisma(() => this.sqlite.close());
  }
}

/** Prisma's driver adapter for {@link Sqlite}, for this database's column types. */
export class SqliteAdapterFactory implements SqlDriverAdapterFactory {
  readonly provider = 'sqlite';
  readonly adapterName = NAME;
  readonly #sqlite: Sqlite;

  /** @param sqlite the connection, closed by the client when it disconnects */
  constructor(sqlite: Sqlite) {
    this.#sqlite = sqlite;
  }

  async connect(): Promise<SqlDriverAdapter> {
    return new SqliteAdapter(this.#sqlite);
  }
}
