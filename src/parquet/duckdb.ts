import type { DuckDBConnection } from '@duckdb/node-api';

/** How much DuckDB may use. */
export interface DuckOptions {
  /** Megabytes of memory; beyond, it uses `temporary`. */
  readonly memoryMb: number;
  /** Folder for what does not fit into memory; null = nothing is put aside. */
  readonly temporary: string | null;
}

/** An open DuckDB in memory, with one thread. */
export interface Duck {
  readonly connection: DuckDBConnection;
  /** Another connection, for results that are read while others are asked for; its user closes it. */
  connect(): Promise<DuckDBConnection>;
  close(): void;
}

/** Opens a DuckDB that reads and writes files only where it is pointed to, and fetches nothing. */
export async function openDuck({ memoryMb, temporary }: DuckOptions): Promise<Duck> {
  // Loaded only where an archive is read or written: a process that ends while it loads its binary is
  // aborted on Node 24, and most recorders never need it.
  const { DuckDBInstance } = await import('@duckdb/node-api');
  const instance = await DuckDBInstance.create(':memory:', {
    threads: '1',
    memory_limit: `${memoryMb}MB`,
    temp_directory: temporary ?? '',
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
  });
  const connect = async (): Promise<DuckDBConnection> => {
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
export async function rowsOf(connection: DuckDBConnection, sql: string): Promise<unknown[][]> {
  return (await connection.runAndReadAll(sql)).getRows();
}
