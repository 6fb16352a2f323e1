/**
 * `npm run soak -- --distributed`: nodes record the simulated market while nodes, NATS and
 * PostgreSQL are killed; in the end every book is accounted for.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Cluster, type PlannedNode } from '../cluster/cluster.js';
import type { NodeProcess } from '../cluster/node-process.js';
import { findPrograms } from '../cluster/programs.js';
import type { Server } from '../cluster/servers.js';
import { Random } from '../simulator/random.js';
import { pause } from '../util/wait.js';
import { problems, TRUE_CLOCK } from './accounts.js';
import { Course } from './course.js';
import { accountForAll, Ledger } from './final-account.js';
import { statesOf } from './recorder-process.js';
import { tradeProblems } from './trade-accounts.js';

/** Options of the soak of several nodes. */
export interface DistributedOptions {
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
/** Longest wait for all markets to be LIVE, at the start and after the last fault, ms. */
const LIVE_WITHIN_MS = 300_000;
/** Seconds between two faults, of a standstill, and until what was killed is started again: from, to. */
const PAUSE_S = [3, 9] as const;
const STANDSTILL_S = [0.5, 8] as const;
const AWAY_S = [0.2, 6] as const;
/** The account is closed when nothing has been stored for this long, ms. */
const QUIET_MS = 4_000;

/** @returns whether every book and trade is accounted for @throws {MissingProgramsError} */
export async function soakDistributed(options: DistributedOptions): Promise<boolean> {
  const programs = findPrograms();
  const { minutes, rate, seed, keep } = options;
  const dice = new Random(seed);
  const between = ([from, to]: readonly [number, number]): number =>
    (from + dice.next() * (to - from)) * 1000;
  const folder = mkdtempSync(join(tmpdir(), 'soak-'));
  const databaseFolder = mkdtempSync(join(tmpdir(), 'soak-postgresql-'));
  const course = new Course();
  const { say } = course;
  const simulators = await course.simulators(rate);
  const ledger = new Ledger(simulators);
  let cluster: Cluster | null = null;
  try {
    cluster = await Cluster.start({
      programs,
      folder,
      databaseFolder,
      logFolder: join(folder, 'logs'),
      nodes: NODES,
      env: {
        ...simulators.env,
        ...course.env,
      },
      onDeath: course.breakOff,
    });
    const { nats, postgres, nodes } = cluster;
    const apis = cluster.withRole('api');
    say(`seed ${seed}; ${nodes.map(({ name, pid }) => `${name} is process ${pid}`).join(', ')}`);
    await course.allLive(apis[0]!.url!, LIVE_WITHIN_MS);
    // Before, a standby may have had books of markets that the primary had not begun with.
    const since = Date.now();

    const until = performance.now() + minutes * 60_000;
    let count = 0;
    while (performance.now() < until) {
      await pause(between(PAUSE_S));
      course.check();
      count++;
      const victims: readonly (NodeProcess | Server)[] = [...nodes, nats, postgres];
      const victim = victims[Math.floor(dice.next() * victims.length)]!;
      const name =
        victim === nats
          ? 'NATS'
          : victim === postgres
            ? 'PostgreSQL'
            : (victim as NodeProcess).name;
      if (dice.next() < 0.5) {
        const ms = between(STANDSTILL_S);
        say(`${name} stands still for ${(ms / 1000).toFixed(1)} s`);
        victim.signal('SIGSTOP');
        await pause(ms);
        victim.signal('SIGCONT');
      } else {
        const ms = between(AWAY_S);
        say(`${name} is killed, and started again after ${(ms / 1000).toFixed(1)} s`);
        await victim.end('SIGKILL');
        await pause(ms);
        // A node may have to wait for what is away: it is not waited for.
        if ('launch' in victim && 'role' in victim)
          void victim.start().catch((error: Error) => course.breakOff(error.message));
        else await victim.start();
      }
    }
    say(`${count} faults are over`);
    for (const api of apis) await served(api, course);
    await course.allLive(apis[0]!.url!, LIVE_WITHIN_MS);
    simulators.full!.rate = 0;
    await pause(1_000);
    await quiet(apis[0]!, course);

    say('reading back …');
    const account = accountForAll(apis[0]!.url!, simulators, ledger, TRUE_CLOCK, [], since);
    const { books, trades } = await account;
    return problems(books) + tradeProblems(trades) === 0;
  } finally {
    await cluster?.close('SIGKILL');
    await simulators.close();
    rmSync(databaseFolder, { recursive: true, force: true });
    if (!keep) rmSync(folder, { recursive: true, force: true });
    else console.log(`kept: ${folder}`);
  }
}

async function served(api: NodeProcess, course: Course): Promise<void> {
  while (api.url === null) {
    course.check();
    await pause(100);
  }
}

/** Waits until all that went out has been stored. */
async function quiet(api: NodeProcess, course: Course): Promise<void> {
  for (let stored = -1, since = performance.now(); performance.now() - since < QUIET_MS;) {
    course.check();
    const states = await statesOf(api.url!);
    // Checks of the history of trades go on, so something always waits.
    if (states.stored !== stored) since = performance.now();
    stored = states.stored;
    await pause(250);
  }
}
