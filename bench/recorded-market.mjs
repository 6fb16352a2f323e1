/**
 * The program as users run it, recording the whole simulated market (2,026 books); the simulators are
 * a process of their own.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { constants, setPriority } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';

const dist = (path) => new URL(`../dist/${path}`, import.meta.url).pathname;
const here = (path) => new URL(path, import.meta.url).pathname;
/** Node's flags of `npm start`. */
const startFlags = JSON.parse(readFileSync(here('../package.json'), 'utf8'))
  .scripts.start.split(' ')
  .filter((word) => word.startsWith('--'));
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const freePort = async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  return port;
};

/** A process's answer to the message that asks for its figures. */
export async function ask(child) {
  child.send('report');
  const [answer] = await once(child, 'message');
  return answer;
}

/** Starts the simulated exchanges in a separate process. */
export async function startExchanges() {
  for (let tries = 1; tries < 5; tries++) {
    const exchanges = await tryExchanges();
    if (exchanges !== null) return exchanges;
  }
  throw new Error('the simulated exchanges did not start, five times');
}

/** Starts them on ports that may be free; null = one of them was not. */
async function tryExchanges() {
  // Below those that Linux gives to connections.
  const portBase = 20_000 + Math.floor(Math.random() * 12_000);
  const simulator = spawn(
    process.execPath,
    [dist('simulator/main.js'), '--market', 'full', '--port-base', String(portBase)],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  // A user's exchanges do not run on the same machine: here they get the CPU that the recorder
  // leaves.
  setPriority(simulator.pid, constants.priority.PRIORITY_LOW);
  const env = {};
  for await (const line of createInterface({ input: simulator.stdout })) {
    const [, name, value] = /^([A-Z_]+_URL)=(.*)$/.exec(line) ?? [];
    if (name !== undefined) env[name] = value;
    if (Object.keys(env).length === 10) break;
  }
  if (Object.keys(env).length < 10) return null;
  return {
    /** The address of their control port. */
    control: `http://127.0.0.1:${portBase + 5}`,
    /** Settings for the program that records them. */
    env,
    close: () => simulator.kill('SIGKILL'),
  };
}

/** Waits until all markets are live at an address. @returns how long that took, s */
export async function allLive(url) {
  const started = performance.now();
  for (;;) {
    await sleep(500);
    const state = await fetch(`${url}/health`)
      .then((answer) => answer.json())
      .catch(() => null);
    const counts = Object.values(state?.exchanges ?? {});
    const live = counts.reduce((sum, c) => sum + (c.LIVE ?? 0), 0);
    const all = counts.reduce((sum, c) => sum + Object.values(c).reduce((a, b) => a + b, 0), 0);
    if (all > 2000 && live === all) return (performance.now() - started) / 1000;
    if (performance.now() - started > 180_000)
      throw new Error(`only ${live} of ${all} markets are LIVE after 3 minutes`);
  }
}

/**
 * Compares what was received of each market, and its last book, with what the exchanges sent.
 * @param market its `port` and the `control` of the exchanges
 */
export async function accounts({ port, control }) {
  const query = async (text) => {
    const answer = await fetch(`http://127.0.0.1:${port}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query: text }),
    });
    const { data, errors } = await answer.json();
    if (errors !== undefined) throw new Error(JSON.stringify(errors));
    return data;
  };
  const ledger = await (await fetch(`${control}/ledger`)).json();
  const { collectors } = await query('{ collectors { exchange symbol currency books repeats } }');
  let frames = 0;
  let changed = 0;
  let equal = 0;
  const wrong = [];
  for (const c of collectors) {
    const sent = ledger[c.exchange]?.[`${c.symbol}-${c.currency}`];
    frames += Number(c.books);
    changed += Number(c.books) - Number(c.repeats);
    if (sent === undefined || Number(c.books) !== sent.frames)
      wrong.push(`${c.exchange}:${c.symbol}-${c.currency} ${c.books} of ${sent?.frames} frames`);
    else if (Number(c.books) - Number(c.repeats) !== sent.changed)
      wrong.push(
        `${c.exchange}:${c.symbol}-${c.currency} ${c.books - c.repeats} of ${sent.changed} changes`,
      );
  }
  for (let i = 0; i < collectors.length; i += 10) {
    const part = collectors.slice(i, i + 10);
    const books = await query(
      `{ ${part.map((c, k) => `b${k}: orderbook(exchange: ${c.exchange}, symbol: "${c.symbol}", currency: "${c.currency}") { exchangeTimestamp asks { price volume } bids { price volume } }`).join(' ')} }`,
    );
    part.forEach((c, k) => {
      const last = ledger[c.exchange][`${c.symbol}-${c.currency}`]?.last;
      const flat = (side) => side.map((l) => [l.price, l.volume]);
      const got = JSON.stringify([flat(books[`b${k}`].asks), flat(books[`b${k}`].bids)]);
      if (got === JSON.stringify([last?.asks, last?.bids])) equal++;
      else wrong.push(`${c.exchange}:${c.symbol}-${c.currency} last book differs`);
    });
  }
  return { frames, changed, equal, markets: collectors.length, wrong };
}

/**
 * Starts both and waits until all markets are live.
 * @param settings variables of the recorder
 * @param onEnd called with the exit code when the recorder ends by itself
 */
export async function startMarket({ dbPath, settings = {}, onEnd = () => process.exit(1) }) {
  const simulator = await startExchanges();
  const { control, env } = simulator;
  const port = await freePort();
  const recorder = spawn(
    process.execPath,
    [
      ...startFlags,
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
    simulator.close();
    onEnd(code);
  });
  const health = async () => (await fetch(`http://127.0.0.1:${port}/health`)).json();
  /** Closes both. */
  const close = async () => {
    ending = true;
    if (recorder.exitCode === null) {
      const gone = once(recorder, 'exit');
      recorder.kill('SIGTERM');
      await Promise.race([gone, sleep(10_000)]);
    }
    simulator.close();
  };
  const startSeconds = await allLive(`http://127.0.0.1:${port}`).catch(async (error) => {
    await close();
    throw error;
  });
  return {
    port,
    pid: recorder.pid,
    /** Address of the simulators' control. */
    control,
    health,
    /** Event loop delay, delay of books, CPU and memory of the recorder since the last report. */
    report: () => ask(recorder),
    close,
    startSeconds,
  };
}
