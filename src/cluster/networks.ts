import { spawnSync } from 'node:child_process';

/**
 * What nodes talk to, each over its own network, so that one can be cut while the others stay;
 * `routes` connects the NATS servers with each other.
 */
export const NETWORKS = ['exchanges', 'bus', 'database', 'routes'] as const;
/** See {@link NETWORKS}. */
export type NetworkName = (typeof NETWORKS)[number];

/** A node or NATS server with its own network namespace, and the networks it is linked to. */
export interface Member {
  readonly name: string;
  readonly networks: readonly NetworkName[];
}

/** The link of a node to one network. */
export interface Link {
  readonly node: string;
  readonly network: NetworkName;
  /** Takes the link down, or up again: packets sent meanwhile are lost without an error. */
  set(up: boolean): void;
}

/** Prefix of all names created here; followed by the process id in base 36. */
const PREFIX = 'obs-';
const MADE = /\bobs-([0-9a-z]+)-[\w-]+/g;
/** Test addresses that no other network uses (RFC 2544): 198.18.0.0/15. */
const RANGE = 60;

/**
 * Network namespaces for nodes on this machine, for testing network cuts (Linux, root, `ip` of
 * iproute2). Each network is a bridge on which this machine itself has an address, with a pair of
 * virtual interfaces to each of its nodes.
 */
export class Networks {
  readonly links: readonly Link[];
  readonly #own = `${PREFIX}${process.pid.toString(36)}-`;
  readonly #nodes: readonly string[];
  readonly #atExit = (): void => this.close();

  private constructor(members: readonly Member[]) {
    this.#nodes = members.map(({ name }) => name);
    process.once('exit', this.#atExit);
    for (const network of NETWORKS) {
      const bridge = this.#bridge(network);
      ip(`link add ${bridge} type bridge`, `addr add ${this.address(network)}/24 dev ${bridge}`);
      ip(`link set ${bridge} up`);
    }
    this.links = members.flatMap((member) => this.#join(member));
  }

  /** Creates them. @throws {Error} with one line saying why that is impossible, leaving nothing behind */
  static make(members: readonly Member[]): Networks {
    if (process.platform !== 'linux' || process.getuid?.() !== 0)
      throw new Error('only root on Linux can create network namespaces');
    try {
      removeLeftOver();
      return new Networks(members);
    } catch (error) {
      removeOf(process.pid);
      throw error;
    }
  }

  /** The address of a node in a network, by default this machine's: servers for the nodes listen there. */
  address(network: NetworkName, node?: string): string {
    return this.#address(network, node === undefined ? 1 : this.#host(node));
  }

  /** All addresses of a network. */
  range(network: NetworkName): string {
    return `${this.#address(network, 0)}/24`;
  }

  /** Prefix for a command that should run in a node's namespace; empty if it has none. */
  inside(node: string): readonly string[] {
    return this.#nodes.includes(node) ? ['ip', 'netns', 'exec', this.#own + node] : [];
  }

  /** Removes them, even from under running nodes. */
  close(): void {
    process.removeListener('exit', this.#atExit);
    removeOf(process.pid);
  }

  #join({ name, networks }: Member): Link[] {
    const host = this.#host(name);
    const namespace = this.#own + name;
    ip(`netns add ${namespace}`);
    const links = networks.map((network): Link => {
      const outside = `${this.#bridge(network)}${host}`;
      ip(
        `link add ${outside} type veth peer name ${network} netns ${namespace}`,
        `link set ${outside} master ${this.#bridge(network)} up`,
      );
      return { node: name, network, set: (up) => ip(`link set ${outside} ${up ? 'up' : 'down'}`) };
    });
    const within = networks.flatMap((network) => [
      `addr add ${this.#address(network, host)}/24 dev ${network}`,
      `link set ${network} up`,
    ]);
    run(['-n', namespace, '-batch', '-'], ['link set lo up', ...within].join('\n'));
    return links;
  }

  #host(node: string): number {
    return this.#nodes.indexOf(node) + 2;
  }

  #bridge(network: NetworkName): string {
    return this.#own + network[0]!;
  }

  /** Two concurrent soaks most likely get different addresses. */
  #address(network: NetworkName, host: number): string {
    const third = (process.pid % RANGE) * NETWORKS.length + NETWORKS.indexOf(network);
    return `198.18.${third}.${host}`;
  }
}

/** Removes what processes left behind that were killed before they could. */
function removeLeftOver(): void {
  for (const [, pid] of `${run(['-o', 'link'])}\n${run(['netns'])}`.matchAll(MADE)) {
    if (!isAlive(parseInt(pid!, 36))) removeOf(parseInt(pid!, 36));
  }
}

/** Removes everything a process created; what is already gone is ignored. */
function removeOf(pid: number): void {
  const own = `${PREFIX}${pid.toString(36)}-`;
  const named = (text: string): string[] =>
    [...new Set(text.match(MADE) ?? [])].filter((name) => name.startsWith(own));
  for (const link of named(spawnSync('ip', ['-o', 'link'], { encoding: 'utf8' }).stdout ?? ''))
    spawnSync('ip', ['link', 'del', link]);
  for (const name of named(spawnSync('ip', ['netns'], { encoding: 'utf8' }).stdout ?? ''))
    spawnSync('ip', ['netns', 'del', name]);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Runs commands of `ip`. @throws {Error} naming the one that failed, and why */
function ip(...commands: readonly string[]): void {
  run(['-batch', '-'], commands.join('\n'));
}

function run(args: readonly string[], input?: string): string {
  const { status, stdout, stderr, error } = spawnSync('ip', args, { encoding: 'utf8', input });
  if (error !== undefined) throw new Error(`cannot run ip of iproute2: ${error.message}`);
  if (status === 0) return stdout;
  // The reason comes first, then, with several commands, which one it was.
  const line = Number(/^Command failed -:(\d+)/m.exec(stderr)?.[1] ?? 1);
  const command = input?.split('\n')[line - 1] ?? args.join(' ');
  throw new Error(`ip ${command}: ${stderr.split('\n', 1)[0]}`);
}
