import { type Simulators, startSimulators } from '../simulator/simulators.js';
import { pause } from '../util/wait.js';
import { statesOf } from './recorder-process.js';

/** What a soak of one process and of several have in common: what they print, and what breaks them off. */
export class Course {
  readonly #begun = performance.now();
  #death: string | null = null;

  constructor() {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      process.on(signal, () => {
        // At once when asked twice; what is made outside this process goes in any case.
        if (this.#death !== null) process.exit(1);
        this.breakOff(`broken off by ${signal}`);
      });
    }
  }

  /** The whole market, every trade of which is remembered. @param host where it listens; default: this machine alone */
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

  /** @throws {Error} saying what broke the soak off */
  check(): void {
    if (this.#death !== null) throw new Error(this.#death);
  }

  /** Waits so long, ms. @throws {Error} saying what broke the soak off meanwhile */
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

  /** Waits until all markets are LIVE. @throws {Error} after `mostMs` */
  async allLive(url: string, mostMs: number): Promise<void> {
    const since = performance.now();
    for (;;) {
      this.check();
      const { live, all } = await statesOf(url);
      if (all > 2000 && live === all) break;
      if (performance.now() - since > mostMs) {
        throw new Error(`only ${live} of ${all} markets are LIVE`);
      }
      await pause(250);
    }
    this.say(`all markets LIVE after ${((performance.now() - since) / 1000).toFixed(1)} s`);
  }
}
