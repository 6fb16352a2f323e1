import { join } from 'node:path';
import { it } from '@jest/globals';
import type { WriterSession } from '../../src/store/engine/engine.js';
import { parseAddress } from '../../src/store/engine/postgresql/address.js';
import { PostgresSession } from '../../src/store/engine/postgresql/session.js';
import { needs } from '../helpers/needs.js';
import { ofRun } from '../helpers/of-run.js';
import { queryOf } from '../helpers/postgres-server.js';
import { sessionOn, temporaryFolder } from './support.js';

/** A database for a test. */
export interface TestDatabase {
  /** Its location, for the store. */
  readonly path: string;
  /** A connection beside the writer's, which may write, too, but has no lock. */
  session(): Promise<WriterSession>;
  remove(): Promise<void>;
}

/**
 * The engine that the tests of the store run on: SQLite, and under jest.postgresql.config.mjs, which
 * lists them, PostgreSQL.
 */
export const ENGINE = process.env['TEST_ENGINE'] === 'PostgreSQL' ? 'PostgreSQL' : 'SQLite';

/** `it` for what SQLite alone has: its plans, its file, a disk that `max_page_count` makes full. */
export const itOnSqlite = ENGINE === 'SQLite' ? it : it.skip;

/** A new database of the {@link ENGINE}; not there yet, or empty. */
export async function newDatabase(): Promise<TestDatabase> {
  if (ENGINE === 'PostgreSQL') return serverDatabase('template_recorder');
  const folder = await temporaryFolder();
  const path = join(folder.path, 'new', 'orderbook.db');
  return { path, session: () => sessionOn(path), remove: folder.remove };
}

/** The settings by which a command finds a database. */
export function settingsOf(path: string): Record<string, string> {
  return { [ENGINE === 'SQLite' ? 'DB_PATH' : 'DATABASE_URL']: path };
}

/** A database on the server of the run. @param template what it is copied of: `template1` for an empty one */
export async function serverDatabase(template: string): Promise<TestDatabase> {
  const url = new URL(await ofRun('postgres-keeper'));
  const name = `r_${Math.random().toString(36).slice(2)}`;
  url.pathname = '/postgres';
  const admin = url.href;
  await queryOf(admin, `CREATE DATABASE ${name} TEMPLATE ${template}`);
  url.pathname = `/${name}`;
  const path = url.href;
  return {
    path,
    session: async () => {
      const options = { max: 1, readonly: false, silenceMs: 30_000, lock: null };
      const session = await PostgresSession.open(parseAddress(path), options);
      return session as unknown as WriterSession;
    },
    remove: async () => void (await queryOf(admin, `DROP DATABASE ${name} WITH (FORCE)`)),
  };
}

/** `describe` for tests that need PostgreSQL; skipped where it is not installed. */
export const { describe: describeWithPostgres } = needs('postgres');
