import { execFileSync, spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, it } from '@jest/globals';
import { temporaryFolder, until } from '../helpers/wait.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const folder = temporaryFolder();
afterEach(() => folder.remove());

it('the packed program installs in an empty folder and runs there', async () => {
  const npm = (cwd: string, ...args: string[]): string =>
    execFileSync('npm', args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  // It is built already; building it again would pull it away under other tests.
  const [name] = npm(root, 'pack', '--ignore-scripts', '--pack-destination', folder.path)
    .trim()
    .split('\n')
    .slice(-1);
  writeFileSync(join(folder.path, 'package.json'), '{}');
  npm(folder.path, 'install', `./${name}`, '--prefer-offline', '--no-audit', '--no-fund');
  const command = join(folder.path, 'node_modules/.bin/korean-orderbook-recorder');
  expect(execFileSync(command, ['--help'], { encoding: 'utf8' })).toContain('backup');
  const env = { PATH: process.env['PATH'], COLLECT: '', PORT: '0', LOG_LANG: 'en' };
  const child = spawn(command, ['start'], { cwd: folder.path, env });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (data: Buffer) => (output += data.toString()));
  const ended = new Promise((resolve) => child.on('exit', resolve));
  try {
    await until(() => /server started: \S+/.test(output), 'the start', 30_000);
    const [, url] = /server started: (\S+)/.exec(output)!;
    expect((await fetch(`${url}/health`)).status).toBe(200);
    expect(await (await fetch(`${url}/`)).text()).toContain('<html');
  } finally {
    child.kill('SIGTERM');
  }
  expect(await ended).toBe(0);
}, 240_000);
