/** How the Upbit simulator is started and what it can be made to do. */
import { BIG_PAIRS } from '../book/market-profile.js';
import type { Faults, Simulator, SimulatorOptions } from '../simulator.js';
import type { FeedTiming } from '../ticket/ticket-feed.js';

/** Intervals of Upbit, ms. */
export interface UpbitTiming extends FeedTiming {
  /** Publication grid of a market. `0`: every change is published at once. */
  gridMs: number;
  /** First block (HTTP 418) of a client that goes on after 429; doubles each time. */
  blockMs: number;
}

/** How to start the Upbit simulator. */
export type UpbitOptions = SimulatorOptions<UpbitTiming>;

/** Fault switches of Upbit. */
export interface UpbitFaults extends Faults {
  /** Book timestamps with 16 digits, as in a frame of 2023. */
  microsecondTimestamps(on: boolean): void;
  /** A later subscription leaves the earlier one running. */
  keepReplaced(on: boolean): void;
}

/** The Upbit simulator. */
export type UpbitSimulator = Simulator<UpbitFaults>;

/** Pairs listed unless the options name others. */
export const PAIRS = [...BIG_PAIRS, 'USDS-KRW', 'ETH-BTC', 'XRP-BTC', 'BERA-BTC', 'BTC-USDT'];

/** The intervals as measured or documented. */
export const TIMING: UpbitTiming = {
  idleDropMs: 60_500,
  errorCloseMs: 150,
  snapshotDelayMs: 15,
  restDelayMs: 0,
  restSlowMs: 5000,
  upFirstMs: 6500,
  upIntervalMs: 10_000,
  replaceMs: 15,
  snapshotStepMs: 5,
  gridMs: 100,
  blockMs: 10_000,
};
