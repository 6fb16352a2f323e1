import { setTimeout as pause } from 'node:timers/promises';
import type { Subscription } from '@nats-io/transport-node';
import { Bus } from '../bus.js';
import type { StandstillWatch } from '../collector/clock/standstill-watch.js';
import { adapters } from '../collector/exchanges/registry.js';
import type { SilenceBounds } from '../collector/market/silence-threshold.js';
import { Supervisor } from '../collector/supervisor.js';
import type { Logger } from '../logging/logger.js';
import type { CollectPattern } from '../market/collect-pattern.js';
import type { Exchange } from '../market/exchange.js';
import type { Wishes } from '../market/managed-lists.js';
import type { Market } from '../market/market.js';
import type { BusConnection } from '../nats/connection.js';
import { ExchangePublisher } from '../nats/exchange-publisher.js';
import { HeardFills } from '../nats/heard-fills.js';
import type { LogStream } from '../nats/log-stream.js';
import type { LogWriter } from '../nats/log-writer.js';
import { readAlive } from '../nats/term.js';
import { encodeMessage } from '../nats/messages.js';
import { answerCalls } from '../nats/remote.js';
import type { Config } from '../settings/config.js';
import { controlErrorDetails } from './control-errors.js';
import { hearLostTrades, reportUnwritten } from './lost-trades.js';
import { askOpenGaps, RemoteMemory } from './remote-memory.js';
import {
  controlSubject,
  reportOf,
  reportSubject,
  statusSubject,
  WISHES_SUBJECT,
} from './report.js';

/** What the shards of a collector node share. */
export interface ShardServices {
  readonly config: Config;
  readonly bus: BusConnection;
  readonly stream: LogStream;
  readonly writer: LogWriter;
  readonly logger: Logger;
  readonly watch: StandstillWatch;
  readonly rhythm?: SilenceBounds | undefined;
  /** Another node writes what this one believes it writes. */
  readonly onMoved: (exchange: Exchange) => void;
}

/**
 * A standby is ready once it has kept books for this time, ms: longer than the interval between signs of
 * life, so that what it has begins before the last one of a killed primary.
 */
const KEPT_MS = 2_500;
/** How long a takeover waits for what a recorder knows of gaps, and the wait until it is asked again, ms. */
const GAPS_MS = 1_500;
const AGAIN_MS = 1_000;
/** How long a primary that leaves cleanly waits for what is under way, ms. */
const DRAIN_MS = 1_500;

/** One exchange on a collector node: collectors with a bus, and the publisher that writes to the log. */
export class Shard {
  readonly exchange: Exchange;
  readonly #services: ShardServices;
  readonly #supervisor: Supervisor;
  readonly #publisher: ExchangePublisher;
  readonly #memory: RemoteMemory;
  readonly #bus: Bus;
  readonly #wishes: Subscription;
  readonly #losses: Subscription;
  readonly #unfollow: () => void;
  #control: Subscription | null = null;
  /** Since when no market waits for its first book, monotonic ms. */
  #completeSince = Infinity;
  /** Whether starting its collectors has been attempted. */
  #tried = false;

  private constructor(
    exchange: Exchange,
    services: ShardServices,
    supervisor: Supervisor,
    publisher: ExchangePublisher,
    bus: Bus,
    memory: RemoteMemory,
  ) {
    this.#memory = memory;
    this.#bus = bus;
    this.exchange = exchange;
    this.#services = services;
    this.#publisher = publisher;
    this.#supervisor = supervisor;
    const { nc } = services.bus;
    this.#unfollow = bus.status.on((status) => {
      if (!publisher.primary || !services.bus.connected) return;
      nc.publish(statusSubject(exchange), encodeMessage(status));
    });
    this.#losses = hearLostTrades(
      services.bus,
      exchange,
      () => this.#supervisor.collectors(exchange).map(({ market }) => market),
      bus,
      (end) => publisher.refillAfter(end),
    );
    this.#wishes = nc.subscribe(`${WISHES_SUBJECT}.*`, {
      callback: (error, message) => {
        const own = message.subject === `${WISHES_SUBJECT}.${exchange}`;
        if (error === null && !(own && this.#publisher.primary)) this.#reload();
      },
    });
  }

  /** Begins to follow an exchange as standby. @throws {NoAnswerError} when no recorder answers */
  static async open(exchange: Exchange, services: ShardServices): Promise<Shard> {
    const { config, stream, writer, logger, watch } = services;
    const bus = new Bus();
    const publisher: ExchangePublisher = new ExchangePublisher({
      exchange,
      node: config.nodeName,
      bus,
      stream,
      writer,
      snapshotEveryMs: config.snapshotEveryMs,
      books: config.channels.includes('orderbook'),
      fills: new HeardFills(services.bus, exchange, () => !publisher.primary),
      // A sign of life that is due after a standstill must not vouch for that time.
      now: () => watch.look(),
      onFull: (full, leftOut) => {
        if (full) logger.log('BUS_FULL', { exchange }, undefined);
        else logger.log('BUS_DRAINED', { exchange }, leftOut);
      },
      onMoved: () => services.onMoved(exchange),
    });
    let shard: Shard | null = null;
    try {
      const alive = await readAlive(stream, exchange);
      const memory = await RemoteMemory.open({
        bus: services.bus,
        exchange,
        aliveAt: alive?.t ?? null,
        closed: alive?.closed ?? false,
        writes: () => publisher.primary,
        written: (market) => publisher.written(market),
        setRecording: (market, recording) => publisher.setRecording(market, recording),
        redate: (redate) => {
          const data = encodeMessage(redate);
          writer.write({ subject: `redate.${exchange}`, data }, () => undefined);
        },
      });
      const supervisor = new Supervisor({
        config,
        adapters: adapters(config.bithumbTransport),
        store: memory,
        bus,
        logger,
        watch,
        rhythm: services.rhythm,
        exchanges: [exchange],
      });
      const made = new Shard(exchange, services, supervisor, publisher, bus, memory);
      shard = made;
      await made.#supervisor.load();
      void made.#supervisor.run().then(() => (made.#tried = true));
      return made;
    } catch (error) {
      await (shard ?? publisher).close();
      throw error;
    }
  }

  /** Whether it could take over without a hole: no market has waited for its first book for some time. */
  get ready(): boolean {
    // Checked several times a second, and of no use for the node that writes.
    if (this.primary) return true;
    const statuses = this.#supervisor.collectors(this.exchange);
    const complete =
      this.#tried &&
      this.#supervisor.listTroubles().length === 0 &&
      statuses.every(({ state }) => state !== 'STARTING' && state !== 'RECONNECTING');
    if (!complete) this.#completeSince = Infinity;
    else if (this.#completeSince === Infinity) this.#completeSince = performance.now();
    return performance.now() - this.#completeSince >= KEPT_MS;
  }

  /** See {@link ExchangePublisher.goOn}. */
  goOn(): Promise<void> {
    return this.#publisher.goOn();
  }

  /** Whether it writes. */
  get primary(): boolean {
    return this.#publisher.primary;
  }

  /** Becomes the primary. @throws {Error} while the log or the recorder cannot be queried */
  async promote(): Promise<void> {
    const { bus } = this.#services;
    // Without a recorder nothing is known of them yet, and recording must go on.
    const openGaps = await askOpenGaps(bus, this.exchange, 0, GAPS_MS).catch(() => null);
    if (this.primary) return;
    const { aliveAt, own } = await this.#publisher.promote(openGaps ?? []);
    if (openGaps === null) void this.#endGapsLater();
    // As standby it stated nothing about the trades, and its predecessor may have left other spans unchecked.
    this.#bus.tradeDoubts.publish({ since: aliveAt ?? 0, own });
    this.#control = answerCalls(
      bus,
      controlSubject(this.exchange),
      this.#calls(),
      undefined,
      controlErrorDetails,
    );
    void this.#memory.handOnListing();
    this.#reload();
    this.report();
  }

  /** Ends the gaps that the previous node left, once a recorder says which. */
  async #endGapsLater(): Promise<void> {
    const { term } = this.#publisher;
    while (this.primary && this.#publisher.term === term) {
      const openGaps = await askOpenGaps(this.#services.bus, this.exchange, 0).catch(() => null);
      if (openGaps === null) await pause(AGAIN_MS);
      else if (this.primary && this.#publisher.term === term)
        return this.#publisher.endGaps(openGaps);
    }
  }

  /** Stops writing, but goes on following. */
  demote(): void {
    this.#control?.unsubscribe();
    this.#control = null;
    // As primary it has kept books too.
    if (this.primary) this.#completeSince = -Infinity;
    for (const trades of this.#publisher.demote()) reportUnwritten(this.#services.bus, trades);
  }

  /** Reports the state of its collectors, if it is the primary. */
  report(): void {
    const { bus, config } = this.#services;
    if (!this.primary || !bus.connected) return;
    const report = reportOf(this.#supervisor, this.exchange, config.nodeName, this.#publisher);
    bus.nc.publish(reportSubject(this.exchange), encodeMessage(report));
  }

  /** Hands over cleanly: everything received is in the log afterwards, as far as time allows. */
  async yield(closed: boolean): Promise<void> {
    if (!this.primary) return;
    // Another node has counted the current minute itself.
    if (closed) this.#supervisor.flushCoverage();
    await this.#publisher.drain(DRAIN_MS);
    await this.#publisher.farewell(closed);
    this.demote();
  }

  /** Closes it. As primary only after {@link yield}. */
  async close(): Promise<void> {
    this.#unfollow();
    this.#wishes.unsubscribe();
    this.#losses.unsubscribe();
    this.demote();
    this.#publisher.close();
    await this.#supervisor.close();
  }

  #reload(): void {
    // A recorder that is down now is asked by the next mutation; what runs goes on.
    this.#supervisor.reload().catch(() => undefined);
  }

  #calls() {
    const control = this.#supervisor;
    const { bus } = this.#services;
    /** Performs a mutation, then tells the other nodes that wishes have changed. */
    const done = async <T>(mutation: Promise<T>): Promise<T> => {
      const result = await mutation;
      bus.nc.publish(`${WISHES_SUBJECT}.${this.exchange}`);
      this.report();
      return result;
    };
    return {
      start: (market: Market) => done(control.start(market)),
      stop: (market: Market) => done(control.stop(market)),
      startMatching: (pattern: CollectPattern) => done(control.startMatching(pattern)),
      stopMatching: (pattern: CollectPattern) => done(control.stopMatching(pattern)),
      startExchange: (exchange: Exchange) => done(control.startExchange(exchange)),
      stopExchange: (exchange: Exchange) => done(control.stopExchange(exchange)),
      reset: (market: Market) => done(control.reset(market)),
      resetExchange: (exchange: Exchange) => done(control.resetExchange(exchange)),
      restore: (wishes: Wishes) => done(control.restore(wishes)),
    };
  }
}
