import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { spawn } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe } from '@jest/globals';
import type { WriterSession } from '../../src/store/engine/engine.js';
import { parseAddress } from '../../src/store/engine/postgresql/address.js';
import { PostgresWriterSession } from '../../src/store/engine/postgresql/writer-session.js';
import { needs } from '../helpers/needs.js';
import { queryOf } from '../helpers/postgres-server.js';
import { until } from '../helpers/wait.js';
import { sessionOn, temporaryFolder } from './support.js';

/** A database for a test. */
export interface TestDatabase {
  /** Its location, for the store. */
  readonly path: string;
  /** A connection beside the writer's, which may write, too, but has no lock. */
  session(): Promise<WriterSession>;
  remove(): Promise<void>;
}

/** An engine, as the tests of the store see it. */
export interface TestEngine {
  readonly name: 'SQLite' | 'PostgreSQL';
  /** A new database; not there yet, or empty. */
  database(): Promise<TestDatabase>;
}

const SQLITE: TestEngine = {
  name: 'SQLite',
  database: async () => {
    const folder = await temporaryFolder();
    const path = join(folder.path, 'orderbook.db');
    return { path, session: () => sessionOn(path), remove: folder.remove };
  },
};

const POSTGRESQL: TestEngine = {
  name: 'PostgreSQL',
  database: () => serverDatabase('template_recorder'),
};

/** A database on the server of the run. @param template what it is copied of: `template1` for an empty one */
export async function serverDatabase(template: string): Promise<TestDatabase> {
  const url = new URL(await serverOfRun());
  const name = `r_${Math.random().toString(36).slice(2)}`;
  url.pathname = '/postgres';
  const admin = url.href;
  await queryOf(admin, `CREATE DATABASE ${name} TEMPLATE ${template}`);
  url.pathname = `/${name}`;
  const path = url.href;
  return {
    path,
    session: () => PostgresWriterSession.openToWrite(parseAddress(path), { shared: true }),
    remove: async () => void (await queryOf(admin, `DROP DATABASE ${name} WITH (FORCE)`)),
  };
}

/**
 * Runs the tests of `body` once for each engine. What stays with SQLite is about its file: sqlite,
 * migrations, upgrades, paths, locked, taken-away, backup, query-plans, disk-watch, durability, and the
 * full disks, which are made by `max_page_count`. What is PostgreSQL's alone is in engines.test.ts. Those of
 * the queue, the intake and the levels are about no database.
 */
export function onEachEngine(body: (engine: TestEngine) => void): void {
  describe('on SQLite', () => body(SQLITE));
  describeWithPostgres('on PostgreSQL', () => body(POSTGRESQL));
}

/** `describe` for tests that need PostgreSQL; skipped where it is not installed. */
export const { describe: describeWithPostgres } = needs('postgres');

/**
 * The server that all tests of a run share, started by the first that needs it.
 * @returns the address of a database of it
 */
async function serverOfRun(): Promise<string> {
  const run = process.env['TEST_RUN_PID']!;
  const folder = join(tmpdir(), `postgres-of-run-${run}`);
  const file = join(folder, 'address');
  if (made(folder)) {
    const built = new URL('../helpers/native/built.mjs', import.meta.url).href;
    const keeper = fileURLToPath(new URL('../helpers/postgres-keeper.ts', import.meta.url));
    const options = { detached: true, stdio: 'ignore' } as const;
    spawn(process.execPath, ['--import', built, keeper, folder, run], options).unref();
  }
  await until(() => existsSync(file), 'PostgreSQL of this run', 20_000);
  const address = readFileSync(file, 'utf8');
  if (!address.startsWith('postgresql://')) throw new Error(`PostgreSQL ${address}`);
  return address;
}

/** Makes a folder. @returns whether it was not there */
function made(folder: string): boolean {
  try {
    mkdirSync(folder);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}
