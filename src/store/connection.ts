import { PrismaBetterSqlite3 } from '@prisma/adapter-better-sqlite3';
import { PrismaClient } from '../generated/prisma/client.js';

/** A bare SQLite connection, for what Prisma's client does not do: scripts, locks, migrations. */
export type Connection = Awaited<ReturnType<PrismaBetterSqlite3['connect']>>;

/** A typed client on one connection of its own. Calls block the thread they are made on. */
export type Client = PrismaClient;

/** How long a connection waits for a lock that another one holds, ms. */
export const BUSY_TIMEOUT_MS = 5_000;

/** How to open a database file. */
export interface ConnectionOptions {
  /** Opens an existing file and never writes to it. Default false. */
  readonly readonly?: boolean;
  /** How long to wait for a lock that another connection holds, ms: {@link BUSY_TIMEOUT_MS}. */
  readonly busyTimeoutMs?: number;
}

function adapter(path: string, options: ConnectionOptions): PrismaBetterSqlite3 {
  const readonly = options.readonly ?? false;
  return new PrismaBetterSqlite3(
    {
      url: path,
      readonly,
      fileMustExist: readonly,
      timeout: options.busyTimeoutMs ?? BUSY_TIMEOUT_MS,
    },
    { timestampFormat: 'unixepoch-ms' },
  );
}

/** Opens a bare connection. End it with `dispose()`. */
export function openConnection(path: string, options: ConnectionOptions = {}): Promise<Connection> {
  return adapter(path, options).connect();
}

/** Opens a Prisma client with one connection. End it with `$disconnect()`. */
export async function openClient(path: string, options: ConnectionOptions = {}): Promise<Client> {
  const client = new PrismaClient({ adapter: adapter(path, options) });
  await client.$connect();
  return client;
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

/** `values` without those that are undefined: what a Prisma `where` takes. */
export function defined<T extends object>(values: T): { [K in keyof T]?: NonNullable<T[K]> } {
  const entries = Object.entries(values).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as { [K in keyof T]?: NonNullable<T[K]> };
}
