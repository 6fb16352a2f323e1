import { randomBytes } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import type { ArchiveKeeper } from '../archive/keeper.js';
import { Bus } from '../bus.js';
import type { Logger } from '../logging/logger.js';
import { LOG_STREAM } from '../market/bus-address.js';
import type { Exchange } from '../market/exchange.js';
import type { BusConnection } from '../nats/connection.js';
import { BusError, isLeaderless } from '../nats/connection.js';
import { type Lease, type Leases, RENEW_MS } from '../nats/lease.js';
import { LogBooks } from '../nats/log-books.js';
import { type LogEntry, type LogState, type LogStream, StopFollowing } from '../nats/log-stream.js';
import { encodeMessage } from '../nats/messages.js';
import type { Presence } from '../nats/presence.js';
import { type Config, databaseOf } from '../settings/config.js';
import { openEngine } from '../store/engine/open.js';
import { ReaderClient } from '../store/reader-client.js';
import { openStore } from '../store/store.js';
import type { LogPlace, Store } from '../store/store-types.js';
import { storePlace, storeSettings } from '../compose.js';
import { keepArchive } from '../keep-archive.js';
import { logStore } from '../store-log.js';
import { caughtUp, together } from './caught-up.js';
import { reportLostFill, reportLostTrades } from './lost-trades.js';
import { openGaps, serveMemory } from './memory-service.js';
import { ANSWER_MS } from './remote-memory.js';
import { storeName } from './store-name.js';
import { COMMIT_SUBJECT, type CommitNotice, STORE_SUBJECT, type StoreReport } from './report.js';

/** What a recorder node works with. */
export interface RecorderServices {
  readonly config: Config;
  readonly bus: BusConnection;
  readonly stream: LogStream;
  readonly presence: Presence;
  readonly leases: Leases;
  readonly logger: Logger;
  /** The number of copies of the log that NATS keeps. */
  readonly replicas: number;
  /** It cannot go on, for a reason that only a person can fix. */
  readonly onFatal: (error: Error) => void;
}

/** The lease of the one recorder that stores. */
const LEASE = 'RECORDER';
const LOOK_MS = 300;
/**
 * Another recorder that has just begun has its place in the database after this time at the latest,
 * ms.
 */
const SAME_MS = 10_000;
/** How often it checks whether a log with a new leader is as long as it was. */
const MAX_LOOKS = 30;
const REPORT_MS = 1_000;
/** Longest wait for the queue to be written at shutdown, ms. */
const STORE_GRACE_MS = 2_500;
const MiB = 1024 * 1024;
/** The bytes that may wait in memory; the rest waits in the log. */
const MAX_QUEUED_BYTES = 64 * MiB;

/**
 * Stores the log. One recorder node at a time does so, holding a lease; another one takes over after
 * the last stored message. Each batch is stored together with its place in the log, so that even two
 * nodes that both believe they hold the lease store nothing twice.
 */
export class RecorderNode {
  readonly #services: RecorderServices;
  readonly #lease: Lease;
  readonly #end = new AbortController();
  readonly #running: Promise<void>;
  readonly #renewing: NodeJS.Timeout;
  #active: ActiveRecorder | null = null;
  #settled: (error: Error | null) => void = () => undefined;
  /** Settles when it stores or is ready to. @throws {Error} when it cannot */
  readonly started: Promise<void>;

  constructor(services: RecorderServices) {
    this.#services = services;
    this.#lease = services.leases.lease(LEASE, services.config.nodeName);
    this.started = new Promise((resolve, reject) => {
      this.#settled = (error) => (error === null ? resolve() : reject(error));
    });
    this.#running = this.#run();
    let busy = false;
    this.#renewing = setInterval(() => {
      if (busy || !this.#lease.held || !services.bus.connected) return;
      busy = true;
      void this.#lease
        .renew()
        .then((held) => {
          if (!held) this.#active?.stop();
        })
        .finally(() => (busy = false));
    }, RENEW_MS);
  }

  /** Stores what it has taken from the log and shuts down. */
  async close(): Promise<void> {
    this.#end.abort();
    clearInterval(this.#renewing);
    await this.#active?.close();
    await this.#running;
    await this.#lease.release();
  }

  async #run(): Promise<void> {
    const { bus, presence, logger, config } = this.#services;
    let said: string | null = null;
    while (!this.#end.signal.aborted) {
      try {
        if (bus.connected && (await this.#lease.take((node) => !presence.has(node)))) {
          said = null;
          await this.#store();
          continue;
        }
        const holder = (await this.#lease.holder()) ?? '?';
        if (holder !== said && holder !== config.nodeName) {
          await this.#checkSame(holder);
          said = holder;
          logger.log('RECORDER_STANDBY', {}, { active: holder });
          this.#settled(null);
        }
      } catch (error) {
        if (this.#end.signal.aborted) return;
        if (!isLeaderless(error, bus.address)) this.#settled(error as Error);
        if (error instanceof BusError) return this.#services.onFatal(error);
        logger.log('NODE_WAITS', {}, { what: (error as Error).message });
        await pause(1_000);
      }
      await pause(LOOK_MS);
    }
  }

  /** Checks that the other recorder fills the same database. @throws {BusError} otherwise */
  async #checkSame(holder: string): Promise<void> {
    const { config, bus, stream } = this.#services;
    const reader = new ReaderClient({ path: databaseOf(config) });
    try {
      const end = performance.now() + SAME_MS;
      for (;;) {
        const id = (await stream.state())?.id;
        const place = await reader.logEnd().catch(async () => {
          // It is still empty; or it cannot be queried, which this throws.
          await (await openEngine(databaseOf(config))).exists();
          return null;
        });
        if (id !== undefined && place?.id === id) return;
        if (this.#end.signal.aborted || !this.#services.presence.has(holder)) return;
        if (performance.now() > end) throw otherDatabase(config, holder, bus);
        await pause(LOOK_MS);
      }
    } finally {
      await reader.close(1_000);
    }
  }

  /** Stores the log until the lease is lost, another recorder was faster, or the node shuts down. */
  async #store(): Promise<void> {
    const active = await ActiveRecorder.open(this.#services);
    if (this.#end.signal.aborted) return active.close();
    this.#active = active;
    try {
      this.#services.logger.log('RECORDER_ACTIVE', {}, { offset: active.place.offset });
      this.#settled(null);
      await active.follow();
    } finally {
      this.#active = null;
      await active.close();
      if (!this.#end.signal.aborted) await this.#lease.release();
    }
  }
}

/** The state of the log. A new leader may not know its newest messages yet: it is asked again. */
async function stateOf(stream: LogStream, stored: number): Promise<LogState | null> {
  for (let left = MAX_LOOKS; ; left--) {
    const state = await stream.state();
    if (state === null || state.last >= stored || left === 0) return state;
    await pause(LOOK_MS);
  }
}

function otherDatabase(config: Config, holder: string, { address }: BusConnection): BusError {
  return new BusError(
    `node ${holder} stores the log of ${address.shown} in another database than ${storeName(config)}; set the same DATABASE_URL for all recorders and API nodes of one bus`,
  );
}

/** Longest wait for a query of a collector when it closes, ms. */
const HISTORY_GRACE_MS = 1_000;

/** The recorder while it stores. */
class ActiveRecorder {
  readonly store: Store;
  readonly place: LogPlace;
  readonly #services: RecorderServices;
  readonly #books: LogBooks;
  readonly #stop = new AbortController();
  readonly #archive: ArchiveKeeper | null;
  readonly #reporting: NodeJS.Timeout;
  readonly #memory: { unsubscribe(): void };
  /** Of its own: what the log needs from the store must not wait for the collectors' queries. */
  readonly #history: ReaderClient;
  #next: number;
  /** When the newest message read so far was written, Unix ms. */
  #readUntil: number;
  /** Until when everything of an exchange has been read, by its last sign of life, Unix ms. */
  readonly #aliveAt = new Map<Exchange, number>();
  #closing: Promise<void> | null = null;

  private constructor(
    services: RecorderServices,
    store: Store,
    place: LogPlace,
    lastTimestamp: number | null,
    onAlive: (at: number) => void,
  ) {
    this.#services = services;
    this.store = store;
    this.place = place;
    this.#next = place.offset + 1;
    this.#readUntil = store.previousHeartbeat ?? lastTimestamp ?? Date.now();
    const { bus, stream, logger, config } = services;
    const log = new Bus();
    if (config.channels.includes('orderbook')) log.books.on((event) => store.putBook(event));
    log.trades.on((trade) => store.putTrade(trade));
    log.tradeSpans.on((span) => store.putTradeSpan(span));
    log.gaps.on((gap) => store.putGap(gap));
    log.coverage.on((record) => store.putCoverage(record));
    log.logs.on((record) => store.putLog(record));
    this.#books = new LogBooks({
      bus: log,
      base: place.base,
      from: place.offset,
      unread: place.unread,
      lastTimestamp,
      fetch: (seq) => stream.at(seq),
      stored: async (market, seq) => {
        await store.whenStored(seq).catch(() => undefined);
        return store.reader.newestBook(market);
      },
      newestAt: async (market) => (await store.reader.newestBook(market))?.timestamp ?? null,
      onRecording: (market, recording, at) => store.setRecording(market, recording, at),
      onRedate: (redate) => store.redate(redate),
      onLost: (gap) => log.gaps.publish(gap),
      onFillLost: (market, span) => reportLostFill(bus, market, span),
      onAlive: (exchange, at) => {
        this.#aliveAt.set(exchange, at);
        onAlive(at);
      },
      onUnreadable: ({ subject, seq }, reason) => bus.unreadable.publish({ subject, seq, reason }),
    });
    this.#books.resume(store.openGaps);
    logStore(store, logger);
    store.onLogMoved(() => this.stop());
    store.onCommitted((receivedAt) => this.#onCommitted(receivedAt));
    // Callers wait no longer than that, and ask again.
    const stored = together(() => caughtUp(stream, store, AbortSignal.timeout(ANSWER_MS)));
    this.#history = new ReaderClient(storePlace(config));
    this.#memory = serveMemory(bus, store, this.#history, stored);
    this.#archive = config.archivePath === '' ? null : keepArchive(config, store, logger);
    this.#reporting = setInterval(() => this.#report(), REPORT_MS);
  }

  /**
   * Opens the store; creates the log if there is none.
   * @throws {BusError} when they do not belong together
   */
  static async open(services: RecorderServices): Promise<ActiveRecorder> {
    const { config, stream } = services;
    let aliveAt = 0;
    const store = await openStore({
      ...storeSettings(config),
      maxQueuedBytes: MAX_QUEUED_BYTES,
      shared: true,
      // It vouches for what the log has, not for what collectors are receiving.
      now: () => (aliveAt === 0 ? Date.now() : aliveAt),
    });
    // Nor for the time until it has read further: killed before, it would leave what it never read as
    // known.
    aliveAt = store.previousHeartbeat ?? 0;
    try {
      const state = await stateOf(stream, store.log?.offset ?? 0);
      const id = state?.id ?? randomBytes(6).readUIntBE(0, 6);
      if (state !== null && store.log !== null && store.log.id !== state.id) {
        throw new BusError(
          `${storeName(config)} was filled from another log than the one at ${config.busUrl!.shown}: a second cluster records into it, or the stream was deleted and created again. Give each cluster its own database; after a loss of the stream, remove the stream ${LOG_STREAM} and start a recorder, which creates it with numbers above the stored ones`,
        );
      }
      if (state !== null && store.log !== null && state.last < store.log.offset) {
        throw new BusError(
          `the log at ${config.busUrl!.shown} ends at message ${state.last}, but ${store.log.offset} of it are stored: NATS has lost its end, and new messages would get numbers that are taken. Remove the stream ${LOG_STREAM} and start a recorder, which creates it with numbers above the stored ones`,
        );
      }
      const place = await store.fillFromLog(id);
      if (state === null) await stream.make(id, config.busBytes || -1, services.replicas);
      return new ActiveRecorder(services, store, place, store.lastTimestamp, (at) => {
        aliveAt = Math.max(aliveAt, at);
      });
    } catch (error) {
      await store.abandon();
      throw error;
    }
  }

  /** Reads and stores until it is stopped. */
  async follow(): Promise<void> {
    const { stream, logger } = this.#services;
    void this.#narrow();
    try {
      await stream.follow(
        this.#next,
        (entry) => this.#take(entry),
        this.#stop.signal,
        (reason) => logger.log('BUS_TROUBLE', {}, { reason }),
      );
    } catch (error) {
      if (!(error instanceof StopFollowing)) throw error;
    }
  }

  /** Stops following; what has not been stored is discarded. */
  stop(): void {
    this.#closing ??= this.#shut(() => this.store.abandon());
  }

  /** Stores what was read and closes. */
  close(): Promise<void> {
    this.#closing ??= this.#shut(() => this.store.close(STORE_GRACE_MS).catch(() => undefined));
    return this.#closing;
  }

  async #shut(closeStore: () => Promise<void>): Promise<void> {
    this.#stop.abort();
    clearInterval(this.#reporting);
    this.#memory.unsubscribe();
    this.#archive?.close();
    await Promise.all([closeStore(), this.#history.close(HISTORY_GRACE_MS)]);
  }

  #take(entry: LogEntry): Promise<void> | void {
    if (entry.seq > this.#next) return this.#pass(entry);
    return this.#admit(entry);
  }

  /** Takes a message that follows messages deleted from the log. */
  async #pass(entry: LogEntry): Promise<void> {
    const { store } = this;
    const { bus } = this.#services;
    await store.whenStored(this.#next - 1);
    const since = this.#readUntil;
    this.#books.doubt(await openGaps(store.reader), since);
    await reportLostTrades(bus, store, (of) => this.#aliveAt.get(of) ?? since, entry.at);
    this.#services.logger.log('LOG_HOLE', {}, { messages: entry.seq - this.#next });
    store.logUnread(entry.seq - 1);
    this.#next = entry.seq;
    return this.#admit(entry);
  }

  #admit(entry: LogEntry): Promise<void> | void {
    const room = this.store.whenRoom();
    if (room !== undefined) return room.then(() => this.#put(entry));
    return this.#put(entry);
  }

  #put(entry: LogEntry): Promise<void> | void {
    if (this.#stop.signal.aborted) throw new StopFollowing();
    const reading = this.#books.take(entry);
    if (reading !== undefined) return reading.then(() => this.#done(entry));
    this.#done(entry);
  }

  #done({ seq, at }: LogEntry): void {
    this.#next = seq + 1;
    this.#readUntil = at;
    this.store.logAt(seq);
  }

  /** Reduces the log to the size it may have, once everything in it is stored. */
  async #narrow(): Promise<void> {
    const { stream, config } = this.#services;
    try {
      await caughtUp(stream, this.store, this.#stop.signal);
      await stream.narrow(config.busBytes || -1);
    } catch {
      // It is stopping, or the bus is down: the recorder that stores next does it.
    }
  }

  #onCommitted(receivedAt: readonly number[]): void {
    const { bus } = this.#services;
    if (!bus.connected) return;
    const { settled } = this.store.sequenceState();
    const notice: CommitNotice = { offset: settled - this.place.base, receivedAt };
    bus.nc.publish(COMMIT_SUBJECT, encodeMessage(notice));
  }

  #report(): void {
    const { bus, config } = this.#services;
    if (!bus.connected) return;
    const report: StoreReport = { node: config.nodeName, stats: this.store.stats() };
    bus.nc.publish(STORE_SUBJECT, encodeMessage(report));
  }
}
