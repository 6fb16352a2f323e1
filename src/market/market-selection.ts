import { type CollectPattern, matchesPattern } from './collect-pattern.js';
import { type Market, marketKey } from './market.js';

/** The wanted markets: those that match at least one of some patterns. */
export class MarketSelection {
  /** The patterns as given. */
  readonly patterns: readonly CollectPattern[];
  /** Keys of markets named in full: a long list costs one look-up. */
  readonly #exact = new Set<string>();
  readonly #wide: CollectPattern[] = [];

  constructor(patterns: readonly CollectPattern[]) {
    this.patterns = patterns;
    for (const pattern of patterns) {
      const { exchange, symbol, currency } = pattern;
      if (exchange === null || symbol === null || currency === null) this.#wide.push(pattern);
      else this.#exact.add(marketKey({ exchange, symbol, currency }));
    }
  }

  /** Whether `market` is selected. */
  matches(market: Market): boolean {
    return (
      this.#wide.some((pattern) => matchesPattern(pattern, market)) ||
      (this.#exact.size > 0 && this.#exact.has(marketKey(market)))
    );
  }
}

/** Every market of every exchange. */
export const ALL_MARKETS = new MarketSelection([{ exchange: null, symbol: null, currency: null }]);
