import { setTimeout as pause } from 'node:timers/promises';
import { JetStreamApiError, jetstreamManager, type JetStreamManager } from '@nats-io/jetstream';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import type { BusAddress } from '../market/bus-address.js';
import { Topic } from '../util/topic.js';

/** Why the bus cannot be used, in one line: what is wrong and what would be right. */
export class BusError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'BusError';
  }
}

/** A message that is left out. */
export interface UnreadableMessage {
  readonly subject: string;
  /** Its number in the log; absent = it is not from the log. */
  readonly seq?: number;
  readonly reason: string;
}

/** The oldest server whose JetStream has everything used here. */
const OLDEST_SERVER = [2, 9, 4] as const;
/** Attempts to reach the server at startup, and the wait between them, ms. */
const ATTEMPTS = 10;
const ATTEMPT_WAIT_MS = 300;
/** Longest wait for the servers of a cluster to elect a leader, ms: it takes them up to 10 s. */
const ELECTION_MS = 30_000;
/** The answer of a server whose cluster has no leader. */
const NO_LEADER = 10008;
/** That of a server that finds too few others for the copies to keep. */
const TOO_FEW = 10005;
/** Longest wait for an answer from the server, ms. */
const ANSWER_MS = 5_000;
/** The same where the question is asked again, ms: a leader that was elected just now leaves some unanswered. */
const QUICK_MS = 1_000;
/** A server that answers no ping for two of these intervals is given up, ms. */
const PING_MS = 2_000;
const RECONNECT_WAIT_MS = 250;
/** How often a server of a cluster is asked whether it has a leader, ms, and how often in a row it may have none. */
const LOOK_MS = 2_000;
const LEADERLESS = 3;

/** A connection to the bus that reconnects by itself. */
export class BusConnection {
  /** Publishes false when the connection is lost and true when it is back. */
  readonly changes = new Topic<boolean>();
  /** Publishes each message to this node that could not be read. */
  readonly unreadable = new Topic<UnreadableMessage>();
  readonly nc: NatsConnection;
  readonly manager: JetStreamManager;
  /** For questions that are asked again when no answer comes: see {@link QUICK_MS}. */
  readonly quick: JetStreamManager;
  readonly address: BusAddress;
  #connected = true;
  #since = performance.now();

  private constructor(
    nc: NatsConnection,
    manager: JetStreamManager,
    quick: JetStreamManager,
    address: BusAddress,
  ) {
    this.nc = nc;
    this.manager = manager;
    this.quick = quick;
    this.address = address;
    void this.#follow();
    if (address.servers.length > 1) void this.#stayWithLeader();
  }

  /**
   * Connects to a server that has JetStream.
   * @param name shown by the server's own tools
   * @throws {BusError} when there is none, or it is too old or refuses
   */
  static async open(address: BusAddress, name: string): Promise<BusConnection> {
    const nc = await reach(address, name);
    try {
      checkVersion(nc.info?.version ?? '0', address);
      // An answer of any kind shows that JetStream is there.
      const manager = await throughElection(address, () =>
        jetstreamManager(nc, { timeout: ANSWER_MS }),
      ).catch((error: unknown) => {
        throw jetStreamError(error, address);
      });
      const quick = await jetstreamManager(nc, { timeout: QUICK_MS, checkAPI: false });
      return new BusConnection(nc, manager, quick, address);
    } catch (error) {
      await nc.close().catch(() => undefined);
      throw error;
    }
  }

  /** Whether the server is connected now. What is published while it is not would queue without bound. */
  get connected(): boolean {
    return this.#connected;
  }

  /** How long the connection has been in its present state, ms. */
  get lastedMs(): number {
    return performance.now() - this.#since;
  }

  /** Sends what is queued, then closes the connection. */
  async close(): Promise<void> {
    if (this.nc.isClosed()) return;
    if (this.#connected) {
      const flushed = this.nc.flush().catch(() => undefined);
      await Promise.race([flushed, pause(1_000, undefined, { ref: false })]);
    }
    await this.nc.close().catch(() => undefined);
  }

  async #follow(): Promise<void> {
    for await (const status of this.nc.status()) {
      if (status.type === 'disconnect') this.#set(false);
      else if (status.type === 'reconnect') this.#set(true);
    }
  }

  /** A server that is cut off from the rest of its cluster keeps its clients but does nothing for them. */
  async #stayWithLeader(): Promise<void> {
    for (let without = 0; !this.nc.isClosed();) {
      await pause(LOOK_MS, undefined, { ref: false });
      if (!this.#connected) without = 0;
      else if (await this.#hasLeader()) without = 0;
      else if (++without === LEADERLESS) {
        without = 0;
        await this.nc.reconnect().catch(() => undefined);
      }
    }
  }

  async #hasLeader(): Promise<boolean> {
    try {
      await this.manager.getAccountInfo();
      return true;
    } catch (error) {
      return !isLeaderless(error, this.address);
    }
  }

  #set(connected: boolean): void {
    if (connected === this.#connected) return;
    this.#connected = connected;
    this.#since = performance.now();
    this.changes.publish(connected);
  }
}

async function reach(address: BusAddress, name: string): Promise<NatsConnection> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await connect({
        servers: [...address.servers],
        name,
        ...(address.user === null ? {} : { user: address.user, pass: address.password ?? '' }),
        maxReconnectAttempts: -1,
        reconnectTimeWait: RECONNECT_WAIT_MS,
        reconnectJitter: 50,
        pingInterval: PING_MS,
        maxPingOut: 2,
        timeout: ANSWER_MS,
      });
    } catch (error) {
      const reason = (error as Error).message;
      if (/authori[sz]ation|authentication/i.test(`${(error as Error).name} ${reason}`)) {
        throw new BusError(
          `BUS_URL: the NATS server at ${address.shown} refuses the user or password (${reason}); write them as nats://USER:PASSWORD@host`,
          { cause: error },
        );
      }
      if (attempt >= ATTEMPTS) {
        throw new BusError(
          `BUS_URL: no NATS server can be reached at ${address.shown} (${reason}); start nats-server with -js there, or correct BUS_URL`,
          { cause: error },
        );
      }
      await pause(ATTEMPT_WAIT_MS);
    }
  }
}

function checkVersion(version: string, address: BusAddress): void {
  const parts = version.split(/[.-]/).map(Number);
  for (const [i, least] of OLDEST_SERVER.entries()) {
    const part = parts[i] ?? 0;
    if (part > least) return;
    if (part < least) {
      throw new BusError(
        `BUS_URL: the NATS server at ${address.shown} is version ${version}; ${OLDEST_SERVER.join('.')} or newer is needed`,
      );
    }
  }
}

/** Whether the servers of a cluster have no leader yet: after their start, or the previous leader's death. */
export function isLeaderless(error: unknown, { servers }: BusAddress): boolean {
  if (servers.length === 1) return false;
  if (error instanceof JetStreamApiError) return error.code === NO_LEADER;
  return /TimeoutError|NoResponders/.test((error as Error).name);
}

/** Asks again while the servers of a cluster elect a leader. @throws any other error, or the last one */
export async function throughElection<T>(address: BusAddress, ask: () => Promise<T>): Promise<T> {
  for (const end = performance.now() + ELECTION_MS; ;) {
    try {
      return await ask();
    } catch (error) {
      if (!isLeaderless(error, address) || performance.now() > end) throw error;
      await pause(ATTEMPT_WAIT_MS);
    }
  }
}

/** Why the server's JetStream cannot be used, in one line. */
export function jetStreamError(error: unknown, address: BusAddress): BusError {
  const { shown } = address;
  const reason = (error as Error).message;
  if (isLeaderless(error, address)) {
    return new BusError(
      `BUS_URL: the NATS servers at ${shown} have elected no leader (${reason}); more than half of them must run, with -js, and reach each other`,
      { cause: error },
    );
  }
  if (/permission/i.test(reason)) {
    return new BusError(
      `BUS_URL: the user may not use JetStream at ${shown} (${reason}); allow it to publish to $JS.API.> and to subscribe to _INBOX.>`,
      { cause: error },
    );
  }
  if (error instanceof JetStreamApiError && error.code === TOO_FEW) {
    return new BusError(
      `BUS_URL: not all NATS servers at ${shown} run with JetStream (${reason}), and three copies of the log are kept; start each with -js`,
      { cause: error },
    );
  }
  return new BusError(
    `BUS_URL: the NATS server at ${shown} has no JetStream (${reason}); start it with -js`,
    { cause: error },
  );
}
