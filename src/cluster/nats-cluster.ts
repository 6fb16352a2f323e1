import { join } from 'node:path';
import { LOG_STREAM } from '../market/bus-address.js';
import { pause } from '../util/wait.js';
import { freePort } from './process-group.js';
import { LOOPBACK, NatsServer } from './servers.js';

/** Where a server of a cluster runs. */
export interface NatsPlace {
  readonly name: string;
  /** Prefix of its command, `ip netns exec …`. */
  readonly inside: readonly string[];
  /** Its address for nodes, and for the other servers. */
  readonly host: string;
  readonly routeHost: string;
}

/** Longest wait until started servers have elected a leader, ms. */
const CHOSEN_MS = 60_000;
/** Longest wait for a response, ms. */
const ANSWER_MS = 2_000;

/** The part of a server's JetStream status in use: the meta leader, and each stream's leader. */
interface JetStreamInfo {
  readonly meta_cluster?: { readonly leader?: string; readonly cluster_size: number };
  readonly account_details?: readonly {
    readonly stream_detail?: readonly {
      readonly name: string;
      readonly cluster?: {
        readonly leader?: string;
        /** The other servers, as the leader knows them. */
        readonly replicas?: readonly { readonly current: boolean }[];
      };
    }[];
  }[];
}

/** Names of that many servers. */
export function natsNames(count: number): string[] {
  return Array.from({ length: count }, (_, i) => `nats-${i + 1}`);
}

/** NATS servers with JetStream forming a cluster; if one, a standalone server. */
export class NatsCluster {
  readonly servers: readonly NatsServer[];

  private constructor(servers: readonly NatsServer[]) {
    this.servers = servers;
  }

  /** Starts them, with their files in `folder`; resolves once they have elected a leader. @throws {Error} */
  static async start(
    program: string,
    folder: string,
    places: readonly NatsPlace[],
  ): Promise<NatsCluster> {
    const routes = await Promise.all(
      places.map(async ({ routeHost }) => `nats://${routeHost}:${await freePort()}`),
    );
    const starting = places.map(({ name, inside, host }, i) => {
      const own = ['-js', '-n', name];
      const joined = ['--cluster_name', 'orderbook', '--cluster', routes[i]!];
      const others = ['--routes', routes.filter((_, other) => other !== i).join(',')];
      const options = places.length === 1 ? own : [...own, ...joined, ...others];
      return NatsServer.start(program, join(folder, name), { options, host, inside, name });
    });
    const begun = await Promise.allSettled(starting);
    const servers = begun.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
    const failed = begun.find(({ status }) => status === 'rejected');
    const cluster = new NatsCluster(servers);
    try {
      if (failed !== undefined) throw (failed as PromiseRejectedResult).reason;
      if (places.length > 1) await cluster.#chosen();
      return cluster;
    } catch (error) {
      await cluster.end('SIGKILL');
      throw error;
    }
  }

  /** The nodes' `BUS_URL`. */
  get url(): string {
    return `nats://${this.servers.map(({ address }) => address).join(',')}`;
  }

  /** The server that leads the log; null without a leader, or with a single server. */
  async leader(): Promise<NatsServer | null> {
    for (const { monitor } of this.servers) {
      const name = (await logIn(monitor).catch(() => undefined))?.leader;
      const leader = this.servers.find((server) => server.name === name);
      if (leader !== undefined) return leader;
    }
    return null;
  }

  /** Whether every server has the whole log: until then, NATS may lose of it what it has acknowledged if another fails. */
  async whole(): Promise<boolean> {
    const leader = await this.leader();
    if (leader === null) return false;
    const { replicas = [] } = (await logIn(leader.monitor).catch(() => undefined)) ?? {};
    return replicas.length === this.servers.length - 1 && replicas.every(({ current }) => current);
  }

  /** Settles once each of them knows all others and the leader. @throws {Error} */
  async #chosen(): Promise<void> {
    for (const end = performance.now() + CHOSEN_MS; ;) {
      const infos = await Promise.all(this.servers.map(({ monitor }) => ask(monitor)));
      const all = this.servers.length;
      if (infos.every(({ meta_cluster: meta }) => meta?.leader && meta.cluster_size === all))
        return;
      if (performance.now() > end) throw new Error('the NATS servers elect no leader');
      await pause(100);
    }
  }

  /** Restarts all of them. */
  async start(): Promise<void> {
    await Promise.all(this.servers.map((server) => server.start()));
  }

  /** Stops all of them. */
  async end(signal: NodeJS.Signals): Promise<void> {
    await Promise.all(this.servers.map((server) => server.end(signal)));
  }
}

/** That many servers on this machine's own address. */
export function placesHere(count: number): NatsPlace[] {
  return natsNames(count).map((name) => ({
    name,
    inside: [],
    host: LOOPBACK,
    routeHost: LOOPBACK,
  }));
}

/** The servers of the log, as one of them knows them. */
async function logIn(monitor: string) {
  const { account_details: accounts = [] } = await ask(monitor);
  const streams = accounts.flatMap(({ stream_detail: detail = [] }) => detail);
  return streams.find(({ name }) => name === LOG_STREAM)?.cluster;
}

async function ask(monitor: string): Promise<JetStreamInfo> {
  const signal = AbortSignal.timeout(ANSWER_MS);
  return (await (await fetch(`${monitor}/jsz?streams=true`, { signal })).json()) as JetStreamInfo;
}
