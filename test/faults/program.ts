import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Sqlite } from '../../src/store/engine/sqlite/sqlite.js';
import { eventually, until } from '../helpers/wait.js';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** What `/health` tells, as far as the tests need it. */
export interface ToldHealth {
  readonly status: string;
  readonly reasons: readonly string[];
  readonly store: { storedBooks: number; queuedBooks: number; failure: string | null };
  readonly exchanges: Record<string, Partial<Record<string, number>>>;
}

/** The built program (`npm test` builds it first) as a process of its own. */
export class Program {
  output = '';
  readonly #child: ChildProcess;
  readonly #gone: Promise<unknown>;

  /** @param folder working folder; database and logs lie in it */
  constructor(folder: string, env: Record<string, string>) {
    this.#child = spawn(process.execPath, [join(root, 'dist/main.js')], {
      cwd: folder,
      env: {
        PATH: process.env['PATH'],
        PORT: '0',
        LOG_LANG: 'en',
        DB_PATH: join(folder, 'orderbook.db'),
        LOG_PATH: join(folder, 'logs'),
        ...env,
      },
    });
    this.#child.stdout!.on('data', (chunk: Buffer) => (this.output += chunk.toString()));
    this.#child.stderr!.on('data', (chunk: Buffer) => (this.output += chunk.toString()));
    this.#gone = once(this.#child, 'exit');
  }

  /** Whether it has ended. */
  get ended(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  /** Exit code; null while it runs or when a signal ended it. */
  get code(): number | null {
    return this.#child.exitCode;
  }

  /** Address of the API, once it serves. */
  async url(): Promise<string> {
    const found = (): string | undefined => /(http:\/\/127\.0\.0\.1:\d+)/.exec(this.output)?.[1];
    await until(
      () => found() !== undefined || this.ended,
      `the start; output: ${this.output}`,
      40_000,
    );
    if (found() === undefined) throw new Error(`it did not start: ${this.output}`);
    return found()!;
  }

  /** What `/health` answers. */
  async health(): Promise<ToldHealth> {
    return (await (await fetch(`${await this.url()}/health`)).json()) as ToldHealth;
  }

  /** Waits until so many markets are LIVE, and no other is wanted. */
  async live(count: number): Promise<void> {
    await eventually(
      () => this.health(),
      (health) => {
        const states = Object.values(health.exchanges);
        return states.reduce((sum, s) => sum + (s['LIVE'] ?? 0), 0) === count;
      },
      `${count} markets LIVE`,
      40_000,
    );
  }

  /** The `data` of a GraphQL query. */
  async query<T>(query: string): Promise<T> {
    const answer = await fetch(`${await this.url()}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query }),
    });
    const body = (await answer.json()) as { data?: T; errors?: unknown };
    if (body.errors !== undefined) throw new Error(JSON.stringify(body.errors));
    return body.data as T;
  }

  /** Sends a signal. */
  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Waits for its end. */
  async gone(): Promise<void> {
    await this.#gone;
  }

  /** Sends a signal and waits for the end. */
  async end(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    if (!this.ended) this.#child.kill(signal);
    await this.#gone;
  }
}

/** A database opened by plain SQLite, beside the program. */
export interface PlainDatabase {
  prepare(sql: string): { pluck(): { get(): unknown; all(): unknown[] } };
  close(): void;
}

/** Opens a database file with plain SQLite, read-only. */
export function plainDatabase(path: string): PlainDatabase {
  const database = new Sqlite(path, { readonly: true, busyTimeoutMs: 5_000 });
  const first = (sql: string): unknown[] =>
    database.query(sql).rows.map(([v]) => (typeof v === 'bigint' ? Number(v) : v));
  return {
    prepare: (sql) => ({ pluck: () => ({ get: () => first(sql)[0], all: () => first(sql) }) }),
    close: () => database.close(),
  };
}

/** What SQLite's own check says of a file: `['ok']` when it is sound. */
export function integrityOf(path: string): unknown[] {
  const database = plainDatabase(path);
  try {
    return database.prepare('PRAGMA integrity_check').pluck().all();
  } finally {
    database.close();
  }
}
