/**
 * `npm run soak -- --minutes N`: the recorder, run as users run it, records the simulated whole market while
 * things go wrong at random. At the end every book that went out is accounted for: stored, equal to the one
 * before, or lost inside a gap; and every trade: stored once, or lost inside a gap of the trades; and no
 * trade may be missing where the recorder says that all are stored. Exit code 1 when one is.
 */
import { mkdtempSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadSettings } from '../settings/config.js';
import { MissingProgramsError } from '../cluster/programs.js';
import { Random } from '../simulator/random.js';
import { exitOnUsageError, readCommandLine, UsageError } from '../util/command-line.js';
import { problems, type Standstill } from './accounts.js';
import { CHAINS, type ChainWorld } from './chains.js';
import { soakDistributed } from './distributed.js';
import { chooseFault, soakFaults } from './faults.js';
import { accountForAll, Ledger } from './final-account.js';
import { Course, removeAtExit } from './course.js';
import { RecorderProcess, statesOf } from './recorder-process.js';
import { ShiftedClock } from './shifted-clock.js';
import { SmallDisk } from './small-disk.js';
import { tradeProblems } from './trade-accounts.js';
import { pause } from '../util/wait.js';

const USAGE = `usage: npm run soak -- [options]
  --minutes N  how long things go wrong (default 5); some 10 MB of memory a minute
  --rate X     factor on the market's measured frame rates (default 1: 2,100 frames a second;
               with --distributed 0.05 for each core of the machine, up to 1)
  --seed N     seed of the choice of faults (default: the time); the moments are never the same
  --chains X   share of the faults that are chains: the recorder itself is stopped, killed, its disk
               filled, its clock set, one upon another (default 0.06)
  --keep       keep the database and the logs
  --distributed  several nodes with NATS servers and PostgreSQL, each of which is killed, stopped or
               cut off at random (cut off on Linux as root, with ip of iproute2)
  --nats N     of several nodes: how many NATS servers, 1 or 3 (default 3)`;

/** Longest wait for all markets to be LIVE, at the start and after the last fault, ms. */
const LIVE_WITHIN_MS = 240_000;
/** Faults begin this far apart, from and to, s. */
const PAUSE_S = [1, 8] as const;
/** Size of the disk that the soak fills, and what each minute of the whole market adds, MB. */
const DISK_MB = { least: 128, minute: 40 };

/**
 * What a core carries of the whole market with its thirteen processes, two of each role and the exchanges among
 * them. Beyond that they starve each other: leases run out, and much of the market is gaps.
 */
const RATE_PER_CORE = 0.05;

interface Options {
  readonly minutes: number;
  readonly rate: number;
  readonly seed: number;
  /** Share of the faults that are chains. */
  readonly chains: number;
  readonly keep: boolean;
  readonly distributed: boolean;
  readonly nats: number;
}

function readOptions(): Options {
  const { values } = readCommandLine({
    usage: USAGE,
    options: {
      minutes: { type: 'string', default: '5' },
      rate: { type: 'string' },
      seed: { type: 'string', default: String(Date.now() % 1_000_000) },
      chains: { type: 'string', default: '0.06' },
      keep: { type: 'boolean', default: false },
      distributed: { type: 'boolean', default: false },
      nats: { type: 'string', default: '3' },
    },
  });
  const usual = values.distributed ? Math.min(1, RATE_PER_CORE * availableParallelism()) : 1;
  const given = { ...values, rate: values.rate ?? String(usual) };
  const number = (name: 'minutes' | 'rate' | 'seed' | 'chains'): number => {
    const value = Number(given[name]);
    if (!Number.isFinite(value) || value < 0 || given[name].trim() === '') {
      throw new UsageError(
        `--${name} must be a number of 0 or more, not ${JSON.stringify(given[name])}`,
      );
    }
    return value;
  };
  if (values.nats !== '1' && values.nats !== '3')
    throw new UsageError(`--nats must be 1 or 3, not ${JSON.stringify(values.nats)}`);
  return {
    minutes: number('minutes'),
    rate: number('rate'),
    seed: number('seed'),
    chains: number('chains'),
    keep: values.keep,
    distributed: values.distributed,
    nats: Number(values.nats),
  };
}

/** @returns whether every book and trade is accounted for */
async function soak({ minutes, rate, seed, chains, keep }: Options): Promise<boolean> {
  const course = new Course();
  const { say } = course;
  const dice = new Random(seed);
  const random = (): number => dice.next();
  const folder = mkdtempSync(join(tmpdir(), 'soak-'));
  const clock = new ShiftedClock(join(folder, 'clock'));
  const diskMB = DISK_MB.least + DISK_MB.minute * minutes * rate;
  const disk = chains > 0 ? SmallDisk.mount(join(folder, 'disk'), diskMB) : null;
  removeAtExit([folder], keep, () => disk?.unmount());
  const simulators = await course.simulators(rate);
  const ledger = new Ledger(simulators);
  const recorder = new RecorderProcess(
    {
      ...simulators.env,
      PORT: '0',
      ...clock.env,
      DATABASE_URL: '',
      DB_PATH: join(disk?.path ?? folder, 'soak.db'),
      LOG_PATH: join(folder, 'logs'),
      ...course.env,
    },
    clock.nodeArguments,
    (why) => course.breakOff(`the recorder ${why}`),
  );
  try {
    await recorder.start();
    say(`seed ${seed}`);
    await course.allLive(recorder.url, LIVE_WITHIN_MS);

    const faults = soakFaults(simulators, random);
    const usable = CHAINS.filter((chain) => chain.needsDisk !== true || disk !== null);
    if (disk === null)
      say('no chains with a full disk: only root can mount the small disk they fill');
    const standstills: Standstill[] = [];
    const stoodStill = (from: number, until: number): void =>
      void standstills.push({ from, until });
    const world: ChainWorld = { recorder, simulators, clock, disk, random, say, stoodStill };
    const endings = new Map<string, { at: number; end: () => void }>();
    const endDue = (now: number): void => {
      for (const [name, { at, end }] of endings) {
        if (at > now) continue;
        end();
        endings.delete(name);
      }
    };
    const between = (from: number, to: number): number => from + random() * (to - from);
    const until = performance.now() + minutes * 60_000;
    let nextFault = 0;
    let count = 0;
    while (performance.now() < until) {
      await pause(100);
      course.check();
      const now = performance.now();
      endDue(now);
      if (now < nextFault) continue;
      nextFault = now + between(...PAUSE_S) * 1000;
      count++;
      if (random() < chains) {
        const chain = usable[Math.floor(random() * usable.length)]!;
        say(`the recorder: ${chain.name}`);
        await chain.run(world);
        continue;
      }
      const fault = chooseFault(faults, random);
      if (endings.has(fault.name)) continue;
      const seconds = between(...fault.seconds);
      say(`${fault.name}${seconds > 0 ? ` for ${seconds.toFixed(1)} s` : ''}`);
      const end = fault.begin();
      if (end !== undefined) endings.set(fault.name, { at: now + seconds * 1000, end });
    }
    endDue(Infinity);
    say(`${count} faults are over`);
    await course.allLive(recorder.url, LIVE_WITHIN_MS);
    simulators.full!.rate = 0;
    await pause(1000);
    for (let stored = -1; ;) {
      course.check();
      const states = await statesOf(recorder.url);
      if (states.queued === 0 && states.stored === stored) break;
      stored = states.stored;
      await pause(500);
    }

    say('reading back …');
    const { url } = recorder;
    const account = await accountForAll(url, simulators, ledger, clock, standstills);
    const { books, trades, unreported } = account;
    console.log(
      `${standstills.length} standstills, ${unreported} times a market's gaps leave one out`,
    );
    await recorder.end('SIGTERM');
    return problems(books) + tradeProblems(trades) === 0 && unreported === 0;
  } finally {
    await recorder.end('SIGKILL');
    await simulators.close();
    clock.close();
  }
}

async function main(): Promise<boolean> {
  const options = readOptions();
  loadSettings();
  return options.distributed ? soakDistributed(options) : soak(options);
}

main().then(
  (sound) => process.exit(sound ? 0 : 1),
  (error: unknown) => {
    if (error instanceof UsageError) exitOnUsageError('soak', error);
    if (error instanceof MissingProgramsError)
      error.message = `cannot soak several nodes: ${error.message}`;
    console.error(`soak: ${error instanceof Error ? error.message : String(error)}`);
    process.exit(1);
  },
);
