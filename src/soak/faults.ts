import type { Simulators } from '../simulator/simulators.js';
import type { Simulator } from '../simulator/simulator.js';

/** Something that goes wrong for a while. */
interface SoakFault {
  readonly name: string;
  /** How often it is chosen, in proportion to the others. */
  readonly weight: number;
  /** How long it lasts, from and to, s; 0 when it is over at once. */
  readonly seconds: readonly [from: number, to: number];
  /** Begins it; the result ends it. */
  begin(): (() => void) | void;
}

const DEEP = `${'['.repeat(200_000)}${']'.repeat(200_000)}`;
const HUGE = Buffer.alloc(50 * 1024 * 1024, 0x20);
const GARBAGE: readonly (string | Uint8Array)[] = [
  'null',
  '{"type":"orderbook"',
  '{"type":"orderbook","code":"KRW-BTC","orderbook_units":[{}],"timestamp":1}',
  '{"response_type":"DATA","channel":"ORDERBOOK","data":{"quote_currency":"KRW"}}',
  '{"n":"OrderBookEvent","o":{"tradingPairName":"BTC-KRW","ask":[{}]}}',
  DEEP,
  Uint8Array.from({ length: 1000 }, (_, i) => (i * 37) % 256),
];

/** All faults that the soak test chooses from; `random` gives numbers in [0, 1). */
export function soakFaults(simulators: Simulators, random: () => number): SoakFault[] {
  const { upbit, bithumb, coinone, korbit, gopax } = simulators;
  const pairOf = (simulator: Simulator): string =>
    simulator.pairs[Math.floor(random() * simulator.pairs.length)]!;
  const own: SoakFault[] = [
    lasting('UPBIT: timestamps of 16 digits', 1, [3, 10], (on) =>
      upbit.faults.microsecondTimestamps(on),
    ),
    lasting('BITHUMB: timestamps as text', 1, [3, 10], (on) =>
      bithumb.faults.timestampForm(on ? 'us-string' : 'us'),
    ),
    lasting('BITHUMB: nine of ten frames repeat', 1, [3, 10], (on) =>
      bithumb.faults.repeats(on ? 0.9 : 0.5),
    ),
    once('COINONE: an older frame late, and a repeat', 2, () => {
      coinone.faults.outdatedFrame(pairOf(coinone));
      coinone.faults.repeatLevels(pairOf(coinone));
    }),
    lasting('KORBIT: a third of the frames lost', 1, [3, 10], (on) =>
      korbit.faults.dropFrames(on ? 0.3 : 0),
    ),
    once('GOPAX: deltas repeated and out of the past', 2, () => {
      gopax.faults.duplicateDelta();
      gopax.faults.staleDelta();
    }),
    lasting('GOPAX: deltas out of order', 2, [5, 20], (on) => gopax.faults.reorderDeltas(on)),
    once('GOPAX: a crossed book', 3, () => gopax.faults.crossBook(pairOf(gopax))),
  ];
  return [...simulators.all.flatMap((simulator) => common(simulator, random)), ...own];
}

function common(simulator: Simulator, random: () => number): SoakFault[] {
  const { exchange, faults } = simulator;
  return [
    once(`${exchange}: TCP dropped`, 2, () => faults.dropConnections()),
    once(`${exchange}: TCP dropped in the middle of a frame`, 2, () => faults.tearFrame()),
    once(`${exchange}: closed`, 2, () =>
      faults.closeConnections([1000, 1001, 1011, 4290][Math.floor(random() * 4)]!, 'soak'),
    ),
    once(`${exchange}: garbage`, 2, () =>
      faults.sendRaw(GARBAGE[Math.floor(random() * GARBAGE.length)]!, { binary: random() < 0.5 }),
    ),
    once(`${exchange}: a frame of 50 MB`, 0.5, () => faults.sendRaw(HUGE)),
    lasting(`${exchange}: truncated frames`, 1, [0.2, 2], (on) => faults.garble(on)),
    lasting(`${exchange}: frozen, still ponging`, 1, [2, 15], (on) => faults.freeze(on)),
    lasting(`${exchange}: trades lost on the way`, 1, [3, 10], (on) =>
      faults.dropTrades(on ? 0.2 : 0),
    ),
    lasting(`${exchange}: half open`, 0.5, [20, 80], (on) => faults.halfOpen(on)),
    {
      name: `${exchange}: TCP dropped, then upgrades refused`,
      weight: 1,
      seconds: [2, 12],
      begin: () => {
        faults.refuseUpgrades([429, 418, 500, 503][Math.floor(random() * 4)]!);
        faults.dropConnections();
        return () => faults.refuseUpgrades(null);
      },
    },
    {
      name: `${exchange}: REST out of order`,
      weight: 0.5,
      seconds: [5, 20],
      begin: () => {
        faults.rest(random() < 0.5 ? 'hang' : { status: 503, body: '<html>maintenance' });
        return () => faults.rest(null);
      },
    },
  ];
}

function once(name: string, weight: number, begin: () => void): SoakFault {
  return { name, weight, seconds: [0, 0], begin };
}

function lasting(
  name: string,
  weight: number,
  seconds: readonly [number, number],
  set: (on: boolean) => void,
): SoakFault {
  return {
    name,
    weight,
    seconds,
    begin: () => {
      set(true);
      return () => set(false);
    },
  };
}

/** One of `faults`, by weight. */
export function chooseFault(faults: readonly SoakFault[], random: () => number): SoakFault {
  let left = random() * faults.reduce((sum, fault) => sum + fault.weight, 0);
  for (const fault of faults) {
    left -= fault.weight;
    if (left < 0) return fault;
  }
  return faults.at(-1)!;
}
