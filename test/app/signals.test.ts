import { afterEach, describe, expect, it } from '@jest/globals';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openConnection } from '../../src/store/engine/sqlite/connection.js';
import { needs } from '../helpers/needs.js';
import { temporaryFolder, until } from '../helpers/wait.js';

const MAIN = fileURLToPath(new URL('../../dist/main.js', import.meta.url));

const cleanUps: (() => void)[] = [];
afterEach(() => {
  for (const cleanUp of cleanUps.splice(0).reverse()) cleanUp();
});

/** A command in a folder of its own, and what it writes. */
class Command {
  output = '';
  readonly child: ChildProcess;
  readonly folder: string;

  constructor(command: string, args: readonly string[], env: Record<string, string> = {}) {
    const { path, remove } = temporaryFolder();
    this.folder = path;
    this.child = spawn(command, args, {
      cwd: path,
      env: { PATH: process.env['PATH'], PORT: '0', COLLECT: '', LOG_LANG: 'en', ...env },
    });
    const hear = (chunk: Buffer): void => void (this.output += chunk.toString());
    this.child.stdout!.on('data', hear);
    this.child.stderr!.on('data', hear);
    cleanUps.push(remove, () => this.child.kill('SIGKILL'));
  }

  async url(): Promise<string> {
    const found = (): string | undefined => /http:\/\/127\.0\.0\.1:\d+/.exec(this.output)?.[0];
    await until(() => found() !== undefined, 'the start');
    return found()!;
  }

  async end(): Promise<number | NodeJS.Signals | null> {
    const { child } = this;
    const ended = (): boolean => child.exitCode !== null || child.signalCode !== null;
    await until(ended, `the end; its output: ${this.output}`);
    return child.exitCode ?? child.signalCode;
  }
}

describe('SIGHUP', () => {
  it('stops the recorder in order', async () => {
    const run = new Command(process.execPath, [MAIN]);
    await run.url();
    run.child.kill('SIGHUP');
    expect(await run.end()).toBe(0);
    expect(run.output).toMatch(/stopping \(SIGHUP\)\n[^]*stopped\n$/);
  });

  it('means nothing under nohup', async () => {
    const run = new Command('bash', [
      '-c',
      `nohup ${process.execPath} ${MAIN} & echo "pid $!"; wait`,
    ]);
    const url = await run.url();
    const pid = Number(/pid (\d+)/.exec(run.output)![1]);
    cleanUps.push(() => {
      if (existsSync(`/proc/${pid}`)) process.kill(pid, 'SIGKILL');
    });
    process.kill(pid, 'SIGHUP');
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect((await fetch(`${url}/health`)).status).toBe(200);
    expect(run.output).not.toContain('stopping');
    process.kill(pid, 'SIGTERM');
    expect(await run.end()).toBe(0);
    expect(run.output).toContain('stopping (SIGTERM)');
  });
});

/** What the log file of the program itself holds. */
function systemLog(folder: string): string {
  const logs = join(folder, 'logs');
  if (!existsSync(logs)) return '';
  const name = readdirSync(logs).find((file) => file.startsWith('system.'));
  return name === undefined ? '' : readFileSync(join(logs, name), 'utf8');
}

const { it: onTerminal } = needs('terminal');

onTerminal('a terminal stopped by Ctrl+S holds up neither the API nor the end', async () => {
  // Errors in a row: a terminal takes some 4 kB before it holds up its writer.
  const run = new Command(
    'script',
    ['-qec', `echo "pid $$"; exec ${process.execPath} ${MAIN}`, '/dev/null'],
    {
      COLLECT: Array.from({ length: 200 }, (_, i) => `UPBIT:X${i}-KRW`).join(','),
      UPBIT_REST_URL: 'http://127.0.0.1:9',
    },
  );
  await until(() => run.output.includes('pid '), 'the pid');
  const pid = Number(/pid (\d+)/.exec(run.output)![1]);
  run.child.stdin!.write('\x13');
  let port: string | undefined;
  await until(() => {
    // The terminal shows nothing.
    port ??= /127\.0\.0\.1:(\d+)/.exec(systemLog(run.folder))?.[1];
    return port !== undefined;
  }, 'the start');
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  const health = await fetch(`http://127.0.0.1:${port}/health`, {
    signal: AbortSignal.timeout(3_000),
  });
  expect(health.status).toBe(200);
  process.kill(pid, 'SIGTERM');
  await until(
    () =>
      !existsSync(`/proc/${pid}`) ||
      /State:\s+Z/.test(readFileSync(`/proc/${pid}/status`, 'latin1')),
    'the end',
  );
});

it('a call to a file that does not come back holds up the end for some seconds only', async () => {
  const { path, remove } = temporaryFolder();
  cleanUps.push(remove);
  spawnSync('mkfifo', [join(path, 'pipe')]);
  const open = `open(${JSON.stringify(join(path, 'pipe'))},"r",()=>{})`;
  const preload = `import{open}from"node:fs";import{isMainThread}from"node:worker_threads";if(isMainThread)${open}`;
  const run = new Command(process.execPath, [MAIN], {
    NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(preload)}`,
  });
  await run.url();
  run.child.kill('SIGTERM');
  expect(await run.end()).toBe('SIGTERM');
  expect(run.output).toMatch(/stopped\n$/);
});

describe('a start that does not come to its end', () => {
  it('is broken off by a signal', async () => {
    const { path, remove } = temporaryFolder();
    cleanUps.push(remove);
    const database = join(path, 'held.db');
    const other = await openConnection(database);
    await other.executeScript('CREATE TABLE t (x); BEGIN EXCLUSIVE');
    const run = new Command(process.execPath, [MAIN], { DB_PATH: database });
    await new Promise((resolve) => setTimeout(resolve, 1_200));
    const asked = performance.now();
    run.child.kill('SIGTERM');
    expect([0, 'SIGTERM']).toContain(await run.end());
    expect(performance.now() - asked).toBeLessThan(4_000);
    await other.dispose();
  });
});
