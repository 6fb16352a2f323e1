import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { needs } from '../helpers/needs.js';
import { until } from '../helpers/wait.js';

/** `describe` for tests that need nats-server; skipped where it is not installed. */
export const { describe: describeWithNats } = needs('nats');

/** A free port of this machine. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}

/** A NATS server of its own, with JetStream unless told otherwise. */
export class NatsServer {
  readonly #arguments: readonly string[];
  #child: ChildProcess | null = null;

  private constructor(
    readonly port: number,
    given: readonly string[],
  ) {
    this.#arguments = given;
  }

  /** Starts one whose files lie in `folder`. */
  static async start(folder: string, options: readonly string[] = ['-js']): Promise<NatsServer> {
    const port = await freePort();
    const store = ['-sd', join(folder, 'nats')];
    const server = new NatsServer(port, ['-a', '127.0.0.1', '-p', `${port}`, ...store, ...options]);
    await server.start();
    return server;
  }

  /** `nats://127.0.0.1:…` */
  get url(): string {
    return `nats://127.0.0.1:${this.port}`;
  }

  /** Starts it again on the same port and files. */
  async start(): Promise<void> {
    const child = spawn('nats-server', [...this.#arguments], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let output = '';
    child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
    this.#child = child;
    await until(() => output.includes('Server is ready'), `nats-server: ${output}`);
  }

  /** Sends a signal. */
  signal(signal: NodeJS.Signals): void {
    this.#child?.kill(signal);
  }

  /** Kills it. */
  async kill(): Promise<void> {
    const child = this.#child;
    this.#child = null;
    if (child === null || child.exitCode !== null) return;
    const gone = once(child, 'exit');
    child.kill('SIGCONT');
    child.kill('SIGKILL');
    await gone;
  }
}
