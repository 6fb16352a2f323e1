import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import { copyHistory } from '../../src/store/copy/copy.js';
import { SHAPES } from '../../src/store/export/shapes.js';
import { Program } from '../faults/program.js';
import { describeWithPostgres, serverDatabase, type TestDatabase } from './engines.js';
import { exportHere } from './exports.js';
import { DAY, recordHistory } from './histories.js';
import { temporaryFolder } from './support.js';
import { T0 } from './trade-support.js';

jest.setTimeout(60_000);

type Settings = Readonly<Record<string, string>>;

/** Runs a command as a user does. @param file of dist */
function run(file: string, args: readonly string[], settings: Settings): Promise<string> {
  const path = fileURLToPath(new URL(`../../dist/${file}.js`, import.meta.url));
  const env = { ...process.env, ...settings };
  return new Promise((resolve) => {
    execFile(process.execPath, [path, ...args], { env }, (error, out, err) =>
      resolve(`${error?.code ?? 0} ${out}${err}`),
    );
  });
}

/** What a command said, but how long it took. */
function withoutSeconds<T extends { readonly err: string }>(said: T): T {
  return { ...said, err: said.err.replaceAll(/[\d.]+ s\b/g, '') };
}

/** What stands for the contents of a file. */
function hashOf(path: string): string {
  return createHash('sha1').update(readFileSync(path)).digest('hex');
}

/** The files of an archive's folder, each by its contents. */
function contents(folder: string): string[] {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort();
  return files
    .filter((file) => file.endsWith('.parquet'))
    .map((file) => `${file} ${hashOf(join(folder, file))}`);
}

describeWithPostgres('on a history in PostgreSQL, as on the same in SQLite,', () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let target: TestDatabase;
  let databases: readonly Settings[];

  beforeAll(async () => {
    folder = await temporaryFolder();
    const file = join(folder.path, 'r.db');
    target = await serverDatabase('template1');
    await recordHistory(file, 2, 1_500, T0);
    await copyHistory({ from: file, to: target.path, onStep: () => {}, onSequence: () => {} });
    databases = [
      { DB_PATH: file, DATABASE_URL: '' },
      { DB_PATH: join(folder.path, 'none.db'), DATABASE_URL: target.path },
    ];
  });
  afterAll(async () => {
    await target.remove();
    await folder.remove();
  });

  /** What something gives on each of the two. */
  async function both<T>(ask: (settings: Settings, engine: string) => Promise<T>): Promise<[T, T]> {
    return [await ask(databases[0]!, 'SQLite'), await ask(databases[1]!, 'PostgreSQL')];
  }

  it.each(Object.keys(SHAPES))('export --shape %s gives the same', async (shape) => {
    const every = shape === 'top' ? ['--every', '60000'] : [];
    const format = /^(incremental|book_snapshot)_/.test(shape) ? 'csv' : 'ndjson';
    const [sqlite, postgres] = await both((settings) =>
      exportHere(['all', '--shape', shape, '--format', format, ...every], settings),
    );
    expect([postgres.code, postgres.out.length > 100]).toEqual([0, true]);
    expect(withoutSeconds(postgres)).toEqual(withoutSeconds(sqlite));
  });

  it('export to Parquet, as a process, gives the same rows', async () => {
    const [sqlite, postgres] = await both(async (settings, engine) => {
      const out = join(folder.path, `${engine}.parquet`);
      const args = ['UPBIT', '--shape', 'books', '--format', 'parquet', '--out', out];
      const said = await run('store/export/command', args, settings);
      return { err: said.replaceAll(engine, ''), contents: hashOf(out) };
    });
    expect(withoutSeconds(postgres)).toEqual(withoutSeconds(sqlite));
  });

  it.each(['md', 'json'])('report --format %s gives the same', async (format) => {
    const args = ['--format', format, '--date', new Date(T0 + DAY).toISOString().slice(0, 10)];
    const [sqlite, postgres] = await both((settings) =>
      run('store/report-command', args, settings),
    );
    expect(postgres).toMatch(/^0 [^]*BTC/);
    expect(postgres).toBe(sqlite);
  });

  it('archive writes the same files and finds them right', async () => {
    const [sqlite, postgres] = await both(async (settings, engine) => {
      const path = join(folder.path, `archive-${engine}`);
      // The days until now have nothing.
      const days = Math.floor((Date.now() - T0) / DAY) - 4;
      const archive = { ...settings, ARCHIVE_PATH: path, ARCHIVE_AFTER_DAYS: String(days) };
      const made = await run('archive/command', [], archive);
      const verified = await run('archive/command', ['verify'], archive);
      const said = made.replaceAll(/[\d.]+ s$/gm, '');
      return { said, verified, files: contents(path) };
    });
    expect(postgres.said).toMatch(/^0 (.*: \d+ books, .*\n){3,}$/);
    expect(postgres.verified).toMatch(/^0 (.* as archived; the database: equal\n){3,}$/);
    expect(postgres).toEqual(sqlite);
  });

  it('replay plays the same books', async () => {
    const [from, to] = [T0, T0 + DAY].map((time) => new Date(time).toISOString());
    const query = `subscription { replay(exchange: UPBIT, from: "${from}", to: "${to}", speed: 0) {
      sequence timestamp exchangeTimestamp asks { price volume } bids { price volume } } }`;
    const [sqlite, postgres] = await both(async (settings, engine) => {
      const logs = { COLLECT: '', LOG_PATH: join(folder.path, `logs-${engine}`) };
      const program = new Program(folder.path, { ...settings, ...logs });
      try {
        const address = `${await program.url()}/graphql?query=${encodeURIComponent(query)}`;
        const headers = { accept: 'text/event-stream', 'x-graphql-yoga-csrf': '1' };
        const played = await (await fetch(address, { headers })).text();
        return played.split('\n').filter((line) => line.startsWith('data: {'));
      } finally {
        await program.end();
      }
    });
    expect(postgres.length).toBeGreaterThan(100);
    expect(postgres).toEqual(sqlite);
  });

  it('backup names the tool of the server', async () => {
    const said = await run('store/backup-command', [join(folder.path, 'copy')], databases[1]!);
    expect(said).toMatch(/^1 [^\n]*pg_dump --format=custom[^\n]*\n$/);
  });
});
