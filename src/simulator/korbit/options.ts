/** How the Korbit simulator is started and what it can be made to do. */
import { BIG_PAIRS } from '../book/market-profile.js';
import type { Faults, Simulator, SimulatorOptions, Timing } from '../simulator.js';

/** Intervals of Korbit, ms. */
export interface KorbitTiming extends Timing {
  /** Protocol pings to each socket, counted from its opening (measured). */
  pingMs: number;
  /** Time after which a client that leaves a ping unanswered is dropped, ms. A guess: unknown in reality. */
  pongTimeoutMs: number;
  /** Shortest time between two frames of a pair (measured). Without a rhythm (rate 0) it is off. */
  frameGapMs: number;
  /** Between a change of a book and its frame (measured: 13 ms and up). Also off at rate 0. */
  frameDelayMs: number;
}

/** How to start the Korbit simulator. */
export interface KorbitOptions extends SimulatorOptions<KorbitTiming> {
  /** Pairs on the market list with status `stopped`. Default `KLAY-KRW`, `KDA-KRW`. */
  stopped?: readonly string[];
}

/** Fault switches of Korbit. */
export interface KorbitFaults extends Faults {
  /** Frames after the snapshot are lost with that chance (0 to 1), as the reference warns. */
  dropFrames(chance: number): void;
  /** Sends the last frame of a pair again, unchanged. */
  duplicateFrame(pair: string): void;
}

/** The Korbit simulator. */
export interface KorbitSimulator extends Simulator<KorbitFaults> {
  /** Pairs on the market list with status `stopped`; not in {@link Simulator.pairs}. */
  readonly stopped: readonly string[];
  /** Turns a launched pair into a stopped one: its book empties without a frame. */
  stop(pair: string): void;
}

/** Pairs listed unless the options name others. */
export const PAIRS = [...BIG_PAIRS, 'USDC-KRW', 'BERA-KRW'];

/** Pairs listed as stopped unless the options name others. */
export const STOPPED = ['KLAY-KRW', 'KDA-KRW'];

/** The intervals as measured or documented. */
export const TIMING: KorbitTiming = {
  idleDropMs: 0,
  errorCloseMs: 0,
  snapshotDelayMs: 0,
  restDelayMs: 0,
  restSlowMs: 5000,
  pingMs: 30_000,
  pongTimeoutMs: 60_000,
  frameGapMs: 100,
  frameDelayMs: 15,
};
