import type { Bus } from '../bus.js';
import { closeMatches } from '../market/close-matches.js';
import type { CollectorControl } from '../market/collector-control.js';
import {
  type CollectPattern,
  collectPatternText,
  matchesPattern,
} from '../market/collect-pattern.js';
import { EXCHANGES, type Exchange } from '../market/exchange.js';
import type { Market } from '../market/market.js';
import type { StoreReader } from '../store/reader-types.js';
import type { MarketRecord } from '../market/managed-lists.js';
import { apiError } from './errors.js';

/** How long an exchange's list is cached, ms. */
const KEEP_MS = 5_000;

/** Where markets may be known. */
interface MarketSources {
  readonly bus: Bus;
  readonly control: CollectorControl;
  readonly reader: StoreReader;
}

/**
 * Distinguishes existing markets from mistyped ones: a market is known if it is collected, listed
 * by its exchange or stored. While an exchange's list has never been fetched, any market may exist
 * there.
 */
export class KnownMarkets {
  readonly #sources: MarketSources;
  readonly #lists = new Map<Exchange, { at: number; list: Promise<MarketRecord[]> }>();

  constructor(sources: MarketSources) {
    this.#sources = sources;
  }

  /**
   * Requires each pattern with a symbol to match a known market.
   * @throws {GraphQLError} `UNKNOWN_MARKET` with close matches
   */
  async check(patterns: readonly CollectPattern[]): Promise<void> {
    // A list may name hundreds of markets: each is looked up rather than searched for among all.
    const doubtful = patterns.filter(
      (pattern) => pattern.symbol !== null && !this.#isLive(pattern),
    );
    for (const pattern of doubtful) await this.#checkListed(pattern);
  }

  /** Whether a matching market is collected or has a book. */
  #isLive(pattern: CollectPattern): boolean {
    const { bus, control } = this.#sources;
    const { exchange, symbol, currency } = pattern;
    if (exchange !== null && symbol !== null && currency !== null) {
      const market: Market = { exchange, symbol, currency };
      return bus.current(market) !== undefined || control.collector(market) !== undefined;
    }
    for (const { market } of bus.currentBooks()) if (matchesPattern(pattern, market)) return true;
    return control.collectors().some(({ market }) => matchesPattern(pattern, market));
  }

  async #checkListed(pattern: CollectPattern): Promise<void> {
    const exchanges = pattern.exchange === null ? EXCHANGES : [pattern.exchange];
    const close = new Set<string>();
    for (const exchange of exchanges) {
      const list = await this.#list(exchange);
      if (list.length === 0 || list.some((market) => matchesPattern(pattern, market))) return;
      const asked = { symbol: pattern.symbol!, currency: pattern.currency ?? 'KRW' };
      for (const pair of closeMatches(asked, list)) close.add(pair);
    }
    const matches = [...close].slice(0, 3);
    const where = pattern.exchange ?? 'any exchange';
    const hint = matches.length === 0 ? '' : `; did you mean ${matches.join(', ')}?`;
    throw apiError(
      'UNKNOWN_MARKET',
      `${collectPatternText({ ...pattern, exchange: null })} is not listed by ${where}, and nothing is stored for it${hint}`,
      { closeMatches: matches },
    );
  }

  #list(exchange: Exchange): Promise<MarketRecord[]> {
    const now = Date.now();
    const kept = this.#lists.get(exchange);
    if (kept !== undefined && now - kept.at < KEEP_MS) return kept.list;
    const list = this.#sources.reader.markets(exchange);
    this.#lists.set(exchange, { at: now, list });
    // A failure is not cached: the next caller tries again.
    list.catch(() => this.#lists.delete(exchange));
    return list;
  }
}
