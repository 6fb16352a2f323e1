import { createRequire } from 'node:module';
import type * as DuckDb from '@duckdb/node-api';

/** How much DuckDB may use. */
export interface DuckOptions {
  /** Megabytes of memory; beyond, it uses `temporary`. */
  readonly memoryMb: number;
  /** Folder for what does not fit into memory; null = nothing is put aside. */
  readonly temporary: string | null;
}

/** An open DuckDB in memory, with one thread. */
export interface Duck {
  readonly connection: DuckDb.DuckDBConnection;
  /** Another connection, for results that are read while others are asked for; its user closes it. */
  connect(): Promise<DuckDb.DuckDBConnection>;
  close(): void;
}

/**
 * The package, which is loaded only where Parquet is read or written: a process that ends while its
 * binary is being loaded is aborted on Node 24, and most recorders never need it. Imported, its many
 * files would be searched for what they export, which takes a tenth of a second.
 */
export function loadDuckDb(): typeof DuckDb {
  return createRequire(import.meta.url)('@duckdb/node-api') as typeof DuckDb;
}

/** Opens a DuckDB that reads and writes files only where it is pointed to, and fetches nothing. */
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
    // Times are written from what they are in UTC.
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

/** A text as SQL. */
export function quoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** Rows of a query as arrays of values; integers of 64 bits are bigints. */
export async function rowsOf(
  connection: DuckDb.DuckDBConnection,
  sql: string,
): Promise<unknown[][]> {
  return (await connection.runAndReadAll(sql)).getRows();
}
