import type { SqlDriverAdapter } from '@prisma/driver-adapter-utils';
import { PrismaClient } from '../../../generated/sqlite/client.js';
import type { Client } from '../engine.js';
import { Sqlite } from './sqlite.js';
import { SqliteAdapterFactory } from './sqlite-adapter.js';

/** A raw SQLite connection, for what Prisma's client cannot do: scripts, locks, migrations. */
export type Connection = SqlDriverAdapter;

/** A typed client on its own connection. Calls block the calling thread. */
export type { Client };

/** How long a connection waits for a lock held by another one, ms. */
export const BUSY_TIMEOUT_MS = 5_000;

/** How to open a database file. */
export interface ConnectionOptions {
  /** Opens an existing file and never writes to it. Default false. */
  readonly readonly?: boolean;
  /** How long to wait for a lock held by another connection, ms: {@link BUSY_TIMEOUT_MS}. */
  readonly busyTimeoutMs?: number;
}

/** Opens an SQLite connection without Prisma. @throws {SqliteError} when the file cannot be opened */
export function openSqlite(path: string, options: ConnectionOptions = {}): Sqlite {
  return new Sqlite(path, {
    readonly: options.readonly ?? false,
    busyTimeoutMs: options.busyTimeoutMs ?? BUSY_TIMEOUT_MS,
  });
}

/** Opens a raw connection. Close it with `dispose()`. */
export async function openConnection(
  path: string,
  options: ConnectionOptions = {},
): Promise<Connection> {
  return new SqliteAdapterFactory(openSqlite(path, options)).connect();
}

/**
 * A Prisma client on a connection, which loads its engine with its first query. `$disconnect()`
 * closes both, if it did.
 */
export function clientOn(sqlite: Sqlite): Client {
  return new PrismaClient({ adapter: new SqliteAdapterFactory(sqlite) });
}

/** Rows of a query without parameters or with text parameters, as arrays of column values. */
export async function queryRows(
  connection: Connection,
  sql: string,
  args: readonly (string | null)[] = [],
): Promise<unknown[][]> {
  const argTypes = args.map(() => ({ scalarType: 'string', arity: 'scalar' }) as const);
  const { rows } = await connection.queryRaw({ sql, args: [...args], argTypes });
  return rows;
}

/** Runs a statement with text parameters. */
export async function executeWith(
  connection: Connection,
  sql: string,
  args: readonly (string | null)[],
): Promise<void> {
  const argTypes = args.map(() => ({ scalarType: 'string', arity: 'scalar' }) as const);
  await connection.executeRaw({ sql, args: [...args], argTypes });
}
