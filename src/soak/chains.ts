import type { Simulators } from '../simulator/simulators.js';
import type { RecorderProcess } from './recorder-process.js';
import type { ShiftedClock } from './shifted-clock.js';
import type { SmallDisk } from './small-disk.js';
import { pause } from '../util/wait.js';

/** What a chain of faults acts on. */
export interface ChainWorld {
  readonly recorder: RecorderProcess;
  readonly simulators: Simulators;
  readonly clock: ShiftedClock;
  /** Null where none could be mounted; chains that need it are not chosen then. */
  readonly disk: SmallDisk | null;
  /** Numbers in [0, 1). */
  readonly random: () => number;
  readonly say: (text: string) => void;
  /** Notes a standstill of the recorder, Unix ms of the true clock. */
  readonly stoodStill: (from: number, until: number) => void;
}

/** Several faults of the recorder's own machine, one after another. */
interface Chain {
  readonly name: string;
  readonly needsDisk?: boolean;
  /** Runs the whole chain; at the end the recorder runs again, with a true clock and free disk space. */
  run(world: ChainWorld): Promise<void>;
}

const between = (world: ChainWorld, from: number, to: number): number =>
  from + world.random() * (to - from);

/** Stops the process for some seconds; `meanwhile` happens during the standstill. */
async function freeze(
  world: ChainWorld,
  seconds: number,
  meanwhile: () => void = () => undefined,
): Promise<void> {
  const from = Date.now();
  world.recorder.signal('SIGSTOP');
  await pause(seconds * 500);
  meanwhile();
  await pause(seconds * 500);
  world.recorder.signal('SIGCONT');
  world.stoodStill(from, Date.now());
}

async function killAndStart(world: ChainWorld): Promise<void> {
  await world.recorder.end('SIGKILL');
  await world.recorder.start();
}

/** All connections of all exchanges end, and what the exchanges still had to send is lost. */
function dropAll({ simulators }: ChainWorld): void {
  for (const simulator of simulators.all) simulator.faults.dropConnections();
}

/** All chains; each is a sequence that single faults do not cover. */
export const CHAINS: readonly Chain[] = [
  {
    name: 'killed and started again',
    run: killAndStart,
  },
  {
    name: 'stands still',
    run: (world) => freeze(world, between(world, 1, 9)),
  },
  {
    name: 'stands still, then is killed before it wakes',
    async run(world) {
      const from = Date.now();
      world.recorder.signal('SIGSTOP');
      await pause(between(world, 2000, 6000));
      await killAndStart(world);
      world.stoodStill(from, Date.now());
    },
  },
  {
    name: 'stands still while the exchanges lose what they had to send',
    run: (world) => freeze(world, between(world, 3, 8), () => dropAll(world)),
  },
  {
    name: 'the clock is set back while all connections are down',
    async run(world) {
      dropAll(world);
      world.clock.set(-between(world, 2_000, 600_000));
      await pause(between(world, 2000, 6000));
      world.clock.set(0);
    },
  },
  {
    name: 'the clock is set back while it stands still, and right again later',
    async run(world) {
      const back = -between(world, 2_000, 600_000);
      await freeze(world, between(world, 2, 6), () => world.clock.set(back));
      await pause(between(world, 1000, 4000));
      world.clock.set(0);
    },
  },
  {
    name: 'starts with a clock an hour ahead, which is then set right',
    async run(world) {
      await world.recorder.end('SIGTERM');
      world.clock.set(3_600_000);
      await world.recorder.start();
      await pause(between(world, 2000, 8000));
      world.clock.set(0);
    },
  },
  {
    name: 'the disk is full, it is killed, and starts on the full disk',
    needsDisk: true,
    async run(world) {
      world.disk!.fill();
      await pause(between(world, 1000, 5000));
      await world.recorder.end('SIGKILL');
      try {
        await world.recorder.start();
        world.say('  it started on the full disk');
        await pause(between(world, 500, 4000));
        world.disk!.free();
      } catch (error) {
        world.say(`  it did not start on the full disk: ${(error as Error).message.trim()}`);
        world.disk!.free();
        await world.recorder.start();
      }
    },
  },
  {
    name: 'the disk is full while it stands still, and has room again later',
    needsDisk: true,
    async run(world) {
      await freeze(world, between(world, 2, 6), () => world.disk!.fill());
      await pause(between(world, 1000, 5000));
      world.disk!.free();
    },
  },
];
