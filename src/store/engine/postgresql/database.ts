import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import type pg from 'pg';
import { COPYING_KEY } from '../../copy-marks.js';
import { failureText, failureCode, halfCopied, StoreError } from '../../errors.js';
import {
  type Migration,
  migrationFailed,
  type MigrationRecord,
  migrationsIn,
  unrecorded,
} from '../migrations.js';
import type { PostgresAddress } from './address.js';
import { makePool } from './pool.js';

/** Migrations folder: the same from src and from dist. */
const MIGRATIONS_FOLDER = fileURLToPath(
  new URL('../../../../prisma/postgresql/migrations', import.meta.url),
);
/** Number of the advisory lock under which Prisma migrates. */
const MIGRATION_LOCK = 72_707_369;
/** The oldest server version with everything in use here. */
const LEAST_VERSION = 130_000;
const RIGHT = "set DATABASE_URL to a recorder's database or to an empty one";

const BOOKKEEPING = `CREATE TABLE IF NOT EXISTS "_prisma_migrations" (
    "id"                    VARCHAR(36) PRIMARY KEY NOT NULL,
    "checksum"              VARCHAR(64) NOT NULL,
    "finished_at"           TIMESTAMPTZ,
    "migration_name"        VARCHAR(255) NOT NULL,
    "logs"                  TEXT,
    "rolled_back_at"        TIMESTAMPTZ,
    "started_at"            TIMESTAMPTZ NOT NULL DEFAULT now(),
    "applied_steps_count"   INTEGER NOT NULL DEFAULT 0
)`;

/** State of a database. */
interface Found {
  /** Nothing is in the schema. */
  readonly empty: boolean;
  readonly pending: readonly Migration[];
}

/** Checks that this program may write a database, changing nothing. @throws {StoreError} */
export async function checkWritable(address: PostgresAddress): Promise<void> {
  await withConnection(address, async (connection) => {
    await checkServer(connection, address);
    await look(connection, address);
    await checkRights(connection, address);
  });
}

/** Checks that this program can read a database, changing nothing. @throws {StoreError} */
export async function checkReadable(address: PostgresAddress): Promise<void> {
  await withConnection(address, async (connection) => {
    const { empty, pending } = await look(connection, address);
    if (empty) {
      throw new StoreError(
        `nothing has been recorded into ${address.name}; record something first (npm start), or set DATABASE_URL to the recorder's database`,
      );
    }
    if (pending.length > 0) {
      throw new StoreError(
        `the database ${address.name} is older than this program; start the recorder once (npm start) to migrate it`,
      );
    }
    const copying = await connection.query('SELECT 1 FROM state WHERE key = $1', [COPYING_KEY]);
    if (copying.rows.length > 0) throw halfCopied(address.name);
  });
}

/** Whether the schema contains anything. */
export async function isThere(address: PostgresAddress): Promise<boolean> {
  let there = false;
  await withConnection(address, async (connection) => {
    there = !(await look(connection, address)).empty;
  });
  return there;
}

/** Migrates a database in one transaction, safely even with several processes. @throws {StoreError} */
export async function migrate(connection: pg.ClientBase, address: PostgresAddress): Promise<void> {
  if ((await look(connection, address)).pending.length === 0) return;
  await connection.query('BEGIN');
  try {
    await connection.query(`SELECT pg_advisory_xact_lock(${MIGRATION_LOCK})`);
    await connection.query(BOOKKEEPING);
    // Checked again under the lock: another process may just have done it.
    const records = await recorded(connection);
    for (const migration of unrecorded(await readMigrations(), records, ELSEWHERE)) {
      await apply(connection, migration);
    }
    await connection.query('COMMIT');
  } catch (error) {
    await connection.query('ROLLBACK').catch(() => undefined);
    throw error;
  }
}

/** Whether books and trades are partitioned. @throws {StoreError} when only one of them is */
export async function arePartitioned(
  connection: pg.ClientBase,
  { name }: PostgresAddress,
): Promise<boolean> {
  const { rows } = await connection.query<{ relkind: string }>(
    `SELECT relkind FROM pg_class
      WHERE relnamespace = quote_ident(current_schema())::regnamespace AND relname IN ('book', 'trade_recent')`,
  );
  const kinds = new Set(rows.map(({ relkind }) => relkind === 'p'));
  if (kinds.size === 1) return kinds.has(true);
  throw new StoreError(
    `of the tables book and trade_recent of ${name} one is partitioned and the other is not; convert both or neither (docs/distributed.md)`,
  );
}

async function apply(connection: pg.ClientBase, migration: Migration): Promise<void> {
  const { name, sql, checksum } = migration;
  try {
    await connection.query(sql);
  } catch (error) {
    throw migrationFailed(migration, error);
  }
  await connection.query(
    `INSERT INTO _prisma_migrations (id, checksum, started_at, finished_at, migration_name, applied_steps_count)
     VALUES ($1, $2, clock_timestamp(), clock_timestamp(), $3, 1)`,
    [randomUUID(), checksum, name],
  );
}

const ELSEWHERE = 'DATABASE_URL to another database';

function readMigrations(): Promise<Migration[]> {
  return migrationsIn(MIGRATIONS_FOLDER);
}

async function recorded(connection: pg.ClientBase): Promise<MigrationRecord[]> {
  const { rows } = await connection.query<MigrationRecord>(
    `SELECT migration_name AS name, checksum, finished_at IS NOT NULL AS finished
       FROM _prisma_migrations WHERE rolled_back_at IS NULL ORDER BY migration_name`,
  );
  return rows;
}

/** Inspects the schema. @throws {StoreError} when it belongs to another program or a newer version */
async function look(connection: pg.ClientBase, address: PostgresAddress): Promise<Found> {
  const { schema, name } = address;
  const { rows: schemas } = await connection.query(
    'SELECT 1 FROM pg_namespace WHERE nspname = $1',
    [schema],
  );
  if (schemas.length === 0) {
    throw new StoreError(
      `the database has no schema ${JSON.stringify(schema)}; create it (CREATE SCHEMA), or change ?schema= in DATABASE_URL`,
    );
  }
  // Objects created by an extension are not data.
  const { rows: tables } = await connection.query<{ relname: string }>(
    `SELECT relname FROM pg_class c
      WHERE relnamespace = $1::regnamespace AND relkind IN ('r', 'p', 'v', 'm', 'f')
        AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e')
      ORDER BY relname`,
    [`"${schema}"`],
  );
  const migrations = await readMigrations();
  if (tables.length === 0) return { empty: true, pending: migrations };
  const names = tables.map(({ relname }) => relname);
  const records = names.includes('_prisma_migrations') ? await recorded(connection) : null;
  const ours = records?.some((record) => migrations.some((one) => one.name === record.name));
  if (records === null || (records.length > 0 && ours === false)) {
    throw new StoreError(
      `${name} is the database of another program (it has the table ${names.find((one) => !one.startsWith('_'))}); ${RIGHT}`,
    );
  }
  return { empty: false, pending: unrecorded(migrations, records, ELSEWHERE) };
}

async function checkServer(connection: pg.ClientBase, { name }: PostgresAddress): Promise<void> {
  const { rows } = await connection.query<{
    version: number;
    shown: string;
    encoding: string;
    standby: boolean;
  }>(`SELECT current_setting('server_version_num')::int AS version,
             current_setting('server_version') AS shown,
             current_setting('server_encoding') AS encoding, pg_is_in_recovery() AS standby`);
  const { version, shown, encoding, standby } = rows[0]!;
  if (version < LEAST_VERSION) {
    throw new StoreError(`the server of ${name} is PostgreSQL ${shown}; 13 or newer is needed`);
  }
  if (encoding !== 'UTF8') {
    throw new StoreError(
      `the database ${name} has the encoding ${encoding}; create one with ENCODING 'UTF8'`,
    );
  }
  if (standby) {
    throw new StoreError(
      `the server of ${name} is a standby and accepts no writes; set DATABASE_URL to the primary`,
    );
  }
}

/** Partitions are created continually, which only the owner of a table may do. */
async function checkRights(
  connection: pg.ClientBase,
  { schema, name }: PostgresAddress,
): Promise<void> {
  const { rows } = await connection.query<{ who: string; create: boolean; owner: boolean }>(
    `SELECT current_user AS who, has_schema_privilege($1, 'CREATE') AS create,
            coalesce((SELECT pg_has_role(relowner, 'USAGE') FROM pg_class
                       WHERE relname = 'book' AND relnamespace = $2::regnamespace), true) AS owner`,
    [schema, `"${schema}"`],
  );
  const { who, create, owner } = rows[0]!;
  if (create && owner) return;
  const missing = create ? 'does not own the tables' : 'may not create tables';
  throw new StoreError(
    `the user ${who} ${missing} of ${name}; GRANT CREATE ON SCHEMA ${schema} to it, and let it own the tables`,
  );
}

/** Runs `work` on one connection; any failure becomes one line. */
async function withConnection(
  address: PostgresAddress,
  work: (connection: pg.ClientBase) => Promise<void>,
): Promise<void> {
  const pool = makePool(address, { max: 1, readonly: true, silenceMs: 10_000, lock: null });
  try {
    const connection = await pool.connect();
    try {
      await work(connection);
    } finally {
      connection.release();
    }
  } catch (error) {
    throw unopened(address, error);
  } finally {
    await pool.end();
  }
}

/** Why a database cannot be opened, in one line. */
export function unopened({ name }: PostgresAddress, error: unknown): StoreError {
  if (error instanceof StoreError) return error;
  return new StoreError(
    `cannot open the database ${name}: ${failureText(error)}`,
    failureCode(error),
  );
}
