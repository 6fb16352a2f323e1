import pg from 'pg';
import { StoreError } from '../../errors.js';
import type { PostgresAddress } from './address.js';

/** Behaviour of a pool's connections. */
export interface PoolOptions {
  /** Maximum number of connections. */
  readonly max: number;
  readonly readonly: boolean;
  /** Longest silence of a connection before it is given up, ms. */
  readonly silenceMs: number;
  /**
   * Every connection first takes the write lock and holds it for its lifetime: exclusively, or
   * shared with others. Null = it does not write.
   */
  readonly lock: 'alone' | 'shared' | null;
  /** Longest idle time within a transaction before the server ends it, ms; 0 = unlimited. */
  readonly idleInTransactionMs?: number;
}

const CONNECT_MS = 5_000;
/** First half of the lock number; the second is derived from the schema. Any number unused by others. */
const LOCK = 1_332_822_066;
/** How soon a server notices that a connection's peer is gone, so that its lock is freed: s. */
const KEEPALIVE =
  'SET tcp_keepalives_idle = 15; SET tcp_keepalives_interval = 5; SET tcp_keepalives_count = 3;';

/** Integers as numbers, since all stored ones are below 2^53; likewise their sums. */
const NUMBERS = new Set<number>([pg.types.builtins.INT8, pg.types.builtins.NUMERIC]);
export const CELL_TYPES: pg.CustomTypesConfig = {
  getTypeParser: (oid: number, format?: string) =>
    NUMBERS.has(oid) ? Number : (pg.types.getTypeParser(oid, format as 'text') as never),
};

/** Creates a pool of connections; none is opened before it is needed. */
export function makePool(address: PostgresAddress, options: PoolOptions): pg.Pool {
  const { max, readonly, silenceMs, lock, idleInTransactionMs = 0 } = options;

  /** A connection that is set up before its first query, and given up when the server is silent. */
  class ReadyClient extends pg.Client {
    override async connect(): Promise<never>;
    override connect(callback: (error: Error) => void): void;
    override connect(callback?: (error: Error) => void): Promise<never> | void {
      const ready = super
        .connect()
        .then(() => this.#prepare())
        .catch(async (error: unknown) => {
          await super.end().catch(() => undefined);
          throw error;
        });
      if (callback === undefined) return ready as Promise<never>;
      ready.then(
        () => callback(undefined as never),
        (error: Error) => callback(error),
      );
    }

    async #prepare(): Promise<void> {
      const { stream } = (this as unknown as { connection: { stream: SilentStream } }).connection;
      stream.setTimeout(silenceMs, () => {
        const { readyForQuery } = this as unknown as { readyForQuery: boolean };
        if (!readyForQuery) stream.destroy(new Error(`no answer for ${silenceMs / 1000} s`));
      });
      // Hundreds of small statements gain nothing from JIT compilation.
      await this.query(`SET search_path = "${address.schema}"; SET jit = off; ${KEEPALIVE}
        SET default_transaction_read_only = ${readonly ? 'on' : 'off'};
        SET idle_in_transaction_session_timeout = ${idleInTransactionMs}`);
      if (lock === null) return;
      const take = lock === 'alone' ? 'pg_try_advisory_lock' : 'pg_try_advisory_lock_shared';
      const { rows } = await this.query<{ locked: boolean }>(
        `SELECT ${take}($1, hashtext(current_schema())) AS locked`,
        [LOCK],
      );
      if (rows[0]!.locked) return;
      throw new StoreError(
        `another process is already recording into ${address.name}; stop it, or set DATABASE_URL to another database`,
        'DATABASE_LOCKED',
      );
    }
  }

  const pool = new pg.Pool({
    ...address.config,
    Client: ReadyClient,
    max,
    keepAlive: true,
    connectionTimeoutMillis: CONNECT_MS,
    // The lock is also held between two batches.
    idleTimeoutMillis: lock === null ? 60_000 : 0,
    application_name: 'korean-orderbook-recorder',
  });
  // A connection lost while idle is reopened by the next call, which reports what is wrong.
  pool.on('error', () => undefined);
  // Likewise for one in use, between two queries.
  pool.on('connect', (client) => client.on('error', () => undefined));
  return pool;
}

/** Whether no other connection holds the write lock. */
export async function isAlone(connection: pg.PoolClient): Promise<boolean> {
  const { rows } = await connection.query<{ alone: boolean }>(
    `SELECT NOT EXISTS (
       SELECT 1 FROM pg_locks
        WHERE locktype = 'advisory' AND classid = $1::bigint::oid AND pid <> pg_backend_pid()
          AND objid = (hashtext(current_schema())::bigint & 4294967295)::oid
          AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
     ) AS alone`,
    [LOCK],
  );
  return rows[0]!.alone;
}

interface SilentStream {
  setTimeout(ms: number, listener: () => void): void;
  destroy(error: Error): void;
}
