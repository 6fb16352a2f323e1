import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openConnection, queryRows } from '../../src/store/engine/sqlite/connection.js';
import { failureText, failureCode } from '../../src/store/errors.js';
import { Sqlite } from '../../src/store/engine/sqlite/sqlite.js';
import { openClient, temporaryFolder } from './support.js';

const nodeMajor = Number(process.versions.node.split('.')[0]);

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let path: string;
const opened: Sqlite[] = [];
beforeEach(async () => {
  folder = await temporaryFolder();
  path = join(folder.path, 'test.db');
});
afterEach(async () => {
  for (const database of opened.splice(0)) database.close();
  await folder.remove();
});

function open(readonly = false, busyTimeoutMs = 0): Sqlite {
  const database = new Sqlite(path, { readonly, busyTimeoutMs });
  opened.push(database);
  return database;
}

/** SQLite's name of what `work` fails with. */
function codeOf(work: () => unknown): string | null {
  try {
    work();
  } catch (error) {
    return failureCode(error);
  }
  return null;
}

describe('Sqlite, on every Node', () => {
  it('gives back every value exactly', () => {
    const values = [
      2n ** 63n - 1n,
      -(2n ** 63n),
      2n ** 53n + 1n,
      0n,
      null,
      '',
      '비트코인 0.10000000000000000001',
      0.1,
    ];
    const rows = values.map((value) => open().query('SELECT ?', [value]).rows[0]![0]);
    expect(rows).toEqual(values);
    const blob = open().query('SELECT ?', [Buffer.from([0, 255, 1])]).rows[0]![0];
    expect([...(blob as Uint8Array)]).toEqual([0, 255, 1]);
  });

  it('names failures as SQLite does', () => {
    const database = open();
    database.script('CREATE TABLE a (id INTEGER PRIMARY KEY, n TEXT NOT NULL UNIQUE)');
    database.execute("INSERT INTO a VALUES (1, 'x')");
    expect(codeOf(() => database.execute("INSERT INTO a VALUES (1, 'y')"))).toBe(
      'SQLITE_CONSTRAINT_PRIMARYKEY',
    );
    expect(codeOf(() => database.execute("INSERT INTO a VALUES (2, 'x')"))).toBe(
      'SQLITE_CONSTRAINT_UNIQUE',
    );
    expect(codeOf(() => database.execute('INSERT INTO a VALUES (2, NULL)'))).toBe(
      'SQLITE_CONSTRAINT_NOTNULL',
    );
    expect(codeOf(() => database.query('SELECT * FROM b'))).toBe('SQLITE_ERROR');
    expect(codeOf(() => open(true).execute('DELETE FROM a'))).toBe('SQLITE_READONLY');
    open().script('BEGIN IMMEDIATE');
    expect(codeOf(() => database.script('BEGIN IMMEDIATE'))).toBe('SQLITE_BUSY');
    database.query(`PRAGMA max_page_count = 2`);
    opened.at(-1)!.script('ROLLBACK');
    const large = (): unknown => database.execute('INSERT INTO a VALUES (3, ?)', ['x'.repeat(1e5)]);
    expect(codeOf(large)).toBe('SQLITE_FULL');
  });

  it('opens nothing that is absent read-only, and nothing that is no database', async () => {
    expect(codeOf(() => open(true))).toBe('SQLITE_CANTOPEN');
    writeFileSync(path, 'not a database, '.repeat(100));
    expect(codeOf(() => open(true).query('SELECT * FROM sqlite_master'))).toBe('SQLITE_NOTADB');
    path = join(folder.path, 'absent', 'test.db');
    await expect(openConnection(path)).rejects.toThrow();
  });

  it('waits for a lock as long as it is given, and counts changes', () => {
    open().script('CREATE TABLE a (n); INSERT INTO a VALUES (1), (2)');
    expect(open().execute('UPDATE a SET n = n + 1')).toBe(2);
    expect(open(false, 4_321).query('PRAGMA busy_timeout').rows).toEqual([[4_321n]]);
    expect(open().query('PRAGMA cache_size').rows).toEqual([[-16_000n]]);
    expect(open().query('PRAGMA foreign_keys').rows).toEqual([[1n]]);
  });

  it('explains a failure through Prisma, and begins the next transaction after one that failed', async () => {
    const connection = await openConnection(path);
    await connection.executeScript('CREATE TABLE a (n INTEGER PRIMARY KEY)');
    await connection.dispose();
    const client = await openClient(path);
    try {
      const insert = (n: bigint) => client.$executeRaw`INSERT INTO a VALUES (${n})`;
      const large = 2n ** 53n + 1n;
      const both = client.$transaction([insert(large), insert(large)]);
      const error: unknown = await both.catch((reason: unknown) => reason);
      expect(failureCode(error)).toBe('SQLITE_CONSTRAINT_PRIMARYKEY');
      expect(failureText(error)).toContain('SQLITE_CONSTRAINT_PRIMARYKEY');
      const [one, two] = await Promise.all([
        client.$transaction([insert(1n), insert(large)]),
        client.$transaction([insert(2n), insert(3n)]),
      ]);
      expect([one, two]).toEqual([
        [1, 1],
        [1, 1],
      ]);
    } finally {
      await client.$disconnect();
    }
    const again = await openConnection(path, { readonly: true });
    const rows = await queryRows(again, 'SELECT n FROM a ORDER BY n');
    await again.dispose();
    expect(rows).toEqual([[1], [2], [3], [String(2n ** 53n + 1n)]]);
  });
});

describe('the SQLite driver of this Node', () => {
  /** Opens and drops connections and statements under constant garbage collection, in a thread too. */
  const pressure = `
    import { isMainThread, Worker } from 'node:worker_threads';
    import { createRequire } from 'node:module';
    const { Sqlite } = await import(process.env.SQLITE_MODULE);
    for (let i = 0; i < 40; i++) {
      const database = new Sqlite(':memory:', { readonly: false, busyTimeoutMs: 0 });
      for (let j = 0; j < 20; j++) database.query('SELECT ' + j);
      if (i % 2 === 0) database.close();
      globalThis.gc();
      await new Promise((resolve) => setImmediate(resolve));
    }
    if (isMainThread) {
      const thread = new Worker(new URL(import.meta.url));
      thread.on('exit', (code) => {
        globalThis.gc();
        const native = Object.keys(createRequire(import.meta.url).cache).some((file) => file.endsWith('.node'));
        console.log(code + ' ' + native);
      });
    }`;

  it('survives garbage collection, says nothing, and is native on Node 20 only', () => {
    const script = join(folder.path, 'pressure.mjs');
    writeFileSync(script, pressure);
    const { status, signal, stdout, stderr } = spawnSync(
      process.execPath,
      ['--expose-gc', script],
      {
        encoding: 'utf8',
        env: {
          ...process.env,
          NODE_OPTIONS: '',
          SQLITE_MODULE: new URL('../../dist/store/engine/sqlite/sqlite.js', import.meta.url).href,
        },
      },
    );
    expect({ status, signal, stdout, stderr }).toEqual({
      status: 0,
      signal: null,
      stdout: `0 ${nodeMajor === 20}\n`,
      stderr: '',
    });
  });
});
