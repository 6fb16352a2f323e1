import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import type { Simulators } from '../simulator/simulators.js';
import { Cluster, type PlannedNode } from './cluster.js';
import { NodeProcess } from './node-process.js';
import { findPrograms } from './programs.js';
import type { NatsServer } from './servers.js';

/** Roles of three nodes such that each role is held by two of them, and any one may fail. */
const ROLES = ['collector,recorder', 'collector,api', 'recorder,api'];
const STOP_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Number of NATS servers with as many nodes, so that any one of them may fail, too. */
const NATS_SERVERS = 3;

/** Names and roles of the nodes: with two or more, any one may fail. */
export function plannedNodes(count: number): PlannedNode[] {
  return Array.from({ length: count }, (_, i) => {
    const role = count < ROLES.length ? 'all' : ROLES[i % ROLES.length]!;
    return { name: `node-${i + 1}`, role };
  });
}

/**
 * `npm run demo -- --nodes N`: PostgreSQL, NATS and nodes that record the simulated exchanges,
 * until a signal ends everything. Entering the name of a node or NATS server kills it; entering it
 * again starts it.
 * @param folder for the logs
 * @throws {Error} with one line when something is not installed or does not start
 */
export async function demoNodes(
  count: number,
  folder: string,
  simulators: Simulators,
  settings: Readonly<Record<string, string>>,
): Promise<void> {
  const programs = findPrograms();
  mkdirSync(folder, { recursive: true });
  const own = mkdtempSync(join(tmpdir(), 'orderbook-demo-'));
  const databaseFolder = mkdtempSync(join(tmpdir(), 'orderbook-demo-postgresql-'));
  const say = (text: string): void => void process.stdout.write(`${text}\n`);
  let stopping = false;
  const stopped = new Promise<void>((done) => {
    for (const signal of STOP_SIGNALS) {
      process.on(signal, () => {
        stopping = true;
        done();
      });
    }
  });
  let cluster: Cluster | null = null;
  try {
    say(`starting PostgreSQL, NATS and ${count} nodes …`);
    const starting = Cluster.start({
      programs,
      folder: own,
      databaseFolder,
      logFolder: resolve(folder),
      nodes: plannedNodes(count),
      natsServers: count < NATS_SERVERS ? 1 : NATS_SERVERS,
      env: { ...settings, ...simulators.env },
      onDeath: (why) => say(stopping ? '' : `${why.split('\n')[0]!}; enter its name to start it`),
    });
    cluster = await Promise.race([starting, stopped.then(() => null)]);
    if (cluster === null) {
      cluster = await starting;
      return;
    }
    explain(cluster, folder, simulators.controlUrl, say);
    const input = createInterface({ input: process.stdin });
    input.on('line', (line) => void toggle(cluster!, line.trim(), say));
    await stopped;
    input.close();
    say('\nstopping the nodes, NATS and PostgreSQL …');
  } finally {
    await cluster?.close();
    for (const gone of [own, databaseFolder]) rmSync(gone, { recursive: true, force: true });
  }
}

function explain(
  { nodes, nats, postgres }: Cluster,
  folder: string,
  controlUrl: string | undefined,
  say: (text: string) => void,
): void {
  say(`\n  Five simulated exchanges are being recorded by ${nodes.length} nodes.`);
  for (const node of nodes) say(`  ${described(node)}`);
  for (const server of nats.servers) say(`  ${described(server)}`);
  say(`  PostgreSQL: process ${postgres.pid}, ${postgres.url}`);
  say(
    `  Logs: ${folder}${controlUrl === undefined ? '' : `; exchange faults to try: ${controlUrl}`}`,
  );
  say(
    '  Enter the name of a node or NATS server to kill it, and again to start it. Ctrl+C stops everything.\n',
  );
}

function described(one: NodeProcess | NatsServer): string {
  const { name, pid, url } = one;
  const what = one instanceof NodeProcess ? one.role : 'NATS';
  return `${name} (${what}): process ${pid}${url === null ? '' : `, ${url}`}`;
}

/** Kills a running node or NATS server, and starts one that is not running. */
async function toggle(cluster: Cluster, name: string, say: (text: string) => void): Promise<void> {
  if (name === '') return;
  const all = [...cluster.nodes, ...cluster.nats.servers];
  const one = all.find((own) => own.name === name);
  if (one === undefined) {
    say(`there is no ${name}; the names are ${all.map((own) => own.name).join(', ')}`);
  } else if (one.running) {
    await one.end('SIGKILL');
    say(`${name} was killed; enter its name to start it`);
  } else {
    say(`starting ${name} …`);
    await one.start().then(
      () => say(described(one)),
      (error: unknown) => say((error as Error).message),
    );
  }
}
