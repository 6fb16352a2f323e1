/** How the Bithumb simulator is started and what it can be made to do. */
import { BIG_PAIRS } from '../book/market-profile.js';
import type { Faults, Simulator, SimulatorOptions } from '../simulator.js';
import type { FeedTiming } from '../ticket/ticket-feed.js';

/** How `timestamp` is written: µs as a number (2026-09), µs as a string (2026-07), ms as a number. */
export type BithumbTimestampForm = 'us' | 'us-string' | 'ms';

/** Intervals of Bithumb, ms. */
export interface BithumbTiming extends FeedTiming {
  /** Usual gap of two frames of a busy market. `0`: every change is published at once. */
  publishMs: number;
  /** Block of an address that keeps connecting after refusals. */
  blockMs: number;
}

/** How to start the Bithumb simulator. */
export type BithumbOptions = SimulatorOptions<BithumbTiming>;

/** Fault switches of Bithumb. */
export interface BithumbFaults extends Faults {
  /** How `timestamp` is written on the WebSocket. */
  timestampForm(form: BithumbTimestampForm): void;
  /** Levels with a real price and size 0 (initially on, for markets that naturally have them). */
  dust(on: boolean): void;
  /** Share of frames that repeat the book before (0 to below 1). Default 0.5; 0 when `rate` is 0 and no pacer beats. */
  repeats(ratio: number): void;
  /** Each subscribed code gets a REALTIME frame before its SNAPSHOT. */
  realtimeBeforeSnapshot(on: boolean): void;
  /** A later subscription leaves the earlier one running. */
  keepReplaced(on: boolean): void;
}

/** The Bithumb simulator. */
export type BithumbSimulator = Simulator<BithumbFaults>;

/** Pairs listed unless the options name others. */
export const PAIRS = [...BIG_PAIRS, 'EGG-KRW', 'ETH-BTC', 'USDC-BTC'];

/** The intervals as measured or documented. */
export const TIMING: BithumbTiming = {
  idleDropMs: 60_000,
  errorCloseMs: 150,
  snapshotDelayMs: 15,
  restDelayMs: 0,
  restSlowMs: 5000,
  upFirstMs: 3000,
  upIntervalMs: 10_000,
  replaceMs: 15,
  snapshotStepMs: 10,
  publishMs: 85,
  blockMs: 600_000,
};
