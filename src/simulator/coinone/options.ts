/** How the Coinone simulator is started and what it can be made to do. */
import { BIG_PAIRS } from '../book/market-profile.js';
import type { Faults, Simulator, SimulatorOptions, Timing } from '../simulator.js';

/** Intervals of Coinone, ms. `idleDropMs` counts from the last PING, or from the opening. */
export interface CoinoneTiming extends Timing {
  /** A socket that never sent anything is dropped this long after its opening (measured: 60.7 s). */
  muteDropMs: number;
  /** How old `timestamp` is in the first frame after a subscribe (measured: 10.1 to 10.2 s). */
  firstFrameAgeMs: number;
  /** Greatest time between the misleading `SUBSCRIBED` of an unknown pair and its error. */
  invalidTopicMs: number;
}

/** How to start the Coinone simulator. */
export type CoinoneOptions = SimulatorOptions<CoinoneTiming>;

/** Fault switches of Coinone. A restart of the server is `dropConnections` or `closeConnections`. */
export interface CoinoneFaults extends Faults {
  /** `maintenance_status` of a pair in the market list. Its book goes on. */
  maintenance(pair: string, on: boolean): void;
  /** Sends the visible levels of a pair once more under a new, greater id. */
  repeatLevels(pair: string): void;
  /** Sends the book before the last one, with its old, smaller id; a client must drop it. */
  outdatedFrame(pair: string): void;
}

/** The Coinone simulator. */
export type CoinoneSimulator = Simulator<CoinoneFaults>;

/** Pairs listed unless the options name others. */
export const PAIRS = [...BIG_PAIRS, 'USDC-KRW', 'EGG-KRW'];

/** The intervals as measured or documented. */
export const TIMING: CoinoneTiming = {
  idleDropMs: 30 * 60_000,
  errorCloseMs: 0,
  snapshotDelayMs: 10,
  restDelayMs: 0,
  restSlowMs: 5000,
  muteDropMs: 60_700,
  firstFrameAgeMs: 10_150,
  invalidTopicMs: 10,
};
