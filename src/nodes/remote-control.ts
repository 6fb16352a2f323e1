import type { Subscription } from '@nats-io/transport-node';
import type { Bus } from '../bus.js';
import { adapters } from '../collector/exchanges/registry.js';
import { DesiredMarkets } from '../collector/desired-markets.js';
import { readWishes } from '../collector/wishes.js';
import { type CollectPattern, somePatternsText } from '../market/collect-pattern.js';
import {
  type CollectorControl,
  ExchangeUnavailableError,
  type ListTrouble,
  NoMatchingMarketError,
  type Timekeeping,
} from '../market/collector-control.js';
import type { ManagedLists } from '../market/collector-memory.js';
import type { CollectorStatus } from '../market/collector-status.js';
import type { Completeness } from '../market/completeness.js';
import { type Exchange, EXCHANGES } from '../market/exchange.js';
import { type ExchangeTally, NO_TALLY } from '../market/exchange-tally.js';
import type { Wishes } from '../market/managed-lists.js';
import { type Market, marketKey } from '../market/market.js';
import type { BusConnection } from '../nats/connection.js';
import { hear } from '../nats/hear.js';
import { call, NoAnswerError } from '../nats/remote.js';
import type { Config } from '../settings/config.js';
import { remakeControlError } from './control-errors.js';
import {
  controlSubject,
  type ExchangeReport,
  reportSubject,
  statusSubject,
  WISHES_SUBJECT,
} from './report.js';

/** A node that has reported nothing about an exchange for this long does not count as collecting it, ms. */
const SILENT_MS = 3_500;
/** Longest wait for a mutation, which may have to fetch a market list, ms. */
const MUTATION_MS = 30_000;
/** While no node holds an exchange, a mutation waits this long, ms: another node may be taking over. */
const PATIENCE_MS = 6_000;
const AGAIN_MS = 300;
const UNREPORTED = 'no collector node has reported about it';

/** An exchange in `COLLECT` that no node reports is shown as a trouble after this time, ms: nodes may be starting. */
const UNREPORTED_MS = 60_000;

/** The last report of the node that collects an exchange. */
interface Known {
  report: ExchangeReport;
  heardAt: number;
  readonly statuses: Map<string, CollectorStatus>;
}

/** The collectors of all exchanges, on whichever node each runs: known by their reports, controlled by calls. */
export class RemoteControl implements CollectorControl {
  readonly #bus: BusConnection;
  readonly #config: Pick<Config, 'collect'>;
  readonly #reader: ManagedLists;
  readonly #subscriptions: Subscription[];
  readonly #known = new Map<Exchange, Known>();
  readonly #completeness: Readonly<Record<Exchange, { readonly completeness: Completeness }>>;
  readonly #unreportedMs: number;
  readonly #since = performance.now();
  #desired = new Map<Exchange, { enabled: boolean; desired: DesiredMarkets }>();

  /** @param local takes every change of a status */
  constructor(
    bus: BusConnection,
    config: Pick<Config, 'collect' | 'bithumbTransport'>,
    reader: ManagedLists,
    local: Bus,
    unreportedMs = UNREPORTED_MS,
  ) {
    this.#unreportedMs = unreportedMs;
    this.#bus = bus;
    this.#config = config;
    this.#reader = reader;
    this.#completeness = adapters(config.bithumbTransport);
    this.#subscriptions = [
      ...EXCHANGES.map((exchange) =>
        hear<ExchangeReport>(bus, reportSubject(exchange), (report) => this.#heard(report)),
      ),
      ...EXCHANGES.map((exchange) =>
        hear<CollectorStatus>(bus, statusSubject(exchange), (status) => {
          this.#known.get(exchange)?.statuses.set(marketKey(status.market), status);
          if (status.state === 'STOPPED' || status.state === 'FAILED') local.forget(status.market);
          local.status.publish(status);
        }),
      ),
      bus.nc.subscribe(`${WISHES_SUBJECT}.*`, { callback: () => void this.refreshWishes() }),
    ];
  }

  /** Reads the wishes of mutations again. */
  async refreshWishes(): Promise<void> {
    const wishes = await this.wishes().catch(() => null);
    if (wishes === null) return;
    this.#desired = new Map(
      EXCHANGES.map((exchange) => {
        const desired = new DesiredMarkets(exchange, this.#config.collect);
        for (const { pattern, wanted } of wishes.patterns) desired.setPattern(pattern, wanted);
        for (const { market, wanted } of wishes.markets)
          if (market.exchange === exchange) desired.setMarket(market, wanted);
        return [exchange, { enabled: !wishes.disabled.includes(exchange), desired }];
      }),
    );
  }

  /** Stops listening. */
  close(): void {
    for (const subscription of this.#subscriptions) subscription.unsubscribe();
  }

  /** Books of all exchanges that the bus did not accept in time. */
  get droppedBooks(): number {
    return [...this.#known.values()].reduce((sum, { report }) => sum + report.droppedBooks, 0);
  }

  collectors(exchange?: Exchange): CollectorStatus[] {
    const exchanges = exchange === undefined ? EXCHANGES : [exchange];
    return exchanges.flatMap((e) => {
      const known = this.#known.get(e);
      return known === undefined
        ? []
        : [...known.statuses.values()].map((s) => this.#now(s, known));
    });
  }

  collector(market: Market): CollectorStatus | undefined {
    const known = this.#known.get(market.exchange);
    const status = known?.statuses.get(marketKey(market));
    return status === undefined ? undefined : this.#now(status, known!);
  }

  tally(exchange: Exchange): ExchangeTally {
    return this.#known.get(exchange)?.report.tally ?? NO_TALLY;
  }

  /**
   * Those that nodes report, and exchanges that no node reports: nothing else would show that these are not
   * collected.
   */
  listTroubles(): ListTrouble[] {
    const waited = performance.now() - this.#since >= this.#unreportedMs;
    return EXCHANGES.flatMap((exchange) => {
      const report = this.#known.get(exchange)?.report;
      if (report !== undefined) return report.listTroubles;
      const patterns = this.#config.collect.filter((p) => (p.exchange ?? exchange) === exchange);
      const disabled = this.#desired.get(exchange)?.enabled === false;
      if (!waited || disabled || patterns.length === 0) return [];
      return [{ exchange, patterns: somePatternsText(patterns), reason: UNREPORTED }];
    });
  }

  stoppedByUser(): Partial<Record<Exchange, number>> {
    const counts: Partial<Record<Exchange, number>> = {};
    for (const [exchange, { report }] of this.#known)
      if (report.stoppedByUser > 0) counts[exchange] = report.stoppedByUser;
    return counts;
  }

  wish({ exchange, symbol, currency }: Market): boolean | null {
    const known = this.#desired.get(exchange);
    if (known === undefined) return null;
    return known.enabled ? known.desired.wish({ symbol, currency }) : false;
  }

  wishes(): Promise<Wishes> {
    return readWishes(this.#reader);
  }

  completeness(exchange: Exchange): Completeness {
    return (
      this.#known.get(exchange)?.report.completeness ?? this.#completeness[exchange].completeness
    );
  }

  get timekeeping(): Timekeeping {
    const nodes = new Map([...this.#known.values()].map(({ report }) => [report.node, report]));
    const all = [...nodes.values()].map(({ timekeeping }) => timekeeping);
    const sum = (of: (t: Timekeeping) => number): number => all.reduce((s, t) => s + of(t), 0);
    const ahead = all.flatMap(({ aheadMs }) => aheadMs ?? []);
    return {
      standstills: sum((t) => t.standstills),
      stoodStillMs: sum((t) => t.stoodStillMs),
      clockSteps: sum((t) => t.clockSteps),
      aheadMs: ahead.length === 0 ? null : Math.max(...ahead),
    };
  }

  start(market: Market): Promise<CollectorStatus> {
    return this.#ask(market.exchange, 'start', market);
  }

  stop(market: Market): Promise<CollectorStatus> {
    return this.#ask(market.exchange, 'stop', market);
  }

  startMatching(pattern: CollectPattern): Promise<CollectorStatus[]> {
    return this.#matching('startMatching', pattern);
  }

  stopMatching(pattern: CollectPattern): Promise<CollectorStatus[]> {
    return this.#matching('stopMatching', pattern);
  }

  startExchange(exchange: Exchange): Promise<CollectorStatus[]> {
    return this.#ask(exchange, 'startExchange', exchange);
  }

  stopExchange(exchange: Exchange): Promise<CollectorStatus[]> {
    return this.#ask(exchange, 'stopExchange', exchange);
  }

  reset(market: Market): Promise<CollectorStatus> {
    return this.#ask(market.exchange, 'reset', market);
  }

  resetExchange(exchange: Exchange): Promise<CollectorStatus[]> {
    return this.#ask(exchange, 'resetExchange', exchange);
  }

  async restore(wishes: Wishes): Promise<CollectorStatus[]> {
    // One after the other, since each puts the same wishes into the database.
    const all: CollectorStatus[] = [];
    for (const exchange of EXCHANGES) {
      all.push(...(await this.#ask<CollectorStatus[]>(exchange, 'restore', wishes)));
    }
    return all;
  }

  /** One after the other, since each leaves the same mark in the database. */
  async #matching(name: string, pattern: CollectPattern): Promise<CollectorStatus[]> {
    const changed: CollectorStatus[] = [];
    let unmatched: Error | null = null;
    let matched = false;
    for (const exchange of EXCHANGES.filter((e) => (pattern.exchange ?? e) === e)) {
      try {
        changed.push(...(await this.#ask<CollectorStatus[]>(exchange, name, pattern)));
        matched = true;
      } catch (error) {
        if (!(error instanceof NoMatchingMarketError)) throw error;
        unmatched = error;
      }
    }
    if (!matched && unmatched !== null) throw unmatched;
    return changed;
  }

  /** Calls the node that holds an exchange. */
  async #ask<T>(exchange: Exchange, name: string, argument: unknown): Promise<T> {
    const pattern = name.endsWith('Matching') ? (argument as CollectPattern) : null;
    const end = performance.now() + PATIENCE_MS;
    for (;;) {
      try {
        const subject = controlSubject(exchange);
        const remake = remakeControlError(exchange, pattern);
        const result = await call<T>(this.#bus, subject, name, [argument], MUTATION_MS, remake);
        await this.refreshWishes();
        return this.#named(result, exchange);
      } catch (error) {
        if (!(error instanceof NoAnswerError)) throw error;
        if (performance.now() > end)
          throw new ExchangeUnavailableError(exchange, 'no collector node holds it');
        await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
      }
    }
  }

  /** The statuses in an answer, with the node that holds them. */
  #named<T>(result: T, exchange: Exchange): T {
    const node = this.#known.get(exchange)?.report.node;
    if (node === undefined) return result;
    const named = (status: CollectorStatus): CollectorStatus => ({ ...status, node });
    return (
      Array.isArray(result)
        ? (result as CollectorStatus[]).map(named)
        : named(result as CollectorStatus)
    ) as T;
  }

  #heard(report: ExchangeReport): void {
    const statuses = new Map(report.statuses.map((s) => [marketKey(s.market), s]));
    this.#known.set(report.exchange, { report, heardAt: performance.now(), statuses });
  }

  /** A status as it counts now. */
  #now(status: CollectorStatus, { report, heardAt }: Known): CollectorStatus {
    const { node } = report;
    const silent = performance.now() - heardAt > SILENT_MS;
    if (!silent || status.state === 'STOPPED' || status.state === 'FAILED')
      return { ...status, node };
    const error = `nothing is heard of node ${node}, and no other has taken over`;
    return { ...status, node, state: 'RECONNECTING', error };
  }
}
