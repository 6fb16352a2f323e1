import type { CollectorStatus } from './collector-status.js';
import { COLLECT_GRAMMAR, type CollectPattern, collectPatternText } from './collect-pattern.js';
import type { Completeness } from './completeness.js';
import type { Exchange } from './exchange.js';
import type { Market } from './market.js';
import type { ExchangeTally } from './exchange-tally.js';
import type { Wishes } from './managed-lists.js';

/** Thrown by a start of a market that the exchange does not list. */
export class UnknownMarketError extends Error {
  /** @param closeMatches listed pairs of that exchange that resemble the asked one, nearest first. */
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

/** Thrown when a market cannot be validated because the exchange's market list is out of reach. */
export class ExchangeUnavailableError extends Error {
  constructor(
    readonly exchange: Exchange,
    why: string,
  ) {
    super(`${exchange} cannot be reached: ${why}`);
    this.name = 'ExchangeUnavailableError';
  }
}

/** Thrown when a pattern matches no market that any of its exchanges lists. */
export class NoMatchingMarketError extends Error {
  constructor(pattern: CollectPattern) {
    const text = collectPatternText(pattern);
    super(`no listed market matches ${text}; a pattern is ${COLLECT_GRAMMAR}`);
    this.name = 'NoMatchingMarketError';
  }
}

/** Thrown by a restore of something that is no restore point. */
export class RestorePointError extends Error {
  constructor() {
    super('must be a text that restorePoint gave');
    this.name = 'RestorePointError';
  }
}

/** Patterns of `COLLECT` that collect nothing of an exchange because its market list cannot be fetched. */
export interface ListTrouble {
  readonly exchange: Exchange;
  /** The first of them, as they are written. */
  readonly patterns: string;
  /** Why there is no list, in words. */
  readonly reason: string;
}

/** What became of the program's own time since it began. */
export interface Timekeeping {
  /** How often it stood still for two seconds or more: stopped, suspended or blocked. */
  readonly standstills: number;
  /** How long that was together, ms. */
  readonly stoodStillMs: number;
  /** How often the system clock was set by more than a second. */
  readonly clockSteps: number;
  /** How far the system clock is ahead of the exchanges' own times, ms; null when not known. */
  readonly aheadMs: number | null;
}

/** What the API may do with collectors; implemented by the supervisor. */
export interface CollectorControl {
  /** All collectors known since the process began, by exchange, symbol, currency. */
  collectors(exchange?: Exchange): CollectorStatus[];
  /** The collector of one market; undefined when it has had none since the process began. */
  collector(market: Market): CollectorStatus | undefined;
  /** What an exchange has sent and done since the process began. */
  tally(exchange: Exchange): ExchangeTally;
  /** Standstills of the program and steps of its clock. */
  readonly timekeeping: Timekeeping;
  /** Where `COLLECT` collects nothing because a market list cannot be fetched. */
  listTroubles(): ListTrouble[];
  /** How many markets a user has stopped though `COLLECT` wants them; exchanges without any are left out. */
  stoppedByUser(): Partial<Record<Exchange, number>>;
  /** What mutations have asked for: true = start the market, false = stop it or its exchange; null: nothing. */
  wish(market: Market): boolean | null;
  /** All that mutations have left behind. */
  wishes(): Promise<Wishes>;
  /** How the completeness of an exchange's books is known, by the transport that is used now. */
  completeness(exchange: Exchange): Completeness;
  /**
   * Starts a market's collector after checking it against the exchange's list, and remembers the
   * wish. Harmless when it runs already. A disabled exchange is enabled by it, so that its other
   * wanted markets start too, as they would after a restart.
   * @throws {UnknownMarketError} @throws {ExchangeUnavailableError}
   */
  start(market: Market): Promise<CollectorStatus>;
  /** Stops a market's collector and remembers the wish. Harmless when it is stopped. */
  stop(market: Market): Promise<CollectorStatus>;
  /**
   * Starts all listed markets that match, now and when they are listed later, and remembers the wish;
   * it outranks earlier ones about them. A pattern that names its exchange enables it; `*` leaves
   * disabled exchanges alone.
   * @returns the collectors of all markets that match
   * @throws {NoMatchingMarketError} @throws {ExchangeUnavailableError}
   */
  startMatching(pattern: CollectPattern): Promise<CollectorStatus[]>;
  /** Stops all markets that match, and keeps those listed later stopped; remembers the wish. */
  stopMatching(pattern: CollectPattern): Promise<CollectorStatus[]>;
  /** Enables an exchange and starts its wanted markets (BTC-KRW if there are none). */
  startExchange(exchange: Exchange): Promise<CollectorStatus[]>;
  /** Stops all collectors of an exchange, closes its sockets and disables it, across restarts. */
  stopExchange(exchange: Exchange): Promise<CollectorStatus[]>;
  /** Forgets mutations about a market: `COLLECT` decides about it. @throws {UnknownMarketError} */
  reset(market: Market): Promise<CollectorStatus>;
  /** Forgets what mutations said about an exchange and its markets, patterns too: `COLLECT` decides. */
  resetExchange(exchange: Exchange): Promise<CollectorStatus[]>;
  /** Puts wishes that {@link wishes} gave in the place of those there are, and starts and stops accordingly. */
  restore(wishes: Wishes): Promise<CollectorStatus[]>;
}
