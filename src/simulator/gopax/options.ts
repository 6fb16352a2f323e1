/** How the GOPAX simulator is started and what it can be made to do. */
import type { Faults, Simulator, SimulatorOptions, Timing } from '../simulator.js';
import type { OccurredAtForm } from './frames.js';

/** Intervals of GOPAX, ms. */
export interface GopaxTiming extends Timing {
  /** Between two heartbeats, on one timer of the whole server (measured). */
  heartbeatMs: number;
  /** From an unanswered heartbeat to the close with 1000 and no reason (measured: 30.2 s). */
  pongTimeoutMs: number;
  /** Greatest age of a socket (documented: 24 h). Its close code is unknown; 1001 here. */
  maxAgeMs: number;
  /** How long the fault `reorderDeltas` holds a delta back when no other follows. */
  reorderHoldMs: number;
}

/** How to start the GOPAX simulator. */
export interface GopaxOptions extends SimulatorOptions<GopaxTiming> {
  /** API keys and their base64 secrets; default: `SIMULATED_GOPAX_KEY` alone. */
  keys?: Readonly<Record<string, string>>;
}

/** Fault switches of GOPAX. The ledger follows what each client can know under them. */
export interface GopaxFaults extends Faults {
  /** Deltas come before each snapshot: some already in it, some newer. */
  deltaBeforeSnapshot(on: boolean): void;
  /** Sends the last delta of every subscription once more. */
  duplicateDelta(): void;
  /** Sends every subscription a delta with entry ids up to the snapshot's `maxEntryId`. */
  staleDelta(): void;
  /** The next `n` (default 1) deltas are sent to no client, which no client can notice from the ids. */
  dropNextDelta(n?: number): void;
  /** Deltas of a subscription go out in pairs, the newer one first. */
  reorderDeltas(on: boolean): void;
  /**
   * Publishes a bid above the asks of a pair and never removes it, as if the removal had been lost:
   * clients' books stay crossed; a new snapshot and REST do not show it.
   */
  crossBook(pair: string): void;
  /** No heartbeats go out (and no client is closed for not answering them). */
  missHeartbeats(on: boolean): void;
  /** How the time of a trade event is written. */
  occurredAt(form: OccurredAtForm): void;
  /** Trades have different ids by REST; that they are the same is presumed, not known. */
  otherRestIds(on: boolean): void;
}

/** The GOPAX simulator. */
export type GopaxSimulator = Simulator<GopaxFaults>;

/** The intervals as measured or documented. */
export const TIMING: GopaxTiming = {
  idleDropMs: 0,
  errorCloseMs: 0,
  snapshotDelayMs: 20,
  restDelayMs: 0,
  restSlowMs: 5000,
  heartbeatMs: 30_000,
  pongTimeoutMs: 30_200,
  maxAgeMs: 24 * 3_600_000,
  reorderHoldMs: 200,
};
