import { PrismaPg } from '@prisma/adapter-pg';
import type pg from 'pg';
import { PrismaClient } from '../../../generated/postgresql/client.js';
import type { Cell, Client, Rows, Session } from '../engine.js';
import type { Sql } from '../sql.js';
import type { PostgresAddress } from './address.js';
import { postgresDialect } from './dialect.js';
import { CELL_TYPES, makePool, type PoolOptions } from './pool.js';

/** Connections to a PostgreSQL database, opened when needed and reopened when lost. */
export class PostgresSession implements Session {
  readonly dialect = postgresDialect;
  readonly client: Client;
  protected readonly pool: pg.Pool;

  protected constructor(pool: pg.Pool, client: Client) {
    this.pool = pool;
    this.client = client;
  }

  static async open(address: PostgresAddress, options: PoolOptions): Promise<PostgresSession> {
    const pool = makePool(address, options);
    return new PostgresSession(pool, await clientOn(pool, address.schema));
  }

  readonly rows: Rows = (query) => rowsOf(this.pool, query);

  /** The server reads them while this thread does other work. */
  readonly rowsAhead: Rows = (query) => this.rows(query);

  async snapshot<T>(read: (rows: Rows) => Promise<T>): Promise<T> {
    const connection = await this.pool.connect();
    try {
      await connection.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
      const found = await read((query) => rowsOf(connection, query));
      await connection.query('COMMIT');
      connection.release();
      return found;
    } catch (error) {
      connection.release(true);
      throw error;
    }
  }

  async close(): Promise<void> {
    await this.client.$disconnect();
    await this.pool.end();
  }
}

/** A Prisma client on a pool; a test compares its models with those of SQLite's. */
export async function clientOn(pool: pg.Pool, schema: string): Promise<Client> {
  const client = new PrismaClient({ adapter: new PrismaPg(pool, { schema }) });
  await client.$connect();
  return client as unknown as Client;
}

/** Rows as arrays, integers as numbers. */
async function rowsOf(on: pg.Pool | pg.PoolClient, { text, values }: Sql): Promise<Cell[][]> {
  const query = { text, values, rowMode: 'array' as const, types: CELL_TYPES };
  return (await on.query<Cell[]>(query)).rows;
}
