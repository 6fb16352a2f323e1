import { afterEach, describe, expect, it } from '@jest/globals';
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Simulators, startSimulators } from '../../src/simulator/simulators.js';
import { temporaryFolder, until } from '../helpers/wait.js';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** The built program (`npm test` builds it first) as its own process. */
class Run {
  output = '';
  code: number | null = null;
  signal: string | null = null;
  readonly #child: ChildProcess;

  constructor(folder: string, env: Record<string, string>) {
    this.#child = spawn(process.execPath, [join(root, 'dist/main.js')], {
      cwd: folder,
      env: { PATH: process.env['PATH'], PORT: '0', ...env },
    });
    this.#child.stdout!.on('data', (chunk: Buffer) => (this.output += chunk.toString()));
    this.#child.stderr!.on('data', (chunk: Buffer) => (this.output += chunk.toString()));
    this.#child.on('exit', (code, signal) => {
      this.code = code;
      this.signal = signal;
    });
  }

  get ended(): boolean {
    return this.code !== null || this.signal !== null;
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Closes the pipe that its standard output goes to. */
  closeOutput(): void {
    this.#child.stdout!.destroy();
  }

  async end(): Promise<number | null> {
    await until(() => this.ended, `the end of the process; its output: ${this.output}`);
    return this.code;
  }
}

const folders: (() => void)[] = [];
const runs: Run[] = [];
let simulators: Simulators | undefined;

afterEach(async () => {
  for (const run of runs.splice(0)) if (!run.ended) run.kill('SIGKILL');
  await simulators?.close();
  simulators = undefined;
  for (const remove of folders.splice(0)) remove();
});

function folder(): string {
  const made = temporaryFolder();
  folders.push(made.remove);
  return made.path;
}

function run(at: string, env: Record<string, string>): Run {
  const made = new Run(at, env);
  runs.push(made);
  return made;
}

describe('the process', () => {
  it('names every wrong setting, creates nothing and ends with 1', async () => {
    const at = folder();
    const r = run(at, { PORT: 'x', COLLECT: 'BTC', LOG_LEVEL: 'loud' });
    expect(await r.end()).toBe(1);
    expect(r.output.match(/^ {2}- /gm)).toHaveLength(3);
    expect(readdirSync(at)).toEqual([]);
  });

  it('says in one line that the port is taken, and ends with 1', async () => {
    const blocker = createServer();
    await new Promise<void>((resolve) => blocker.listen(0, '127.0.0.1', resolve));
    try {
      const { port } = blocker.address() as { port: number };
      const r = run(folder(), { PORT: String(port), COLLECT: '' });
      expect(await r.end()).toBe(1);
      expect(r.output).toMatch(
        new RegExp(`^cannot start: cannot listen on 127.0.0.1:${port}: the port is in use.*\\n$`),
      );
    } finally {
      blocker.close();
    }
  });

  it('says in one line that the database cannot be written, and ends with 1', async () => {
    const at = folder();
    mkdirSync(join(at, 'db'));
    const r = run(at, { DB_PATH: './db', COLLECT: '' });
    expect(await r.end()).toBe(1);
    expect(r.output.trim().split('\n')).toHaveLength(1);
    expect(r.output).toMatch(/^cannot start: .*db/);
  });

  it('writes what it has and ends in order with 0 on SIGTERM; the log files hold the same lines', async () => {
    simulators = await startSimulators({ rate: 3 });
    const at = folder();
    const r = run(at, { ...simulators.env });
    await until(() => r.output.includes('[UPBIT] WebSocket 연결'), 'the connection');
    r.kill('SIGTERM');
    expect(await r.end()).toBe(0);
    expect(r.output).toMatch(/\[SYSTEM\] 종료 중 \(SIGTERM\)\n[^]*\[SYSTEM\] 종료 완료\n$/);
    expect(existsSync(join(at, 'data/orderbook.db'))).toBe(true);
    const files = readdirSync(join(at, 'logs')).sort();
    expect(files.map((f) => f.replace(/\.\d{4}-\d\d-\d\d\.1\.log$/, ''))).toEqual([
      'bithumb',
      'coinone',
      'gopax',
      'korbit',
      'system',
      'upbit',
    ]);
    const upbit = readFileSync(join(at, 'logs', files.at(-1)!), 'utf8');
    expect(upbit).toMatch(
      /^\[\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\] \[INFO\] \[UPBIT-BTC\] 데이터 수집 시작$/m,
    );
    for (const line of upbit.trim().split('\n')) expect(r.output).toContain(line);
  });

  it('takes the signal that npm passes on to its shell; JSON on standard output leaves the files as ever', async () => {
    const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
      scripts: { start: string };
    };
    const at = folder();
    const shell = spawn('sh', ['-c', scripts.start], {
      cwd: root,
      env: {
        PATH: process.env['PATH'],
        PORT: '0',
        COLLECT: '',
        DB_PATH: join(at, 'o.db'),
        LOG_PATH: join(at, 'logs'),
        LOG_FORMAT: 'json',
        LOG_LANG: 'en',
      },
    });
    let output = '';
    shell.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
    const ended = new Promise((resolve) => shell.on('exit', (code) => resolve(code)));
    await until(() => output.includes('"STARTED"'), 'the start');
    shell.kill('SIGTERM');
    expect(await ended).toBe(0);
    const lines = output.trimEnd().split('\n');
    const events = lines.map((line) => (JSON.parse(line) as { event: string }).event);
    expect(events).toEqual(expect.arrayContaining(['STARTED', 'STOPPING']));
    expect(events.at(-1)).toBe('STOPPED');
    const name = readdirSync(join(at, 'logs')).find((file) => file.startsWith('system'))!;
    const file = readFileSync(join(at, 'logs', name), 'utf8');
    expect(file).toMatch(/^\[\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\] \[INFO\] \[SYSTEM\] stopped$/m);
  });

  it('takes two signals at once, Ctrl+C under npm, for one, and stops in order while an exchange does not answer', async () => {
    simulators = await startSimulators({ rate: 3 });
    simulators.korbit.faults.rest('hang');
    const r = run(folder(), { ...simulators.env });
    await until(() => r.output.includes('[UPBIT] WebSocket 연결'), 'the connection');
    // Not the same twice: the system makes one of two that wait.
    r.kill('SIGINT');
    r.kill('SIGTERM');
    expect(await r.end()).toBe(0);
    expect(r.output).toMatch(/종료 완료\n$/);
  });

  it('shares its database with no other process, and goes on when the reader of its output goes away', async () => {
    simulators = await startSimulators({ rate: 1 });
    const at = folder();
    const first = run(at, { ...simulators.env });
    await until(() => first.output.includes('[UPBIT] WebSocket 연결'), 'the connection');
    const second = run(at, { ...simulators.env });
    expect(await second.end()).toBe(1);
    expect(second.output).toMatch(/^cannot start: .*(another|in use)/);
    first.closeOutput();
    simulators.upbit.faults.dropConnections();
    await until(() => simulators!.upbit.upgrades.length === 2, 'the reconnection');
    expect(first.ended).toBe(false);
  });

  it('loses at most the last moments to kill -9, numbers on, and reports the gap', async () => {
    simulators = await startSimulators({ rate: 5 });
    const at = folder();
    const env = { ...simulators.env, COLLECT: 'UPBIT:BTC-KRW', PORT: '0' };
    const first = run(at, env);
    await until(() => first.output.includes('[UPBIT] WebSocket 연결'), 'the connection');
    await until(() => simulators!.upbit.sent.length > 30, 'books');
    first.kill('SIGKILL');
    await first.end().catch(() => null);
    expect(first.signal).toBe('SIGKILL');
    const second = run(at, env);
    await until(() => second.output.includes('이전 실행이 비정상 종료됨'), 'the warning');
    await until(() => /누락 구간 종료: 기록기 중단/.test(second.output), 'the closed gap');
  });
});
