/**
 * `npm run soak -- --distributed`: nodes record the simulated market while nodes, NATS servers and
 * PostgreSQL are killed, stopped and cut off; in the end every book is accounted for.
 */
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Cluster, type PlannedNode } from '../cluster/cluster.js';
import { natsNames } from '../cluster/nats-cluster.js';
import { type Member, type NetworkName, Networks } from '../cluster/networks.js';
import type { NodeProcess } from '../cluster/node-process.js';
import { findPrograms } from '../cluster/programs.js';
import { Random } from '../simulator/random.js';
import { pause } from '../util/wait.js';
import { problems, TRUE_CLOCK } from './accounts.js';
import { Course, removeAtExit } from './course.js';
import { accountForAll, Ledger } from './final-account.js';
import { nextFault } from './node-faults.js';
import { statesOf } from './recorder-process.js';
import { tradeProblems } from './trade-accounts.js';

/** Options of the soak of several nodes. */
export interface DistributedOptions {
  /** The number of NATS servers; with three, each keeps the log. */
  readonly nats: number;
  readonly minutes: number;
  readonly rate: number;
  readonly seed: number;
  readonly keep: boolean;
}

const NODES: readonly PlannedNode[] = [
  { name: 'collector-1', role: 'collector' },
  { name: 'collector-2', role: 'collector' },
  { name: 'recorder-1', role: 'recorder' },
  { name: 'recorder-2', role: 'recorder' },
  { name: 'api-1', role: 'api' },
  { name: 'api-2', role: 'api' },
];
/** The networks that each role uses. */
const NETWORKS_OF: Readonly<Record<string, readonly NetworkName[]>> = {
  collector: ['exchanges', 'bus'],
  recorder: ['bus', 'database'],
  api: ['bus', 'database'],
};
/** The networks that a NATS server uses: to the nodes, and to the other servers. */
const NETWORKS_OF_NATS: readonly NetworkName[] = ['bus', 'routes'];
/** The node queried for states and for the account, in the network of this process. */
const ASKED = 'api-1';
/** Longest wait for all markets to be LIVE, at the start and after the last fault, ms. */
const LIVE_WITHIN_MS = 300_000;
/** Trades of all markets are subscribed this long after their first books, ms. */
const SUBSCRIBED_MS = 10_000;
/** Seconds between two faults: from, to. */
const PAUSE_S = [3, 9] as const;
/**
 * The account is closed when nothing has been stored for this long, ms: longer than an exchange may be without a
 * primary, on a machine that is too busy for all nodes.
 */
const QUIET_MS = 20_000;

/** @returns whether every book and trade is accounted for @throws {MissingProgramsError} */
export async function soakDistributed(options: DistributedOptions): Promise<boolean> {
  const programs = findPrograms();
  const course = new Course();
  const { say } = course;
  const { minutes, rate, seed, keep } = options;
  const dice = new Random(seed);
  const random = (): number => dice.next();
  const folder = mkdtempSync(join(tmpdir(), 'soak-'));
  const databaseFolder = mkdtempSync(join(tmpdir(), 'soak-postgresql-'));
  removeAtExit([databaseFolder, folder], keep);
  const networks = networksOf(apart(options.nats), (why) => say(`no cuts of the network: ${why}`));
  const simulators = await course.simulators(rate, networks?.address('exchanges'));
  const ledger = new Ledger(simulators);
  let cluster: Cluster | null = null;
  try {
    cluster = await Cluster.start({
      programs,
      folder,
      databaseFolder,
      logFolder: join(folder, 'logs'),
      nodes: NODES,
      natsServers: options.nats,
      env: {
        ...simulators.env,
        ...course.env,
      },
      networks: networks ?? undefined,
      onDeath: course.breakOff,
    });
    const { nodes } = cluster;
    const apis = cluster.withRole('api');
    const asked = apis.find(({ name }) => name === ASKED)!;
    say(
      `seed ${seed}, rate ${rate}; ${[...nodes, ...cluster.nats.servers].map(({ name, pid }) => `${name} is process ${pid}`).join(', ')}`,
    );
    await course.allLive(asked.url!, LIVE_WITHIN_MS);
    // Before that, a standby may have had books of markets that the primary had not started yet; and it subscribes
    // to their trades after that.
    await course.wait(SUBSCRIBED_MS);
    const since = Date.now();

    const world = { cluster, networks, course, random };
    const until = performance.now() + minutes * 60_000;
    let count = 0;
    while (performance.now() < until) {
      await course.wait((PAUSE_S[0] + random() * (PAUSE_S[1] - PAUSE_S[0])) * 1000);
      count++;
      await nextFault(world);
    }
    say(`${count} faults are over`);
    for (const api of apis) await served(api, course);
    await course.allLive(asked.url!, LIVE_WITHIN_MS);
    simulators.full!.rate = 0;
    await pause(1_000);
    await quiet(asked, course);

    say('reading back …');
    const evidence = keep ? join(folder, 'evidence.ndjson') : null;
    const account = accountForAll(asked.url!, simulators, ledger, TRUE_CLOCK, [], since, evidence);
    const { books, trades } = await account;
    return problems(books) + tradeProblems(trades) === 0;
  } finally {
    await cluster?.close('SIGKILL');
    await simulators.close();
    networks?.close();
  }
}

/** @returns null, after calling `onNone` with the reason, where no networks can be created */
function networksOf(members: readonly Member[], onNone: (why: string) => void): Networks | null {
  try {
    return Networks.make(members);
  } catch (error) {
    onNone((error as Error).message);
    return null;
  }
}

/** The nodes and NATS servers with their own networks, which can be cut. */
function apart(nats: number): Member[] {
  const others = NODES.filter(({ name }) => name !== ASKED);
  return [
    ...others.map(({ name, role }) => ({ name, networks: NETWORKS_OF[role]! })),
    ...natsNames(nats).map((name) => ({ name, networks: NETWORKS_OF_NATS })),
  ];
}

async function served(api: NodeProcess, course: Course): Promise<void> {
  while (api.url === null) {
    course.check();
    await pause(100);
  }
}

/** Waits until everything that went out has been stored. */
async function quiet(api: NodeProcess, course: Course): Promise<void> {
  for (let stored = -1, since = performance.now(); performance.now() - since < QUIET_MS;) {
    course.check();
    const states = await statesOf(api.url!);
    // Checks of the trade history go on, so something is always waiting.
    if (states.stored !== stored) since = performance.now();
    stored = states.stored;
    await pause(250);
  }
}
