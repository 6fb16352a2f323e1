import { type ChildProcess, spawn, type SpawnOptions } from 'node:child_process';
import { createServer, type AddressInfo } from 'node:net';
import { once } from 'node:events';

/** Characters of a process's output to keep. */
const OUTPUT = 20_000;

/** All running groups, for when this process exits without cleaning up. */
const RUNNING = new Set<ProcessGroup>();
process.once('exit', () => {
  for (const group of RUNNING) group.signal('SIGKILL');
});

/** A process with all its descendants: signals reach all of them. */
export class ProcessGroup {
  /** Its latest output. */
  output = '';
  /** Its latest standard error output. */
  errors = '';
  readonly #child: ChildProcess;
  readonly #gone: Promise<unknown>;

  /** @param onEnd called when it has ended, for whatever reason, and all its output is read */
  constructor(
    program: string,
    args: readonly string[],
    options: SpawnOptions,
    onEnd: (why: string) => void = () => undefined,
  ) {
    this.#child = spawn(program, [...args], {
      ...options,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const hear = (chunk: Buffer): void => {
      this.output = (this.output + chunk.toString()).slice(-OUTPUT);
    };
    this.#child.stdout!.on('data', hear);
    this.#child.stderr!.on('data', (chunk: Buffer) => {
      hear(chunk);
      this.errors = (this.errors + chunk.toString()).slice(-OUTPUT);
    });
    RUNNING.add(this);
    this.#gone = once(this.#child, 'exit').finally(() => RUNNING.delete(this));
    this.#gone.catch(() => undefined);
    const ended = (): void => onEnd(`${this.#child.exitCode ?? this.#child.signalCode}`);
    once(this.#child, 'close').then(ended, ended);
  }

  /** Its process id. */
  get pid(): number {
    return this.#child.pid!;
  }

  /** Whether it has ended. */
  get ended(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  /** Sends a signal to the whole group. */
  signal(signal: NodeJS.Signals): void {
    try {
      process.kill(-this.pid, signal);
    } catch {
      // It is already gone.
    }
  }

  /** Waits for its end. */
  async gone(): Promise<void> {
    await this.#gone;
  }

  /** Sends a signal and waits until it is gone, even if it is paused. */
  async end(signal: NodeJS.Signals): Promise<void> {
    if (this.ended) return;
    this.signal(signal);
    if (signal !== 'SIGKILL') this.signal('SIGCONT');
    await this.#gone;
  }
}

/** A free port of this machine. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
