import { join } from 'node:path';
import type { Networks } from './networks.js';
import { NatsCluster, placesHere } from './nats-cluster.js';
import { NodeProcess } from './node-process.js';
import type { ServerPrograms } from './programs.js';
import { PostgresServer } from './servers.js';

/** A node of a cluster. */
export interface PlannedNode {
  readonly name: string;
  /** Its `ROLE`. */
  readonly role: string;
}

/** How to set up a cluster. */
export interface ClusterPlan {
  readonly programs: ServerPrograms;
  /** Folder of NATS's files; must exist. */
  readonly folder: string;
  /** Folder of PostgreSQL's files, whose user may be a different one. */
  readonly databaseFolder: string;
  /** Folder in which each node has a folder for its logs. */
  readonly logFolder: string;
  readonly nodes: readonly PlannedNode[];
  /** Number of NATS servers; with three, each keeps the log and the leases. */
  readonly natsServers: number;
  /** Settings of all nodes. */
  readonly env: Readonly<Record<string, string>>;
  /** Networks over which nodes reach NATS and PostgreSQL; absent = this machine's only. */
  readonly networks?: Networks | undefined;
  /** Called when a node ends unexpectedly. */
  readonly onDeath: (why: string) => void;
}

/** PostgreSQL, NATS and nodes as processes of this machine. */
export class Cluster {
  readonly nats: NatsCluster;
  readonly postgres: PostgresServer;
  readonly nodes: readonly NodeProcess[];

  private constructor(nats: NatsCluster, postgres: PostgresServer, nodes: readonly NodeProcess[]) {
    this.nats = nats;
    this.postgres = postgres;
    this.nodes = nodes;
  }

  /** Starts everything; resolves once every node is working. @throws {Error} when one cannot */
  static async start(plan: ClusterPlan): Promise<Cluster> {
    const { programs, folder, networks } = plan;
    const places = placesHere(plan.natsServers).map((place) =>
      networks === undefined
        ? place
        : {
            ...place,
            inside: networks.inside(place.name),
            host: networks.address('bus', place.name),
            routeHost: networks.address('routes', place.name),
          },
    );
    const nats = await NatsCluster.start(programs.nats, folder, places);
    const reach = networks && {
      host: networks.address('database'),
      range: networks.range('database'),
    };
    const postgres = await PostgresServer.start(programs, plan.databaseFolder, reach).catch(
      async (error: unknown) => {
        await nats.end('SIGKILL');
        throw error;
      },
    );
    const nodes = plan.nodes.map(({ name, role }) => {
      const env = {
        ...plan.env,
        BUS_URL: nats.url,
        DATABASE_URL: postgres.url,
        LOG_PATH: join(plan.logFolder, name),
        PORT: '0',
      };
      return new NodeProcess(name, role, env, plan.onDeath, networks?.inside(name));
    });
    const cluster = new Cluster(nats, postgres, nodes);
    try {
      await Promise.all(nodes.map((node) => node.start()));
    } catch (error) {
      await cluster.close('SIGKILL');
      throw error;
    }
    return cluster;
  }

  /** Nodes that have a role. */
  withRole(role: string): NodeProcess[] {
    return this.nodes.filter((node) => node.role.split(',').some((r) => r === role || r === 'all'));
  }

  /** Stops everything: first the nodes, then the servers. */
  async close(signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.end(signal)));
    await Promise.all([
      this.nats.end(signal),
      this.postgres.end(signal === 'SIGTERM' ? 'SIGINT' : 'SIGKILL'),
    ]);
  }
}
