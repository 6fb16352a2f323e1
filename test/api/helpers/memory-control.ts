import { type ExchangeTally, NO_TALLY } from '../../../src/market/exchange-tally.js';
import type { OddityTally } from '../../../src/market/oddity.js';
import {
  type CollectorControl,
  ExchangeUnavailableError,
  type ListTrouble,
  NoMatchingMarketError,
  UnknownMarketError,
} from '../../../src/market/collector-control.js';
import { type CollectPattern, matchesPattern } from '../../../src/market/collect-pattern.js';
import type { CollectorState, CollectorStatus } from '../../../src/market/collector-status.js';
import type { Completeness } from '../../../src/market/completeness.js';
import type { Exchange } from '../../../src/market/exchange.js';
import type { Wishes } from '../../../src/market/managed-lists.js';
import { type Market, marketKey } from '../../../src/market/market.js';

/** A collector's status with plain values, changed by `more`. */
export function statusOf(market: Market, more: Partial<CollectorStatus> = {}): CollectorStatus {
  return {
    market,
    state: 'LIVE',
    startedAt: 1_000,
    lastBookAt: 2_000,
    books: 10,
    repeats: 4,
    reconnects: 1,
    parseFailures: 0,
    lateBooks: 0,
    doubtedTimes: 0,
    audits: 0,
    auditDifferences: 0,
    auditAgreedAt: null,
    error: null,
    ...more,
  };
}

/** Collectors without sockets. `NOPE` is listed nowhere, and GOPAX cannot be reached. */
export class MemoryControl implements CollectorControl {
  /** Unreadable messages that named no market. */
  readonly unreadable: Partial<Record<Exchange, number>> = {};
  readonly statuses = new Map<string, CollectorStatus>();

  /** Adds a collector. */
  put(status: CollectorStatus): void {
    this.statuses.set(marketKey(status.market), status);
  }

  collectors(exchange?: Exchange): CollectorStatus[] {
    return [...this.statuses.values()].filter(
      ({ market }) => exchange === undefined || market.exchange === exchange,
    );
  }

  collector(market: Market): CollectorStatus | undefined {
    return this.statuses.get(marketKey(market));
  }

  readonly met: OddityTally[] = [];

  tally(exchange: Exchange): ExchangeTally {
    return {
      ...NO_TALLY,
      unreadableMessages: this.unreadable[exchange] ?? 0,
      silence: { asked: 4, quiet: 3, lost: 1, falseAlarms: 0 },
      oddities: this.met,
    };
  }

  listTroubles(): ListTrouble[] {
    return [];
  }
  stoppedByUser(): Partial<Record<Exchange, number>> {
    return {};
  }
  wish({ exchange }: Market): boolean | null {
    return this.kept.disabled.includes(exchange) ? false : null;
  }
  async wishes(): Promise<Wishes> {
    return this.kept;
  }
  async reset(market: Market): Promise<CollectorStatus> {
    if (market.symbol === 'NOPE') throw new UnknownMarketError(market, ['NOPI-KRW']);
    return this.#set(market, 'STARTING');
  }
  async resetExchange(exchange: Exchange): Promise<CollectorStatus[]> {
    return this.collectors(exchange).map(({ market }) => this.#set(market, 'STARTING'));
  }
  async restore(wishes: Wishes): Promise<CollectorStatus[]> {
    this.kept = wishes;
    return this.collectors();
  }

  readonly timekeeping = { standstills: 2, stoodStillMs: 5_500, clockSteps: 1, aheadMs: null };

  /** What mutations left behind. */
  kept: Wishes = { disabled: [], patterns: [], markets: [] };

  completeness(exchange: Exchange): Completeness {
    return exchange === 'GOPAX' ? 'DELTA' : 'SNAPSHOT';
  }

  async start(market: Market): Promise<CollectorStatus> {
    if (market.symbol === 'NOPE') throw new UnknownMarketError(market, ['NOPI-KRW']);
    if (market.exchange === 'GOPAX') throw new ExchangeUnavailableError('GOPAX', 'timed out');
    if (market.symbol === 'BUG') throw new Error('secret detail of a bug');
    return this.#set(market, 'STARTING');
  }

  async stop(market: Market): Promise<CollectorStatus> {
    return this.#set(market, 'STOPPED');
  }

  async startMatching(pattern: CollectPattern): Promise<CollectorStatus[]> {
    return this.#matching(pattern).map((market) => this.#set(market, 'STARTING'));
  }

  async stopMatching(pattern: CollectPattern): Promise<CollectorStatus[]> {
    return this.#matching(pattern).map((market) => this.#set(market, 'STOPPED'));
  }

  async startExchange(exchange: Exchange): Promise<CollectorStatus[]> {
    return [await this.start({ exchange, symbol: 'BTC', currency: 'KRW' })];
  }

  async stopExchange(exchange: Exchange): Promise<CollectorStatus[]> {
    return this.collectors(exchange).map(({ market }) => this.#set(market, 'STOPPED'));
  }

  #matching(pattern: CollectPattern): Market[] {
    const markets = this.collectors().map(({ market }) => market);
    const matching = markets.filter((market) => matchesPattern(pattern, market));
    if (matching.length === 0) throw new NoMatchingMarketError(pattern);
    return matching;
  }

  #set(market: Market, state: CollectorState): CollectorStatus {
    const status = statusOf(market, { state });
    this.put(status);
    return status;
  }
}
