import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import { join } from 'node:path';
import { connect } from '@nats-io/transport-node';
import { Cluster, type PlannedNode } from '../../src/cluster/cluster.js';
import type { NodeProcess } from '../../src/cluster/node-process.js';
import { type NetworkName, Networks } from '../../src/cluster/networks.js';
import { natsNames } from '../../src/cluster/nats-cluster.js';
import { findPrograms } from '../../src/cluster/programs.js';
import type { NatsServer } from '../../src/cluster/servers.js';
import type { NodePresence } from '../../src/nats/presence.js';
import { EXCHANGES } from '../../src/market/exchange.js';
import { type Simulators, startSimulators } from '../../src/simulator/simulators.js';
import { problems, TRUE_CLOCK } from '../../src/soak/accounts.js';
import { accountForAll, Ledger } from '../../src/soak/final-account.js';
import { tradeProblems } from '../../src/soak/trade-accounts.js';
import { statesOf } from '../../src/soak/recorder-process.js';
import { has, needs } from '../helpers/needs.js';
import { eventually, temporaryFolder, until } from '../helpers/wait.js';

jest.setTimeout(180_000);

const PAIRS = ['BTC-KRW', 'ETH-KRW'];
const NODES: readonly PlannedNode[] = [
  { name: 'collector-1', role: 'collector' },
  { name: 'collector-2', role: 'collector' },
  { name: 'recorder-1', role: 'recorder' },
  { name: 'recorder-2', role: 'recorder' },
  { name: 'api-1', role: 'api' },
];

const MEMBERS = [
  ...NODES.slice(0, 4).map(({ name, role }) => ({
    name,
    networks: [role === 'collector' ? 'exchanges' : 'database', 'bus'] as NetworkName[],
  })),
  ...natsNames(3).map((name) => ({ name, networks: ['bus', 'routes'] as NetworkName[] })),
];

const describeWithServers = has('nats') ? needs('postgres').describe : needs('nats').describe;

/** A small market on several nodes, with an account of all that went out. */
class World {
  readonly folder = temporaryFolder();
  readonly databaseFolder = temporaryFolder();
  simulators!: Simulators;
  cluster!: Cluster;
  ledger!: Ledger;
  readonly deaths: string[] = [];
  #stepping: NodeJS.Timeout | undefined;
  #since = 0;

  async start(
    env: Record<string, string> = {},
    networks?: Networks,
    natsServers = 1,
  ): Promise<void> {
    const host = networks && { host: networks.address('exchanges') };
    this.simulators = await startSimulators({ rate: 0, pairs: PAIRS, ...host });
    this.ledger = new Ledger(this.simulators);
    this.cluster = await Cluster.start({
      programs: findPrograms(),
      folder: this.folder.path,
      databaseFolder: this.databaseFolder.path,
      logFolder: join(this.folder.path, 'logs'),
      nodes: NODES,
      natsServers,
      env: {
        ...this.simulators.env,
        LOG_LANG: 'en',
        COLLECT: PAIRS.join(','),
        BITHUMB_TRANSPORT: 'ws',
        AUDIT_EVERY_MS: '0',
        SNAPSHOT_EVERY_MS: '300',
        ...env,
      },
      networks,
      onDeath: (why) => this.deaths.push(why),
    });
    this.step();
    await this.live();
    this.#since = Date.now();
  }

  /** Lets a book of every exchange change so often. */
  step(everyMs = 40): void {
    clearInterval(this.#stepping);
    let turn = 0;
    this.#stepping = setInterval(() => {
      for (const simulator of this.simulators.all) simulator.step(PAIRS[turn % PAIRS.length]!);
      turn++;
    }, everyMs);
  }

  node(name: string): NodeProcess {
    return this.cluster.nodes.find((node) => node.name === name)!;
  }

  get api(): string {
    return this.node('api-1').url!;
  }

  /** The recorder that stores. */
  get storing(): NodeProcess {
    const active = (node: NodeProcess): number => node.output.lastIndexOf('stores the log');
    const [a, b] = [this.node('recorder-1'), this.node('recorder-2')];
    return active(a) > active(b) ? a : b;
  }

  /** Waits until a collector could take over every exchange, as it says itself. */
  async ready(name: string): Promise<void> {
    const servers = this.cluster.nats.servers.map(({ address }) => address);
    const nc = await connect({ servers });
    try {
      for await (const message of nc.subscribe(`node.${name}`))
        if (message.json<NodePresence>()?.ready.length === EXCHANGES.length) return;
    } finally {
      await nc.close();
    }
  }

  async live(): Promise<void> {
    const all = PAIRS.length * EXCHANGES.length;
    await eventually(
      () => statesOf(this.api),
      ({ live }) => live === all,
      'all LIVE',
      60_000,
    );
  }

  /** Waits until so many more books are stored. */
  async stored(more: number): Promise<void> {
    const { stored } = await statesOf(this.api);
    await eventually(
      () => statesOf(this.api),
      // Another recorder counts from 0.
      (states) => states.stored < stored || states.stored > stored + more,
      `${more} more books`,
      60_000,
    );
  }

  /** What became of all books; every one must be accounted for. */
  async account() {
    clearInterval(this.#stepping);
    await this.live();
    let last = -1;
    let same = 0;
    await eventually(
      () => statesOf(this.api),
      ({ stored }) => {
        same = stored === last ? same + 1 : 0;
        last = stored;
        // What recorders tell comes once a second.
        return same > 30;
      },
      'quiet',
      60_000,
      150,
    );
    const { books, lost, trades } = await accountForAll(
      this.api,
      this.simulators,
      this.ledger,
      TRUE_CLOCK,
      [],
      this.#since,
    );
    this.step();
    expect(this.deaths).toEqual([]);
    expect(books).toMatchObject({ unaccounted: [], invented: [], contradicted: [] });
    expect(problems(books)).toBe(0);
    expect(tradeProblems(trades)).toBe(0);
    return { ...books, lost, trades };
  }

  async close(): Promise<void> {
    clearInterval(this.#stepping);
    await this.cluster?.close('SIGKILL');
    await this.simulators?.close();
    this.folder.remove();
    this.databaseFolder.remove();
  }
}

/** The first sequences of a subscription to UPBIT that goes on behind one. */
async function sequences(url: string, since: number, count: number): Promise<number[]> {
  const query = `subscription { orderbook(exchange: UPBIT, since: "${since}") { sequence } }`;
  const answer = await fetch(`${url}/graphql?query=${encodeURIComponent(query)}`, {
    headers: { accept: 'text/event-stream', 'x-graphql-yoga-csrf': '1' },
  });
  let text = '';
  for await (const chunk of answer.body!.pipeThrough(new TextDecoderStream())) {
    text += chunk;
    const seen = [...text.matchAll(/"sequence":"?(\d+)/g)].map(([, number]) => Number(number));
    if (seen.length >= count) return seen;
    if (text.includes('"errors"')) break;
  }
  throw new Error(text.slice(-500));
}

describeWithServers('several nodes on PostgreSQL', () => {
  const world = new World();
  beforeAll(() => world.start());
  afterAll(() => world.close());

  it('store every book once while each recorder is killed in turn', async () => {
    for (let i = 0; i < 2; i++) {
      const victim = world.storing;
      await victim.end('SIGKILL');
      await world.stored(50);
      await victim.start();
    }
    expect((await world.account()).lost).toEqual([]);
  });

  it('store every book once while the recorder that stores stands still, and wakes', async () => {
    const victim = world.storing;
    victim.signal('SIGSTOP');
    await world.stored(50);
    victim.signal('SIGCONT');
    await world.stored(50);
    expect((await world.account()).lost).toEqual([]);
  });

  it('lose nothing while PostgreSQL is away', async () => {
    await world.cluster.postgres.end('SIGKILL');
    await new Promise((resolve) => setTimeout(resolve, 2_000));
    await world.cluster.postgres.start();
    await world.stored(50);
    expect((await world.account()).lost).toEqual([]);
  });

  it('lose nothing while NATS is away for less than collectors keep', async () => {
    await world.cluster.nats.end('SIGKILL');
    await new Promise((resolve) => setTimeout(resolve, 2_000));
    await world.cluster.nats.start();
    await world.stored(50);
    expect((await world.account()).lost).toEqual([]);
  });

  it('lose no book that the standby had when collectors are killed in turn', async () => {
    for (const name of ['collector-1', 'collector-2']) {
      const other = name === 'collector-1' ? 'collector-2' : 'collector-1';
      const victim = world.node(name);
      await world.ready(other);
      await victim.end('SIGKILL');
      await world.stored(50);
      await world.live();
      await victim.start();
      await world.live();
    }
    expect((await world.account()).lost).toEqual([]);
  });

  it('lose no book when collectors are killed and started again at once', async () => {
    for (const name of ['collector-1', 'collector-2']) {
      const victim = world.node(name);
      await world.ready('collector-1');
      await world.ready('collector-2');
      await victim.end('SIGKILL');
      await victim.start();
      await world.stored(50);
    }
    expect((await world.account()).lost).toEqual([]);
  });

  it('serve subscriptions on from before a kill without a seam', async () => {
    // The history comes out of PostgreSQL, the rest out of the log.
    const query = `{ orderbook(exchange: UPBIT) { sequence } }`;
    const { data } = (await (
      await fetch(`${world.api}/graphql`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ query }),
      })
    ).json()) as { data: { orderbook: { sequence: string } } };
    const since = Number(data.orderbook.sequence) - 300;
    await world.storing.end('SIGKILL');
    const seen = await sequences(world.api, since, 150);
    for (const name of ['recorder-1', 'recorder-2'])
      if (!world.node(name).running) await world.node(name).start();
    await world.stored(50);
    const exported = await (await fetch(`${world.api}/export/UPBIT.ndjson?shape=books`)).text();
    const all = exported
      .trim()
      .split('\n')
      .map((line) => (JSON.parse(line) as { sequence: number }).sequence)
      .filter((sequence) => sequence > since);
    expect(seen).toEqual(all.slice(0, seen.length));
    // Whoever comes from a node that is ahead of this one.
    const ahead = all.at(-1)! + 200;
    expect((await sequences(world.api, ahead, 1))[0]).toBeGreaterThan(ahead);
  });
});

describeWithServers('several nodes whose log is full', () => {
  const world = new World();
  beforeAll(() => world.start({ BUS_MAX_GB: '0.01', CHANNELS: 'orderbook,trade' }));
  afterAll(() => world.close());

  it('have a gap of what went from the log before it was stored, of books and of trades', async () => {
    for (const simulator of world.simulators.all) for (const pair of PAIRS) simulator.trade(pair);
    await world.stored(50);
    const recorders = [world.node('recorder-1'), world.node('recorder-2')];
    for (const recorder of recorders) await recorder.end('SIGKILL');
    world.step(5);
    await new Promise((resolve) => setTimeout(resolve, 6_000));
    world.step();
    // Otherwise what is missing of the trades would be fetched again.
    for (const simulator of world.simulators.all)
      for (const pair of PAIRS) simulator.faults.forgetTrades(pair);
    for (const recorder of recorders) await recorder.start();
    await until(
      () => recorders.some(({ output }) => output.includes('messages left the log')),
      'the hole',
      20_000,
    );
    await world.stored(50);
    await world.stored(50);
    const { inGap, trades } = await world.account();
    expect(inGap['BUS_FAILED']).toBeGreaterThan(0);
    expect(trades.inGap['BUS_FAILED']).toBeGreaterThan(0);
  });
});

const describeWithCuts =
  has('nats') && has('postgres') ? needs('namespaces').describe : describeWithServers;

describeWithCuts('several nodes that are cut off from each other', () => {
  const world = new World();
  let networks: Networks;
  beforeAll(async () => {
    networks = Networks.make(MEMBERS);
    await world.start({}, networks, 3);
  });
  afterAll(async () => {
    await world.close();
    networks?.close();
  });

  /** Takes links away for as long as `during` takes. */
  async function cut(
    of: { readonly name: string },
    from: readonly NetworkName[],
    during: () => Promise<unknown>,
  ) {
    const links = networks.links.filter(
      ({ node, network }) => node === of.name && from.includes(network),
    );
    expect(links).toHaveLength(from.length);
    try {
      for (const link of links) link.set(false);
      await during();
    } finally {
      for (const link of links) link.set(true);
    }
  }

  /** Longer than a lease lasts. */
  const aWhile = () => new Promise((resolve) => setTimeout(resolve, 5_000));

  it('lose nothing while a collector reaches the exchanges but not NATS', async () => {
    for (const name of ['collector-1', 'collector-2']) {
      await world.ready('collector-1');
      await world.ready('collector-2');
      await cut(world.node(name), ['bus'], () => Promise.all([world.stored(50), aWhile()]));
      await world.stored(50);
    }
    expect((await world.account()).lost).toEqual([]);
  });

  it('lose nothing while the recorder that stores reaches NATS but not PostgreSQL, or neither', async () => {
    for (const from of [['database'], ['bus', 'database']] as const) {
      await cut(world.storing, from, aWhile);
      await world.stored(50);
    }
    expect((await world.account()).lost).toEqual([]);
  });

  it('lose nothing unsaid while the NATS server that leads the log is killed, stands still, or does not reach the others', async () => {
    const leading = async (): Promise<NatsServer> => {
      const { nats } = world.cluster;
      return (await eventually(
        () => nats.leader(),
        (one) => one !== null,
        'a leader',
        60_000,
      ))!;
    };
    // What two of three servers have not yet is lost when one of them fails.
    const whole = () =>
      eventually(
        () => world.cluster.nats.whole(),
        Boolean,
        'all servers with the whole log',
        60_000,
      );
    await whole();
    const killed = await leading();
    await killed.end('SIGKILL');
    await world.stored(50);
    await killed.start();
    await whole();
    const stopped = await leading();
    stopped.signal('SIGSTOP');
    await world.stored(50);
    stopped.signal('SIGCONT');
    await whole();
    await cut(await leading(), ['routes'], () => Promise.all([world.stored(50), aWhile()]));
    await world.stored(50);
    // NATS 2.9 may renumber what it has acknowledged: docs/distributed.md.
    const { lost } = await world.account();
    expect(lost.filter((one) => !one.includes('BUS_FAILED'))).toEqual([]);
  });

  it('have gaps while the collector that writes reaches NATS but not the exchanges', async () => {
    await cut(world.node('collector-1'), ['exchanges'], aWhile);
    await cut(world.node('collector-2'), ['exchanges'], aWhile);
    await world.live();
    await world.stored(50);
    await world.account();
  });
});
