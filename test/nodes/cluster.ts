import { join } from 'node:path';
import { EXCHANGES } from '../../src/market/exchange.js';
import { type Simulators, startSimulators } from '../../src/simulator/simulators.js';
import { Program } from '../faults/program.js';
import { eventually, temporaryFolder, until } from '../helpers/wait.js';
import { type NatsServer, startNats } from './nats-server.js';

/** The pairs that the tests of several nodes record on each exchange. */
const PAIRS = ['BTC-KRW', 'ETH-KRW'];
/** Their markets. */
const MARKETS = EXCHANGES.flatMap((exchange) => PAIRS.map((pair) => `${exchange}:${pair}`));

/** What `collectors` tells, as far as the tests need it. */
export interface ToldCollector {
  readonly exchange: string;
  readonly symbol: string;
  readonly state: string;
  readonly node: string | null;
}

/** Simulated exchanges whose books change all the time, a NATS server, and nodes as processes. */
export class Cluster {
  readonly nodes = new Map<string, Program>();
  #stepping: NodeJS.Timeout | undefined;

  private constructor(
    readonly simulators: Simulators,
    readonly nats: NatsServer,
    readonly folder: ReturnType<typeof temporaryFolder>,
  ) {}

  /** Starts all but the nodes. */
  static async start(): Promise<Cluster> {
    const folder = temporaryFolder();
    const nats = await startNats(folder.path);
    const simulators = await startSimulators({ rate: 0, pairs: PAIRS });
    return new Cluster(simulators, nats, folder);
  }

  /** Lets a book of every exchange change so often. */
  step(everyMs = 10): void {
    let turn = 0;
    this.#stepping = setInterval(() => {
      for (const simulator of this.simulators.all) simulator.step(PAIRS[turn % PAIRS.length]!);
      turn++;
    }, everyMs);
  }

  /** Books no longer change. */
  stand(): void {
    clearInterval(this.#stepping);
  }

  /** Starts a node. */
  node(name: string, role: string, env: Record<string, string> = {}): Program {
    const program = new Program(this.folder.path, {
      ...this.simulators.env,
      BUS_URL: this.nats.url,
      COLLECT: PAIRS.join(','),
      BITHUMB_TRANSPORT: 'ws',
      SNAPSHOT_EVERY_MS: '300',
      AUDIT_EVERY_MS: '0',
      NODE_NAME: name,
      ROLE: role,
      LOG_PATH: join(this.folder.path, `logs-${name}`),
      ...env,
    });
    this.nodes.set(name, program);
    return program;
  }

  /** Waits until a node has said something. */
  async said(node: Program, text: string, ms = 20_000): Promise<void> {
    await until(
      () => node.output.includes(text) || node.ended,
      `${text} in ${node.output.slice(-2000)}`,
      ms,
    );
    if (!node.output.includes(text)) throw new Error(`it ended: ${node.output}`);
  }

  /** Waits until all markets are LIVE on nodes that `accept` allows. */
  async live(api: Program, accept: (node: string) => boolean = () => true): Promise<void> {
    await eventually(
      () => this.collectors(api),
      (all) =>
        all.filter(({ state, node }) => state === 'LIVE' && accept(node ?? '?')).length ===
        MARKETS.length,
      'all markets LIVE',
      30_000,
    );
  }

  /** What an API node tells of the collectors. */
  async collectors(api: Program): Promise<ToldCollector[]> {
    const query = '{ collectors { exchange symbol state node } }';
    return (await api.query<{ collectors: ToldCollector[] }>(query)).collectors;
  }

  /** Ends everything. */
  async close(): Promise<void> {
    this.stand();
    for (const node of this.nodes.values()) {
      node.signal('SIGCONT');
      await node.end('SIGKILL');
    }
    await this.simulators.close();
    await this.nats.end('SIGKILL');
    this.folder.remove();
  }
}
