import type { CollectorStatus } from './collector-status.js';
import { COLLECT_GRAMMAR, type CollectPattern, collectPatternText } from './collect-pattern.js';
import type { Completeness } from './completeness.js';
import type { Exchange } from './exchange.js';
import type { Market } from './market.js';
import type { ExchangeTally } from './exchange-tally.js';
import type { Wishes } from './managed-lists.js';

/** Thrown when starting a market that the exchange does not list. */
export class UnknownMarketError extends Error {
  /** @param closeMatches listed pairs of that exchange that resemble the requested one, nearest first. */
  constructor(
    readonly market: Market,
    readonly closeMatches: readonly string[],
  ) {
    super(
      `${market.exchange} does not list ${market.symbol}-${market.currency}` +
        (closeMatches.length === 0 ? '' : `; did you mean ${closeMatches.join(', ')}?`),
    );
    this.name = 'UnknownMarketError';
  }
}

/** Thrown when a market cannot be validated because the exchange's market list is unavailable. */
export class ExchangeUnavailableError extends Error {
  constructor(
    readonly exchange: Exchange,
    why: string,
  ) {
    super(`${exchange} cannot be reached: ${why}`);
    this.name = 'ExchangeUnavailableError';
  }
}

/** Thrown when a pattern matches no market listed by any of its exchanges. */
export class NoMatchingMarketError extends Error {
  constructor(pattern: CollectPattern) {
    const text = collectPatternText(pattern);
    super(`no listed market matches ${text}; a pattern is ${COLLECT_GRAMMAR}`);
    this.name = 'NoMatchingMarketError';
  }
}

/** Thrown when the text to restore is not a restore point. */
export class RestorePointError extends Error {
  constructor() {
    super('must be a text returned by restorePoint');
    this.name = 'RestorePointError';
  }
}

/** Patterns of `COLLECT` that match nothing on an exchange because its market list cannot be fetched. */
export interface ListTrouble {
  readonly exchange: Exchange;
  /** The first of them, as written. */
  readonly patterns: string;
  /** Why there is no list, in words. */
  readonly reason: string;
}

/** Standstills and clock steps since the program started. */
export interface Timekeeping {
  /** How often it stood still for two seconds or more: paused, suspended or blocked. */
  readonly standstills: number;
  /** Total time of those, ms. */
  readonly stoodStillMs: number;
  /** How often the system clock was adjusted by more than a second. */
  readonly clockSteps: number;
  /** How far the system clock is ahead of the exchanges' own times, ms; null when unknown. */
  readonly aheadMs: number | null;
}

/** What the API may do with collectors; implemented by the supervisor. */
export interface CollectorControl {
  /** All collectors known since the process started, by exchange, symbol, currency. */
  collectors(exchange?: Exchange): CollectorStatus[];
  /** The collector of one market; undefined if it had none since the process started. */
  collector(market: Market): CollectorStatus | undefined;
  /** What an exchange has sent and done since the process started. */
  tally(exchange: Exchange): ExchangeTally;
  /** Standstills of the program and steps of its clock. */
  readonly timekeeping: Timekeeping;
  /** Where `COLLECT` matches nothing because a market list cannot be fetched. */
  listTroubles(): ListTrouble[];
  /** Number of markets stopped by a user although `COLLECT` wants them; exchanges without any are left out. */
  stoppedByUser(): Partial<Record<Exchange, number>>;
  /** What mutations requested: true = start the market, false = stop it or its exchange; null: nothing. */
  wish(market: Market): boolean | null;
  /** All standing wishes of mutations. */
  wishes(): Promise<Wishes>;
  /** What guarantees that an exchange's books are complete, given the transport in use. */
  completeness(exchange: Exchange): Completeness;
  /**
   * Starts a market's collector after checking it against the exchange's list, and remembers the
   * wish. No effect if it is running. A disabled exchange is enabled, so that its other wanted
   * markets start too, as they would after a restart.
   * @throws {UnknownMarketError} @throws {ExchangeUnavailableError}
   */
  start(market: Market): Promise<CollectorStatus>;
  /** Stops a market's collector and remembers the wish. No effect if it is stopped. */
  stop(market: Market): Promise<CollectorStatus>;
  /**
   * Starts all matching listed markets, now and when listed later, and remembers the wish, which
   * outranks earlier ones about them. A pattern that names its exchange enables it; `*` leaves
   * disabled exchanges alone.
   * @returns the collectors of all matching markets
   * @throws {NoMatchingMarketError} @throws {ExchangeUnavailableError}
   */
  startMatching(pattern: CollectPattern): Promise<CollectorStatus[]>;
  /** Stops all matching markets, keeps those listed later stopped, and remembers the wish. */
  stopMatching(pattern: CollectPattern): Promise<CollectorStatus[]>;
  /** Enables an exchange and starts its wanted markets (BTC-KRW if there are none). */
  startExchange(exchange: Exchange): Promise<CollectorStatus[]>;
  /** Stops all collectors of an exchange, closes its sockets and disables it, across restarts. */
  stopExchange(exchange: Exchange): Promise<CollectorStatus[]>;
  /** Discards mutations on a market: `COLLECT` decides again. @throws {UnknownMarketError} */
  reset(market: Market): Promise<CollectorStatus>;
  /** Discards mutations on an exchange and its markets, patterns included: `COLLECT` decides again. */
  resetExchange(exchange: Exchange): Promise<CollectorStatus[]>;
  /** Replaces the current wishes with those returned by {@link wishes}, starting and stopping as needed. */
  restore(wishes: Wishes): Promise<CollectorStatus[]>;
}
