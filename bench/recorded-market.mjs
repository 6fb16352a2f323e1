/**
 * The program as users run it, recording the whole simulated market (2,026 books); the simulators are
 * a process of their own.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';

const dist = (path) => new URL(`../dist/${path}`, import.meta.url).pathname;
const here = (path) => new URL(path, import.meta.url).pathname;
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const freePort = async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  return port;
};

/** The answer of a process to the message that asks for its figures. */
export async function ask(child) {
  child.send('report');
  const [answer] = await once(child, 'message');
  return answer;
}

/**
 * Starts both and waits until all markets are live.
 * @param settings variables of the recorder
 * @param onEnd called with the exit code when the recorder ends by itself
 */
export async function startMarket({ dbPath, settings = {}, onEnd = () => process.exit(1) }) {
  const portBase = 20_000 + Math.floor(Math.random() * 20_000);
  const simulator = spawn(
    process.execPath,
    [dist('simulator/main.js'), '--market', 'full', '--port-base', String(portBase)],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const control = `http://127.0.0.1:${portBase + 5}`;
  const env = {};
  for await (const line of createInterface({ input: simulator.stdout })) {
    const [, name, value] = /^([A-Z_]+_URL)=(.*)$/.exec(line) ?? [];
    if (name !== undefined) env[name] = value;
    if (Object.keys(env).length === 10) break;
  }
  const port = await freePort();
  const recorder = spawn(
    process.execPath,
    [
      ...(process.env.NODE_FLAGS ?? '').split(' ').filter(Boolean),
      '--import',
      here('probe.mjs'),
      dist('main.js'),
    ],
    {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      env: {
        ...process.env,
        ...env,
        PORT: String(port),
        DB_PATH: dbPath,
        LOG_PATH: join(dirname(dbPath), 'logs'),
        LOG_LANG: 'en',
        COLLECT: '*-*',
        BITHUMB_TRANSPORT: 'ws',
        ...settings,
      },
    },
  );
  let ending = false;
  recorder.once('exit', (code) => {
    if (ending) return;
    console.error(`the recorder ended with ${code}`);
    simulator.kill('SIGKILL');
    onEnd(code);
  });
  const health = async () => (await fetch(`http://127.0.0.1:${port}/health`)).json();
  /** Ends both. */
  const close = async () => {
    ending = true;
    if (recorder.exitCode === null) {
      const gone = once(recorder, 'exit');
      recorder.kill('SIGTERM');
      await Promise.race([gone, sleep(10_000)]);
    }
    simulator.kill('SIGKILL');
  };
  const started = performance.now();
  for (;;) {
    await sleep(500);
    const state = await health().catch(() => null);
    const counts = Object.values(state?.exchanges ?? {});
    const live = counts.reduce((sum, c) => sum + (c.LIVE ?? 0), 0);
    const all = counts.reduce((sum, c) => sum + Object.values(c).reduce((a, b) => a + b, 0), 0);
    if (all > 2000 && live === all) break;
    if (performance.now() - started > 120_000) {
      await close();
      throw new Error(`only ${live} of ${all} markets are LIVE after 2 minutes`);
    }
  }
  return {
    port,
    /** Address of the simulators' control. */
    control,
    health,
    /** Event loop delay, CPU and memory of the recorder since the last report. */
    report: () => ask(recorder),
    close,
    startSeconds: (performance.now() - started) / 1000,
  };
}
