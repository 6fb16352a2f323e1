import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { chownSync, mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { postgresPrograms } from './needs.js';
import { eventually } from './wait.js';

/** It refuses to run as root: then its files and processes are this user's. */
const UNPRIVILEGED = 'postgres';

const BIN = postgresPrograms();

/** Whom the server runs as; nothing = as the test itself. */
function runAs(): { uid?: number; gid?: number } {
  if (process.getuid?.() !== 0) return {};
  const id = (flag: string): number =>
    Number(spawnSync('id', [flag, UNPRIVILEGED], { encoding: 'utf8' }).stdout);
  return { uid: id('-u'), gid: id('-g') };
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Rows of a query in a database, by its address. */
export async function queryOf(address: string, sql: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: address });
  await client.connect();
  try {
    return (await client.query(sql)).rows as Record<string, unknown>[];
  } finally {
    await client.end();
  }
}

/** A PostgreSQL server of the test's own, in a temporary folder. */
export class PostgresServer {
  readonly #folder: string;
  readonly #port: number;
  #process: ChildProcess | null = null;
  #databases = 0;

  private constructor(folder: string, port: number) {
    this.#folder = folder;
    this.#port = port;
  }

  /** Makes a cluster and starts it. */
  static async start(): Promise<PostgresServer> {
    const folder = mkdtempSync(join(tmpdir(), 'postgres-test-'));
    const user = runAs();
    if (user.uid !== undefined) chownSync(folder, user.uid, user.gid!);
    const made = spawnSync(
      join(BIN!, 'initdb'),
      ['-D', join(folder, 'data'), '-U', 'recorder', '-A', 'trust', '-E', 'UTF8', '--no-sync'],
      { ...user, cwd: folder, encoding: 'utf8', env: { ...process.env, LC_ALL: 'C.UTF-8' } },
    );
    if (made.status !== 0) throw new Error(`initdb: ${made.stderr}`);
    const server = new PostgresServer(folder, await freePort());
    await server.up();
    return server;
  }

  /** Starts it again on the same port and files. */
  async up(): Promise<void> {
    const settings = ['fsync=off', 'full_page_writes=off', 'listen_addresses=127.0.0.1'];
    this.#process = spawn(
      join(BIN!, 'postgres'),
      [
        ...['-D', join(this.#folder, 'data'), '-p', `${this.#port}`, '-k', this.#folder],
        ...settings.flatMap((setting) => ['-c', setting]),
      ],
      { ...runAs(), cwd: this.#folder, stdio: 'ignore' },
    );
    await eventually(() => this.#answers(), Boolean, 'PostgreSQL', 20_000);
  }

  /** Ends it at once, as a loss of power would, but for what the system still writes. */
  async down(): Promise<void> {
    const ended = new Promise((resolve) => this.#process!.once('exit', resolve));
    this.#process!.kill('SIGQUIT');
    await ended;
    this.#process = null;
  }

  /** An empty database. @returns its address */
  async database(name = `recorder_${++this.#databases}`): Promise<string> {
    await this.query('postgres', `CREATE DATABASE ${name}`);
    return this.#address(name);
  }

  /** Rows of a query in a database, by its name or address. */
  query(database: string, sql: string): Promise<Record<string, unknown>[]> {
    return queryOf(database.includes('://') ? database : this.#address(database), sql);
  }

  /** Ends it and removes its files. */
  async close(): Promise<void> {
    if (this.#process !== null) await this.down();
    await rm(this.#folder, { recursive: true, force: true });
  }

  #address(database: string): string {
    return `postgresql://recorder@127.0.0.1:${this.#port}/${database}`;
  }

  async #answers(): Promise<boolean> {
    return this.query('postgres', 'SELECT 1').then(
      () => true,
      () => false,
    );
  }
}
