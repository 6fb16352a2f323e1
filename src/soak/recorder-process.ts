import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { pause } from '../util/wait.js';

/** Collectors by state. */
export interface States {
  readonly live: number;
  readonly all: number;
  /** Books that wait for the disk. */
  readonly queued: number;
  readonly stored: number;
}

/** The recorder as users run it, as a separate process that may be killed and started again. */
export class RecorderProcess {
  /** Its address once it serves; a new one after every start. */
  url = '';
  readonly #env: Record<string, string>;
  readonly #nodeArguments: readonly string[];
  readonly #onDeath: (why: string) => void;
  #child: ChildProcess | null = null;
  #output = '';
  #expected = false;

  /** @param nodeArguments before the program. @param onDeath called if it ends unasked once it serves */
  constructor(
    env: Record<string, string>,
    nodeArguments: readonly string[],
    onDeath: (why: string) => void,
  ) {
    this.#env = env;
    this.#nodeArguments = nodeArguments;
    this.#onDeath = onDeath;
    // Before the folders that it writes to are removed.
    process.prependOnceListener('exit', () => this.signal('SIGKILL'));
  }

  /** Starts it; resolves once it serves. @throws {Error} with its output when it ends instead */
  async start(): Promise<void> {
    this.#expected = true;
    this.#output = '';
    const program = fileURLToPath(new URL('../main.js', import.meta.url));
    const child = spawn(process.execPath, [...this.#nodeArguments, program], {
      // Ctrl+C in the terminal is for the soak, which ends the recorder itself.
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...this.#env },
    });
    this.#child = child;
    const hear = (chunk: Buffer): void => {
      if (this.#output.length < 10_000) this.#output += chunk.toString();
    };
    child.stdout.on('data', hear);
    child.stderr.on('data', hear);
    child.on('exit', (code, signal) => {
      if (!this.#expected) this.#onDeath(`ended with ${code ?? signal}: ${this.#output}`);
    });
    for (;;) {
      const url = /(http:\/\/127\.0\.0\.1:\d+)/.exec(this.#output)?.[1];
      if (url !== undefined) {
        this.url = url;
        this.#expected = false;
        return;
      }
      if (child.exitCode !== null || child.signalCode !== null)
        throw new Error(`it did not start: ${this.#output}`);
      await pause(50);
    }
  }

  /** Sends it a signal, without waiting for the effect. */
  signal(signal: NodeJS.Signals): void {
    this.#child?.kill(signal);
  }

  /** Ends it and waits until it is gone. */
  async end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    const child = this.#child;
    if (child === null || child.exitCode !== null || child.signalCode !== null) return;
    this.#expected = true;
    const gone = once(child, 'exit');
    child.kill(signal);
    await gone;
  }
}

/** What the recorder at `url` is doing, by its `/health`. */
export async function statesOf(url: string): Promise<States> {
  const health = (await (await fetch(`${url}/health`)).json()) as {
    exchanges: Record<string, Record<string, number>>;
    store: { queuedBooks: number; storedBooks: number };
  };
  const states = Object.values(health.exchanges);
  return {
    live: states.reduce((sum, s) => sum + (s['LIVE'] ?? 0), 0),
    all: states.flatMap((s) => Object.values(s)).reduce((a, b) => a + b, 0),
    queued: health.store.queuedBooks,
    stored: health.store.storedBooks,
  };
}
