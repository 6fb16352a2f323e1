import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { startSimulators, type Simulators } from '../../src/simulator/simulators.js';
import { startUpbitSimulator } from '../../src/simulator/upbit/server.js';
import { until } from './raw-client.js';

let running: { close(): Promise<void> }[] = [];

afterEach(async () => {
  await Promise.all(running.map((one) => one.close()));
  running = [];
});

/** The first of `count` neighbouring ports that are free; below those the system hands out. */
async function freePorts(count: number): Promise<number> {
  for (;;) {
    const base = 20_000 + Math.floor(Math.random() * 12_000);
    const free = await Promise.all(
      Array.from({ length: count }, async (_, i) => {
        const server = createServer();
        const result = await new Promise<boolean>((resolve) => {
          server.once('error', () => resolve(false));
          server.listen(base + i, '127.0.0.1', () => resolve(true));
        });
        if (result) await new Promise((resolve) => server.close(resolve));
        return result;
      }),
    );
    if (free.every(Boolean)) return base;
  }
}

describe('all five simulators', () => {
  it('start together, with their URLs and the control port', async () => {
    const simulators: Simulators = await startSimulators({ rate: 0, control: true });
    running.push(simulators);
    expect(simulators.all.map(({ exchange }) => exchange)).toEqual([
      'UPBIT',
      'BITHUMB',
      'COINONE',
      'KORBIT',
      'GOPAX',
    ]);
    expect(Object.keys(simulators.env).sort()).toEqual(
      ['BITHUMB', 'COINONE', 'GOPAX', 'KORBIT', 'UPBIT'].flatMap((name) => [
        `${name}_REST_URL`,
        `${name}_WS_URL`,
      ]),
    );
    for (const { restUrl, pairs } of simulators.all) {
      expect(restUrl.endsWith('/')).toBe(false);
      expect(pairs).toContain('BTC-KRW');
    }
    const reply = await fetch(`${simulators.controlUrl}/`);
    const overview = (await reply.json()) as { exchanges: Record<string, unknown> };
    expect(Object.keys(overview.exchanges)).toEqual([
      'upbit',
      'bithumb',
      'coinone',
      'korbit',
      'gopax',
    ]);
  });

  it('give each exchange the pairs it can have', async () => {
    const pairs = ['BTC-KRW', 'ETH-BTC', 'BTC-USDT', 'BTC-USDC'];
    const simulators = await startSimulators({ rate: 0, pairs });
    running.push(simulators);
    expect(simulators.upbit.pairs).toEqual(['BTC-KRW', 'ETH-BTC', 'BTC-USDT']);
    expect(simulators.bithumb.pairs).toEqual(['BTC-KRW', 'ETH-BTC']);
    expect(simulators.coinone.pairs).toEqual(['BTC-KRW']);
    expect(simulators.korbit.pairs).toEqual(['BTC-KRW']);
    expect(simulators.gopax.pairs).toEqual(['BTC-KRW', 'BTC-USDC']);
    expect(simulators.controlUrl).toBeUndefined();
  });

  it('leave nothing behind when one cannot start', async () => {
    const portBase = await freePorts(6);
    // The second port is taken; the first must be free again after the failure.
    running.push(await startUpbitSimulator({ rate: 0, port: portBase + 1 }));
    await expect(startSimulators({ rate: 0, portBase })).rejects.toThrow('EADDRINUSE');
    const again = await startUpbitSimulator({ rate: 0, port: portBase });
    running.push(again);
  });
});

describe('npm run simulate', () => {
  async function run(
    args: string[],
    whenReady?: (output: string, kill: (signal: NodeJS.Signals) => void) => Promise<void>,
  ): Promise<{ code: number | null; out: string; err: string }> {
    const child = spawn(process.execPath, ['dist/simulator/main.js', ...args]);
    let out = '';
    let err = '';
    child.stdout.on('data', (data: Buffer) => (out += data.toString()));
    child.stderr.on('data', (data: Buffer) => (err += data.toString()));
    const exit = once(child, 'exit') as Promise<[number | null]>;
    try {
      if (whenReady !== undefined) {
        await until(
          () => out.includes('Ctrl+C') || child.exitCode !== null,
          'the last line',
          20_000,
        );
        await whenReady(out, (signal) => child.kill(signal));
      }
      const [code] = await exit;
      return { code, out, err };
    } finally {
      child.kill('SIGKILL');
    }
  }

  it.each(['SIGINT', 'SIGTERM'] as const)(
    'prints lines for .env and ends with 0 on %s',
    async (signal) => {
      const base = await freePorts(6);
      const { code, out } = await run(
        ['--rate', '0', '--port-base', `${base}`],
        async (text, kill) => {
          const url = /^UPBIT_REST_URL=(.+)$/m.exec(text)?.[1];
          expect(url).toBe(`http://127.0.0.1:${base}`);
          expect((await fetch(`${url}/v1/market/all`)).status).toBe(200);
          expect((await fetch(`http://127.0.0.1:${base + 5}/`)).status).toBe(200);
          kill(signal);
        },
      );
      expect(code).toBe(0);
      expect(out.match(/^[A-Z]+_(WS|REST)_URL=\S+$/gm)).toHaveLength(10);
    },
  );

  it('says what it can do', async () => {
    const { code, out } = await run(['--help']);
    expect(code).toBe(0);
    for (const flag of ['--market', '--seed', '--rate', '--port-base', '/ledger', '/rate']) {
      expect(out).toContain(flag);
    }
  });

  it.each([
    [['--seed', 'x'], '--seed must be an integer, not "x"'],
    [['--rate', '-1'], 'rate'],
    [['--rate=-1'], '--rate must be a number from 0 to 1000, not "-1"'],
    [['--market', 'big'], '--market must be small or full, not "big"'],
    [['--port-base', '70000'], '--port-base must be a port from 1 to 65530'],
    [['--colour', 'red'], "Unknown option '--colour'"],
    [['now'], "Unexpected argument 'now'"],
  ])('refuses %j with 1', async (args, message) => {
    const { code, err } = await run(args);
    expect(code).toBe(2);
    expect(err).toContain(message);
  });
});
