import { rmSync } from 'node:fs';
import { type Simulators, startSimulators } from '../simulator/simulators.js';
import { pause } from '../util/wait.js';
import { statesOf } from './recorder-process.js';

/** The signals that abort a soak. SIGHUP: its terminal was closed. */
const STOP_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
/**
 * Signals this close together count as one, ms: under npm, Ctrl+C comes from the terminal and again
 * from npm.
 */
const SAME_SIGNAL_MS = 1_000;

/** The parts of a process that a {@link Course} uses. */
export type SignalledProcess = Pick<NodeJS.EventEmitter, 'on'> & { exit(code: number): void };

/** What soaks of one process and of several have in common: what they print, and what aborts them. */
export class Course {
  readonly #begun = performance.now();
  #death: string | null = null;

  /** @param self whose signals abort it. @param now monotonic time, ms */
  constructor(self: SignalledProcess = process, now = (): number => performance.now()) {
    let signalledAt: number | null = null;
    for (const signal of STOP_SIGNALS) {
      self.on(signal, () => {
        this.breakOff(`broken off by ${signal}`);
        signalledAt ??= now();
        // Asked again: end without waiting. What was created outside this process is removed as it
        // exits.
        if (now() - signalledAt > SAME_SIGNAL_MS) self.exit(1);
      });
    }
  }

  /**
   * The whole market, with all its trades kept.
   * @param host where it listens; default: only this machine
   */
  simulators(rate: number, host?: string): Promise<Simulators> {
    const options = { market: 'full', rate, ledger: 0, keptTrades: Infinity } as const;
    return startSimulators({ ...options, ...(host === undefined ? {} : { host }) });
  }

  /** What is recorded, and how, in every soak. */
  readonly env = {
    LOG_LANG: 'en',
    COLLECT: '*-*',
    CHANNELS: 'orderbook,trade',
    BITHUMB_TRANSPORT: 'ws',
  };

  /** Ends the soak at its next {@link check}. */
  readonly breakOff = (why: string): void => {
    this.#death ??= why;
  };

  /** @throws {Error} saying what aborted the soak */
  check(): void {
    if (this.#death !== null) throw new Error(this.#death);
  }

  /** Waits this long, ms. @throws {Error} saying what aborted the soak meanwhile */
  async wait(ms: number): Promise<void> {
    for (const end = performance.now() + ms; performance.now() < end;) {
      this.check();
      await pause(Math.min(250, Math.max(0, end - performance.now())));
    }
    this.check();
  }

  /** Prints a line with the time since the beginning. */
  readonly say = (text: string): void => {
    const s = Math.floor((performance.now() - this.#begun) / 1000);
    console.log(`${Math.floor(s / 60)}:${String(s % 60).padStart(2, '0')}  ${text}`);
  };

  /** Waits until all markets are LIVE. @throws {Error} after `maxMs` */
  async allLive(url: string, maxMs: number): Promise<void> {
    const since = performance.now();
    for (;;) {
      this.check();
      const { live, all } = await statesOf(url);
      if (all > 2000 && live === all) break;
      if (performance.now() - since > maxMs) {
        throw new Error(`only ${live} of ${all} markets are LIVE`);
      }
      await pause(250);
    }
    this.say(`all markets LIVE after ${((performance.now() - since) / 1000).toFixed(1)} s`);
  }
}

/**
 * Removes folders when this process exits, even if it is asked twice to end, which skips the orderly shutdown.
 * @param keep prints where they are instead.
 * @param before run first, unless they are kept
 */
export function removeAtExit(
  folders: readonly string[],
  keep = false,
  before: () => void = () => undefined,
): void {
  process.once('exit', () => {
    if (keep) return console.log(`kept: ${folders.join(', ')}`);
    before();
    // A process that was just killed may still be creating files there.
    for (const folder of folders) rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  });
}
