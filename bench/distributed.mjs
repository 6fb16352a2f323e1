/**
 * The whole market through several nodes: a collector, NATS, a recorder on PostgreSQL and an API node, each a
 * process, against the one process on SQLite; both with ten subscribers and at the average rate. At the end
 * every frame is accounted for. Skipped, with one line, where NATS or PostgreSQL is not installed.
 *
 * `npm run bench -- distributed [--minutes N]` (1)
 */
import { fork } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Cluster } from '../dist/cluster/cluster.js';
import { findPrograms } from '../dist/cluster/programs.js';
import { accounts, allLive, ask, startExchanges, startMarket } from './recorded-market.mjs';
import { sized, TINY_OPTION } from './sizes.mjs';

const { values: flags } = parseArgs({
  options: {
    minutes: { type: 'string', default: sized('1', '0.05') },
    ...TINY_OPTION,
  },
});
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const WARM_UP_MS = sized(15_000, 2_000);
const TICKS_A_SECOND = 100;

let programs;
try {
  programs = findPrograms();
} catch (error) {
  console.log(`skipped: ${error.message}`);
  process.exit(0);
}

/** CPU that a process has used, s (Linux). */
const cpuOf = (pid) => {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS_A_SECOND;
};

/** Cores that processes use while ten readers listen, and what the readers measure. */
async function phase(port, pids) {
  const path = new URL('market-readers.mjs', import.meta.url).pathname;
  const readers = fork(path, [`ws://127.0.0.1:${port}/graphql`]);
  await sleep(WARM_UP_MS);
  await ask(readers);
  const before = pids.map(cpuOf);
  const since = performance.now();
  await sleep(Number(flags.minutes) * 60_000);
  const seconds = (performance.now() - since) / 1000;
  const cores = pids.map((pid, i) => (cpuOf(pid) - before[i]) / seconds);
  const live = await ask(readers);
  readers.kill('SIGKILL');
  return { cores, live };
}

const inCores = (cores) => cores.toFixed(2);
const setRate = (control, rate) =>
  fetch(`${control}/rate`, { method: 'POST', body: JSON.stringify([rate]) });
const accountText = ({ frames, changed, equal, markets, wrong }) =>
  `${frames} frames received, ${changed} changed, ${equal} of ${markets} last books equal digit for digit, ${wrong.length} wrong`;

const folder = mkdtempSync(join(tmpdir(), 'bench-distributed-'));
const databaseFolder = mkdtempSync(join(tmpdir(), 'bench-distributed-postgresql-'));
let failed;
try {
  const alone = await startMarket({ dbPath: join(folder, 'alone.db') });
  const one = await phase(alone.port, [alone.pid]);
  await alone.close();
  console.log(
    `one process: ${inCores(one.cores[0])} cores; receive to subscriber p50 ${one.live.p50} ms, p99 ${one.live.p99} ms (${one.live.deliveries} deliveries)`,
  );

  const exchanges = await startExchanges();
  const cluster = await Cluster.start({
    programs,
    folder,
    databaseFolder,
    logFolder: join(folder, 'logs'),
    nodes: ['collector', 'recorder', 'api'].map((role) => ({ name: role, role })),
    natsServers: 1,
    env: { ...exchanges.env, LOG_LANG: 'en', COLLECT: '*-*', BITHUMB_TRANSPORT: 'ws' },
    onDeath: (why) => {
      console.error(why);
      process.exit(1);
    },
  });
  try {
    const { url } = cluster.nodes.find(({ role }) => role === 'api');
    const { port } = new URL(url);
    await allLive(url);
    const pids = [...cluster.nodes.map(({ pid }) => pid), cluster.nats.servers[0].pid];
    const { cores, live } = await phase(port, pids);
    const ours = cores.slice(0, 3).reduce((a, b) => a + b, 0);
    console.log(
      [
        `nodes: ${inCores(ours)} cores of this program (collector ${inCores(cores[0])}, recorder ${inCores(cores[1])}, API ${inCores(cores[2])}), ${(ours / one.cores[0]).toFixed(2)} times the one process, which is what the bound of 2 is about; with NATS's own server (${inCores(cores[3])}) ${((ours + cores[3]) / one.cores[0]).toFixed(2)} times`,
        `receive to subscriber p50 ${live.p50} ms, p99 ${live.p99} ms, max ${live.max} ms (${live.deliveries} deliveries)`,
      ].join('; '),
    );
    await setRate(exchanges.control, 0);
    const stored = async () => (await (await fetch(`${url}/health`)).json()).store.storedBooks;
    let last = -1;
    for (let now = await stored(); now !== last; now = await stored()) {
      last = now;
      await sleep(2_500);
    }
    const account = await accounts({ port, control: exchanges.control });
    console.log(`accounts: ${accountText(account)}, ${last} stored`);
    for (const line of account.wrong.slice(0, 10)) console.error(`  ${line}`);
    failed = account.wrong.length > 0 || last < account.changed;
  } finally {
    await cluster.close();
    exchanges.close();
  }
} finally {
  for (const gone of [folder, databaseFolder]) rmSync(gone, { recursive: true, force: true });
}
process.exit(failed ? 1 : 0);
