import type pg from 'pg';
import type { Client, Pieces, Space, Statement, WriterSession, WriterSettings } from '../engine.js';
import type { PostgresAddress } from './address.js';
import { arePartitioned, migrate, unopened } from './database.js';
import { Partitions } from './partitions.js';
import { isAlone, makePool } from './pool.js';
import { clientOn, PostgresSession } from './session.js';

/** Longest silence of a connection while a batch is written, ms; it is then given up. */
const SILENCE_MS = 30_000;
/**
 * A writer that stands still within a transaction keeps its rows locked for at most this long, ms:
 * the server then ends it, and the batch is written again.
 */
const STANDSTILL_MS = 5_000;

/**
 * The connection that writes a PostgreSQL database. It holds the lock that keeps others out, except
 * those sharing it; if the connection is lost, the next call opens another, which takes the lock
 * first.
 */
export class PostgresWriterSession extends PostgresSession implements WriterSession {
  /** Null where an administrator has replaced the tables, for a server extension. */
  readonly #partitions: Partitions | null;

  private constructor(
    pool: pg.Pool,
    client: Client,
    { pieceBooks, shared, partitioned }: WriterSettings & { readonly partitioned: boolean },
  ) {
    super(pool, client);
    this.#partitions = partitioned ? new Partitions(pool, shared === true, pieceBooks) : null;
  }

  /** @throws {StoreError} when another process is writing the database, or it cannot be created or migrated */
  static async openToWrite(
    address: PostgresAddress,
    settings: WriterSettings,
  ): Promise<PostgresWriterSession> {
    const pool = makePool(address, {
      max: 1,
      readonly: false,
      silenceMs: SILENCE_MS,
      lock: settings.shared === true ? 'shared' : 'alone',
      idleInTransactionMs: STANDSTILL_MS,
    });
    try {
      const connection = await pool.connect();
      let partitioned;
      try {
        await migrate(connection, address);
        partitioned = await arePartitioned(connection, address);
      } finally {
        connection.release();
      }
      const client = await clientOn(pool, address.schema);
      return new PostgresWriterSession(pool, client, { ...settings, partitioned });
    } catch (error) {
      await pool.end();
      throw unopened(address, error);
    }
  }

  get pieces(): Pieces | null {
    return this.#partitions;
  }

  async makeRoom(first: number, last: number, time: number): Promise<void> {
    await this.#partitions?.makeRoom(first, last, time);
  }

  async alone(): Promise<boolean> {
    const connection = await this.pool.connect();
    try {
      return await isAlone(connection);
    } finally {
      connection.release();
    }
  }

  /** Nothing to check: where a lock is needed, no connection is without it. */
  async check(): Promise<void> {}

  async atOnce(statements: readonly Statement[]): Promise<void> {
    await this.client.$transaction([...statements]);
  }

  /** Every transaction is durable, unless the server is set to `synchronous_commit = off`. */
  durably<T>(work: () => Promise<T>): Promise<T> {
    return work();
  }

  async space(): Promise<Space> {
    const { rows } = await this.pool.query<{ bytes: string | null }>(
      `SELECT sum(pg_total_relation_size(oid)) AS bytes FROM pg_class
        WHERE relnamespace = quote_ident(current_schema())::regnamespace AND relkind = 'r'`,
    );
    const bytes = Number(rows[0]!.bytes ?? 0);
    return { bytes, usedBytes: bytes };
  }

  /** Nothing to do: dropped partitions free their space at once, and the server handles the rest. */
  async giveBack(): Promise<{ given: number; left: number }> {
    return { given: 0, left: 0 };
  }

  async cut(): Promise<void> {}

  async rescue(): Promise<null> {
    return null;
  }

  finish(): Promise<void> {
    return this.close();
  }
}
