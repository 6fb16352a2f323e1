import type { Cluster } from '../cluster/cluster.js';
import { type Link, type NetworkName, type Networks, NETWORKS } from '../cluster/networks.js';
import type { NodeProcess } from '../cluster/node-process.js';
import type { Server } from '../cluster/servers.js';
import type { Course } from './course.js';

/** What faults of several nodes need. */
export interface FaultyCluster {
  readonly cluster: Cluster;
  /** Null = nothing can be cut. */
  readonly networks: Networks | null;
  readonly course: Course;
  /** Numbers in [0, 1). */
  readonly random: () => number;
}

/** Links that are cut together. */
interface Cut {
  readonly name: string;
  readonly links: readonly Link[];
}

/** Duration of a standstill, until a killed process is restarted, and of a cut: from, to, s. */
const STANDSTILL_S = [0.5, 8] as const;
const AWAY_S = [0.2, 6] as const;
const CUT_S = [1, 40] as const;
/** Share of cuts among the faults. */
const CUTS = 0.35;
/** What is at the other end of each network. */
const FAR_END: Readonly<Record<NetworkName, string>> = {
  exchanges: 'the exchanges',
  bus: 'NATS',
  database: 'PostgreSQL',
  routes: 'the other NATS servers',
};

/**
 * One fault, from beginning to end: a node or server stands still, is killed, or is cut off. Of the NATS
 * servers, the leader of the log or another one.
 */
export async function nextFault(world: FaultyCluster): Promise<void> {
  const { cluster, networks, course, random } = world;
  const { nats, postgres, nodes } = cluster;
  const leader = await nats.leader();
  const leads = leader === null ? '' : `; ${leader.name} leads the log`;
  const between = ([from, to]: readonly [number, number]): number =>
    (from + random() * (to - from)) * 1000;
  const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;
  if (networks !== null && random() < CUTS) {
    const { name, links } = oneOf(cutsOf(networks.links), random);
    const ms = between(CUT_S);
    course.say(`${name} for ${seconds(ms)}${leads}`);
    for (const link of links) link.set(false);
    await course.wait(ms);
    for (const link of links) link.set(true);
    return;
  }
  const followers = nats.servers.filter((server) => server !== leader);
  const servers = [leader, oneOf(followers, random), postgres].filter((one) => one !== null);
  const victim = oneOf<NodeProcess | Server>([...nodes, ...servers], random);
  const { name } = victim;
  if (random() < 0.5) {
    const ms = between(STANDSTILL_S);
    course.say(`${name} stands still for ${seconds(ms)}${leads}`);
    victim.signal('SIGSTOP');
    await course.wait(ms);
    victim.signal('SIGCONT');
    return;
  }
  const ms = between(AWAY_S);
  course.say(`${name} is killed, and started again after ${seconds(ms)}${leads}`);
  await victim.end('SIGKILL');
  await course.wait(ms);
  // A node may have to wait for what is down, so it is not awaited.
  if ('role' in victim) void victim.start().catch((error: Error) => course.breakOff(error.message));
  else await victim.start();
}

/**
 * What can be cut: each single link of each node, so that it reaches the exchanges but not NATS, or NATS but not
 * PostgreSQL, or, for a NATS server, the nodes but not the other servers; all links of one; and those of all to
 * one network.
 */
export function cutsOf(links: readonly Link[]): Cut[] {
  const members = [...new Set(links.map(({ node }) => node))];
  const isServer = (member: string): boolean =>
    links.some(({ node, network }) => node === member && network === 'routes');
  const clients = links.filter(({ node, network }) => network !== 'bus' || !isServer(node));
  return [
    ...links.map((link) => ({
      name: `${link.node} is cut off from ${clients.includes(link) ? FAR_END[link.network] : 'the nodes'}`,
      links: [link],
    })),
    ...members.map((member) => ({
      name: `${member} is cut off from all`,
      links: links.filter(({ node }) => node === member),
    })),
    ...NETWORKS.map((network) => ({
      name: `all that have a network of their own are cut off from ${FAR_END[network]}`,
      links: clients.filter((link) => link.network === network),
    })).filter((cut) => cut.links.length > 0),
  ];
}

function oneOf<T>(of: readonly T[], random: () => number): T {
  return of[Math.floor(random() * of.length)]!;
}
