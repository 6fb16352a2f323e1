import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import type { AppTuning } from '../app.js';
import type { Running } from '../running.js';
import { openLog } from '../compose.js';
import { BurstGate } from '../logging/burst-gate.js';
import type { Logger } from '../logging/logger.js';
import { LOG_STREAM } from '../market/bus-address.js';
import { BusConnection, BusError, jetStreamError, throughElection } from '../nats/connection.js';
import { Leases } from '../nats/lease.js';
import { LogRecords } from '../nats/log-records.js';
import { LogStream } from '../nats/log-stream.js';
import { LogWriter } from '../nats/log-writer.js';
import { type NodePresence, Presence } from '../nats/presence.js';
import type { Config } from '../settings/config.js';
import { ApiNode } from './api-node.js';
import { CollectorNode } from './collector-node.js';
import { RecorderNode } from './recorder-node.js';
import { storeName } from './store-name.js';

/** Longest wait for API clients to leave, ms. */
const API_GRACE_MS = 1_500;
/** How often to check whether the log is still the same, ms. */
const WATCH_MS = 5_000;
/** Before a node ends because the log has changed, it checks again, ms: a new leader may not know all of it yet. */
const SURE_MS = 1_000;
const WAIT_MS = 500;
/** At most this many unreadable messages of a kind are reported in this time, ms; the rest are counted. */
const MAX_UNREADABLE = 20;
const UNREADABLE_MS = 10_000;
/** The most servers of a cluster that each keep a copy of the log. */
const MAX_REPLICAS = 3;

/**
 * Runs this process as one of several nodes that share a bus: as collector, recorder and API, or as
 * some of these.
 * @param onFatal called when it cannot go on, for a reason that only a person can fix
 * @throws {Error} in one clear line when the bus, the log folder, the database or the port is
 * unavailable, or the settings conflict with those of the other nodes
 */
export async function startNode(
  config: Config,
  quiet: boolean,
  tuning: AppTuning,
  onFatal: (error: Error) => void,
): Promise<Running> {
  const address = config.busUrl!;
  checkSettings(config);
  const opened: (() => Promise<void> | void)[] = [];
  try {
    const bus = await BusConnection.open(address, `orderbook ${config.nodeName}`);
    opened.push(() => bus.close());
    const replicas = address.servers.length >= MAX_REPLICAS ? MAX_REPLICAS : 1;
    const stream = new LogStream(bus);
    const unusable = (error: unknown): never => {
      throw error instanceof BusError ? error : jetStreamError(error, address);
    };
    const ask = <T>(asked: () => Promise<T>): Promise<T> =>
      throughElection(address, asked).catch(unusable);
    const found = await ask(() => stream.state());
    if (found !== null) {
      const maxBytes = config.roles.has('recorder') ? config.busBytes || -1 : undefined;
      await ask(() => stream.extend(maxBytes));
    }
    const leases = await ask(() => Leases.open(bus, replicas));

    const { files, logger } = await openLog(config, quiet, [address.password]);
    opened.push(() => files.close());

    const run = randomUUID();
    let collector: CollectorNode | null = null;
    const presence = new Presence(bus, (): NodePresence => ({
      node: config.nodeName,
      run,
      roles: [...config.roles],
      store: config.roles.has('recorder') ? storeName(config) : null,
      ready: collector?.ready ?? [],
    }));
    opened.push(() => presence.close());
    await presence.begin();
    for (const other of presence.nodes) checkOther(config, other);
    // Of two nodes that began at the same moment, one learns of the other only now.
    presence.changes.on(() => {
      try {
        for (const other of presence.nodes)
          if (other.node < config.nodeName) checkOther(config, other);
      } catch (error) {
        onFatal(error as Error);
      }
    });
    presence.clashes.on(({ node }) =>
      onFatal(
        new BusError(
          `another node with the NODE_NAME "${node}" has started; give each its own name`,
        ),
      ),
    );

    const writer = new LogWriter(bus);
    opened.push(() => writer.close());
    bus.changes.on((connected) => {
      if (connected) logger.log('BUS_BACK', {}, { lastedMs: bus.lastedMs });
      else logger.log('BUS_LOST', {}, { bus: address.shown });
    });

    const unreadable = new BurstGate(UNREADABLE_MS, undefined, MAX_UNREADABLE);
    bus.unreadable.on(({ subject, seq, reason }) => {
      const more = unreadable.pass(subject.split('.')[0]!);
      if (more !== null) logger.log('BUS_UNREADABLE', {}, { subject, seq, reason, more });
    });

    let recorder: RecorderNode | null = null;
    if (config.roles.has('recorder')) {
      recorder = new RecorderNode({
        config,
        bus,
        stream,
        presence,
        leases,
        logger,
        replicas,
        onFatal,
      });
      const made = recorder;
      opened.push(() => made.close());
      await recorder.started;
    }
    const id = found?.id ?? (await waitForStream(stream, logger));
    const records = new LogRecords({
      writer,
      node: config.nodeName,
      onLeftOut: (left) => logger.log('BUS_RECORDS_LEFT_OUT', {}, { records: left }),
    });
    logger.addSink((record) => records.add(record));
    const watching = setInterval(() => void watchLog(stream, id, onFatal), WATCH_MS);
    opened.push(() => clearInterval(watching));

    let api: ApiNode | null = null;
    if (config.roles.has('api')) {
      api = await ApiNode.open({
        config,
        bus,
        stream,
        logger,
        consoleLinesLeftOut: () => files.output?.linesLeftOut ?? 0,
        closeGraceMs: API_GRACE_MS,
        onFatal,
      });
      opened.push(() => api!.close());
    }
    if (config.roles.has('collector')) {
      collector = new CollectorNode(
        { config, bus, stream, writer, logger, rhythm: tuning.rhythm, onMoved: () => undefined },
        presence,
        leases,
      );
      opened.push(() => collector!.close());
    }
    const url = api?.url ?? null;
    logger.log(
      'NODE_STARTED',
      {},
      { node: config.nodeName, roles: [...config.roles].join(', '), url: url ?? '' },
    );

    let closing: Promise<void> | null = null;
    return {
      url,
      close: (signal) => {
        closing ??= (async () => {
          logger.log('STOPPING', {}, { signal });
          await Promise.all([collector?.close(), api?.close()]);
          clearInterval(watching);
          await recorder?.close();
          logger.log('STOPPED', {}, undefined);
          presence.close();
          writer.close();
          await bus.close();
          await files.close();
        })();
        return closing;
      },
    };
  } catch (error) {
    for (const close of opened.reverse()) await Promise.resolve(close()).catch(() => undefined);
    throw error;
  }
}

/** @throws {BusError} when the settings of this node alone cannot work */
function checkSettings({ roles, databaseUrl }: Config): void {
  if (databaseUrl !== null || roles.has('recorder') === roles.has('api')) return;
  const role = roles.has('api') ? 'api' : 'recorder';
  throw new BusError(
    `ROLE has ${role} alone, but the store is an SQLite file, which only one process can use; set DATABASE_URL=postgresql://… for all recorders and API nodes, or ROLE=recorder,api for one`,
  );
}

/** @throws {BusError} when this node cannot work beside another */
function checkOther(config: Config, other: NodePresence): void {
  if (other.node === config.nodeName || other.store === null) return;
  if (!config.roles.has('recorder') || other.store === storeName(config)) return;
  // Servers have many names; whether it is the same database is checked in the databases
  // themselves.
  if (config.databaseUrl !== null && other.store.includes('://')) return;
  throw new BusError(
    `node ${other.node} stores the log of this bus in ${other.store}, and this node would store it in ${storeName(config)}; several recorders need one database: set the same DATABASE_URL=postgresql://… for all, or leave ROLE=collector here`,
  );
}

async function waitForStream(stream: LogStream, logger: Logger): Promise<number> {
  for (let attempt = 0; ; attempt++) {
    const state = await stream.state().catch(() => null);
    if (state?.id !== undefined && state.id !== null) return state.id;
    if (attempt === 4) logger.log('NODE_WAITS', {}, { what: 'no recorder node has made the log' });
    await pause(WAIT_MS);
  }
}

/** The log must stay the same one: another's numbers would be mistaken for its own. */
async function watchLog(
  stream: LogStream,
  id: number,
  onFatal: (error: Error) => void,
): Promise<void> {
  if (!stream.bus.connected) return;
  try {
    if ((await stream.state())?.id === id) return;
    await pause(SURE_MS);
    const state = await stream.state();
    if (state?.id === id) return;
    const what = state === null ? 'was deleted' : 'was deleted and made again';
    onFatal(
      new BusError(
        `the NATS stream ${LOG_STREAM} ${what} while this node was running; start it again`,
      ),
    );
  } catch (error) {
    if (error instanceof BusError) onFatal(error);
  }
}
