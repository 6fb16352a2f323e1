import { spawnSync } from 'node:child_process';
import { appendFileSync, chownSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { connect } from 'node:net';
import { pause } from '../util/wait.js';
import { freePort, ProcessGroup } from './process-group.js';
import { type ServerPrograms, unprivileged } from './programs.js';

/** Longest wait for a server to become ready, ms: PostgreSQL may have to recover. */
const READY_MS = 60_000;
/** The loopback address. */
export const LOOPBACK = '127.0.0.1';

/** A server on this machine that can be killed and restarted with the same port and files. */
export abstract class Server {
  abstract readonly name: string;
  protected readonly port: number;
  protected readonly host: string;
  #group: ProcessGroup | null = null;

  /** @param host an address of this machine */
  protected constructor(port: number, host: string) {
    this.port = port;
    this.host = host;
  }

  /** Its process id; null while it is not running. */
  get pid(): number | null {
    return this.#group?.pid ?? null;
  }

  /** Whether it is running. */
  get running(): boolean {
    return this.#group?.ended === false;
  }

  /** Starts it; resolves once it serves. @throws {Error} with its output if it fails */
  async start(): Promise<void> {
    const group = this.launch();
    this.#group = group;
    const end = performance.now() + READY_MS;
    while (!(await this.serves(group))) {
      if (group.ended) throw new Error(`${this.constructor.name} ended: ${group.output}`);
      if (performance.now() > end)
        throw new Error(`${this.constructor.name} does not serve: ${group.output}`);
      await pause(50);
    }
  }

  /** Sends a signal to all of its processes. */
  signal(signal: NodeJS.Signals): void {
    this.#group?.signal(signal);
  }

  /** Stops it. */
  async end(signal: NodeJS.Signals): Promise<void> {
    await this.#group?.end(signal);
    this.#group = null;
  }

  protected abstract launch(): ProcessGroup;
  protected abstract serves(group: ProcessGroup): Promise<boolean>;
}

/** How to start a NATS server. */
export interface NatsOptions {
  /** JetStream by default. */
  readonly options?: readonly string[];
  readonly host?: string;
  /** Prefix of its command. */
  readonly inside?: readonly string[];
  readonly name?: string;
}

/** A NATS server. */
export class NatsServer extends Server {
  readonly name: string;
  readonly #command: readonly string[];
  readonly #monitorPort: number;

  private constructor(
    command: readonly string[],
    [port, monitorPort]: readonly [number, number],
    host: string,
    name: string,
  ) {
    super(port, host);
    this.name = name;
    this.#command = command;
    this.#monitorPort = monitorPort;
  }

  /** Starts one with its files in `folder`. */
  static async start(
    program: string,
    folder: string,
    { options = ['-js'], host = LOOPBACK, inside = [], name = 'nats' }: NatsOptions = {},
  ): Promise<NatsServer> {
    const ports = [await freePort(), await freePort()] as const;
    const listening = ['-a', host, '-p', `${ports[0]}`, '-m', `${ports[1]}`];
    const command = [...inside, program, ...listening, '-sd', join(folder, 'nats'), ...options];
    const server = new NatsServer(command, ports, host, name);
    await server.start();
    return server;
  }

  /** `127.0.0.1:…` */
  get address(): string {
    return `${this.host}:${this.port}`;
  }

  /** `nats://127.0.0.1:…` */
  get url(): string {
    return `nats://${this.address}`;
  }

  /** Address of its HTTP monitoring. */
  get monitor(): string {
    return `http://${this.host}:${this.#monitorPort}`;
  }

  protected launch(): ProcessGroup {
    const [program, ...args] = this.#command;
    return new ProcessGroup(program!, args, {});
  }

  protected async serves({ output }: ProcessGroup): Promise<boolean> {
    return output.includes('Server is ready');
  }
}

/** A PostgreSQL server with its own cluster. */
export class PostgresServer extends Server {
  readonly name = 'PostgreSQL';
  readonly #bin: string;
  readonly #folder: string;

  private constructor(bin: string, folder: string, port: number, host: string) {
    super(port, host);
    this.#bin = bin;
    this.#folder = folder;
  }

  /** Each of its processes leads a group. */
  override signal(signal: NodeJS.Signals): void {
    super.signal(signal);
    if (this.pid !== null) spawnSync('pkill', [`-${signal.slice(3)}`, '-P', String(this.pid)]);
  }

  /**
   * Creates a cluster in `folder`, unless there is one, and starts it; trusts every user of this
   * machine.
   * @param reach where it listens, and whom it trusts there; by default this machine only
   */
  static async start(
    { postgresql }: ServerPrograms,
    folder: string,
    reach?: { readonly host: string; readonly range: string },
  ): Promise<PostgresServer> {
    const user = unprivileged();
    mkdirSync(folder, { recursive: true });
    if (user.uid !== undefined) chownSync(folder, user.uid, user.gid!);
    const made = spawnSync(
      join(postgresql, 'initdb'),
      ['-D', join(folder, 'data'), '-U', 'recorder', '-A', 'trust', '-E', 'UTF8', '--no-sync'],
      { ...user, cwd: folder, encoding: 'utf8', env: { ...process.env, LC_ALL: 'C.UTF-8' } },
    );
    if (made.status !== 0 && !made.stderr.includes('not empty')) {
      throw new Error(`initdb: ${made.stderr || made.error?.message}`);
    }
    if (reach !== undefined)
      appendFileSync(join(folder, 'data', 'pg_hba.conf'), `host all all ${reach.range} trust\n`);
    const port = await freePort();
    const server = new PostgresServer(postgresql, folder, port, reach?.host ?? LOOPBACK);
    await server.start();
    return server;
  }

  /** Address of the default database. */
  get url(): string {
    return `postgresql://recorder@${this.host}:${this.port}/postgres`;
  }

  protected launch(): ProcessGroup {
    const args = ['-D', join(this.#folder, 'data'), '-p', `${this.port}`, '-k', this.#folder];
    return new ProcessGroup(
      join(this.#bin, 'postgres'),
      [...args, '-c', `listen_addresses=${this.host}`],
      { ...unprivileged(), cwd: this.#folder },
    );
  }

  protected serves({ output }: ProcessGroup): Promise<boolean> {
    if (!output.includes('ready to accept connections')) return Promise.resolve(false);
    return new Promise((resolve) => {
      const socket = connect(this.port, this.host);
      socket.once('connect', () => {
        socket.destroy();
        resolve(true);
      });
      socket.once('error', () => resolve(false));
    });
  }
}
