import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from '@jest/globals';
import { lockDatabase } from '../../src/store/engine/sqlite/lock.js';
import { temporaryFolder } from '../store/support.js';

const root = fileURLToPath(new URL('../..', import.meta.url));

interface Run {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

async function run(args: readonly string[], cwd = root): Promise<Run> {
  const child = spawn(process.execPath, args, { cwd });
  let out = '';
  let err = '';
  child.stdout.on('data', (data: Buffer) => (out += data.toString()));
  child.stderr.on('data', (data: Buffer) => (err += data.toString()));
  const [code] = (await once(child, 'close')) as [number];
  return { code, out, err };
}

const COMMANDS = [
  'dist/main.js',
  'dist/demo.js',
  'dist/simulator/main.js',
  'dist/store/backup-command.js',
  'dist/store/copy/command.js',
  'dist/soak/main.js',
  'dist/store/export/command.js',
  'dist/store/report-command.js',
  'dist/archive/command.js',
  'dist/doctor/command.js',
  'bench/run.mjs',
];

it.each(COMMANDS)('%s answers --help and does nothing', async (command) => {
  const { code, out, err } = await run([command, '--help']);
  expect([code, err]).toEqual([0, '']);
  expect(out).toMatch(/^usage: npm (start|run \w+)/);
  expect(out.split('\n').filter((line) => line.length > 100)).toEqual([]);
});

it.each(COMMANDS)('%s refuses a flag that there is not in one line', async (command) => {
  const { code, out, err } = await run([command, '--bogus']);
  expect([code, out]).toEqual([2, '']);
  expect(err).toMatch(/^\w+: [^\n]*--bogus[^\n]*\n$/);
});

it('the installed command hands flags on, and names its commands', async () => {
  const help = await run(['dist/cli.js', 'simulate', '--help']);
  expect([help.code, help.out]).toEqual([0, expect.stringContaining('npm run simulate')]);
  expect(await run(['dist/cli.js', 'simulate', '--bogus'])).toMatchObject({ code: 2, out: '' });
  expect((await run(['dist/cli.js', '--help'])).out).toMatch(/start, demo, simulate, export/);
  const wrong = await run(['dist/cli.js', 'strat']);
  expect([wrong.code, wrong.err]).toEqual([
    2,
    expect.stringContaining('there is no command strat'),
  ]);
});

it('a second demo says what helps: its database is not that of DB_PATH', async () => {
  const folder = await temporaryFolder();
  await mkdir(join(folder.path, 'data'));
  const other = await lockDatabase(join(folder.path, 'data', 'demo.db'));
  const { code, err } = await run([join(root, 'dist/demo.js')], folder.path);
  await other.dispose();
  await folder.remove();
  expect([code, err]).toEqual([
    1,
    'cannot start the demo: another demo is already recording into ./data/demo.db; stop that one first\n',
  ]);
});
