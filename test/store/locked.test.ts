import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { openStore } from '../../src/store/store.js';
import { forkBuilt } from '../helpers/fork-built.js';
import { Recorder, small, stored, temporaryFolder, UPBIT_BTC } from './support.js';

// Each command waits 5 s for the lock before it gives up.

const root = fileURLToPath(new URL('../..', import.meta.url));

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let path: string;
let holder: ChildProcess;

beforeAll(async () => {
  folder = await temporaryFolder();
  path = join(folder.path, 'orderbook.db');
  const store = await openStore({ path, flushMs: 5 });
  const recorder = new Recorder(store);
  for (let i = 0; i < 20; i++) recorder.put(UPBIT_BTC, Date.now(), small(i));
  await stored(store);
  await store.close();
  holder = forkBuilt(new URL('./lock-child.ts', import.meta.url), [path]);
  await once(holder, 'message');
});
afterAll(async () => {
  holder?.kill('SIGKILL');
  await folder?.remove();
});

const EXPORT = 'dist/store/export/command.js';
const COMMANDS: readonly (readonly [string, ...string[]])[] = [
  [EXPORT, 'UPBIT'],
  [EXPORT, 'UPBIT', '--out', 'new.parquet'],
  [EXPORT, 'UPBIT', '--shape', 'gaps', '--out', 'kept.json'],
  ['dist/store/report-command.js'],
  ['dist/store/backup-command.js', 'backup.db'],
  ['dist/archive/command.js'],
  ['dist/main.js'],
];

it.concurrent.each(COMMANDS)(
  'a database that another program holds locked: %s %s %s %s says so in one line and writes nothing',
  async (command, ...args) => {
    const name = [command, ...args].join(' ').replaceAll(/[^a-z]+/g, '-');
    const own = join(folder.path, name);
    mkdirSync(own);
    writeFileSync(join(own, 'kept.json'), 'what was there');
    const child = spawn(process.execPath, [join(root, command), ...args], {
      cwd: own,
      env: { ...process.env, DB_PATH: path, ARCHIVE_PATH: join(own, 'archive'), PORT: '0' },
    });
    let out = '';
    let err = '';
    child.stdout.on('data', (data: Buffer) => (out += data.toString()));
    child.stderr.on('data', (data: Buffer) => (err += data.toString()));
    const [code] = (await once(child, 'close')) as [number];
    expect({ code, out }).toEqual({ code: 1, out: '' });
    expect(err).toMatch(
      /^[^\n]+another program has the database locked; close it \(SQLITE_BUSY\)\n$/,
    );
    expect(readdirSync(own)).toEqual(['kept.json']);
    expect(readFileSync(join(own, 'kept.json'), 'utf8')).toBe('what was there');
  },
);
