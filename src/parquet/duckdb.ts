import { createRequire } from 'node:module';
import type * as DuckDb from '@duckdb/node-api';

/** DuckDB's resource limits. */
export interface DuckOptions {
  /** Megabytes of memory; beyond that it uses `temporary`. */
  readonly memoryMb: number;
  /** Folder for what does not fit into memory; null = no spilling. */
  readonly temporary: string | null;
}

/** An open in-memory DuckDB with one thread. */
export interface Duck {
  readonly connection: DuckDb.DuckDBConnection;
  /** Another connection, for results read while others are queried; the caller closes it. */
  connect(): Promise<DuckDb.DuckDBConnection>;
  close(): void;
}

/**
 * The package, loaded only where Parquet is read or written: a process that ends while its binary
 * is loading aborts on Node 24, and most recorders never need it. With `import`, its many files
 * would be scanned for exports, which takes a tenth of a second.
 */
export function loadDuckDb(): typeof DuckDb {
  return createRequire(import.meta.url)('@duckdb/node-api') as typeof DuckDb;
}

/** Opens a DuckDB that reads and writes only the files it is given, and fetches nothing. */
export async function openDuck({ memoryMb, temporary }: DuckOptions): Promise<Duck> {
  const { DuckDBInstance } = loadDuckDb();
  const instance = await DuckDBInstance.create(':memory:', {
    threads: '1',
    memory_limit: `${memoryMb}MB`,
    temp_directory: temporary ?? '',
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
  });
  const connect = async (): Promise<DuckDb.DuckDBConnection> => {
    const connection = await instance.connect();
    // Times are written in UTC.
    await connection.run(`SET TimeZone = 'UTC'`);
    return connection;
  };
  const connection = await connect();
  return {
    connection,
    connect,
    close: () => {
      connection.closeSync();
      instance.closeSync();
    },
  };
}

/** A text as an SQL literal. */
export function quoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** Rows of a query as arrays of values; 64-bit integers are bigints. */
export async function rowsOf(
  connection: DuckDb.DuckDBConnection,
  sql: string,
): Promise<unknown[][]> {
  return (await connection.runAndReadAll(sql)).getRows();
}
