import {
  type CollectPattern,
  coversPattern,
  isFullName,
  matchesPattern,
  overlapsPattern,
  wantedPairs,
} from '../market/collect-pattern.js';
import type { Exchange } from '../market/exchange.js';
import type { WantedPattern } from '../market/managed-lists.js';
import type { AgainstCollect } from './against-collect.js';
import { type Pair, pairText } from '../market/market.js';

/** The wanted markets of one exchange: by the last mutation on a market, otherwise by `COLLECT`. */
export class DesiredMarkets {
  readonly #exchange: Exchange;
  readonly #collect: readonly CollectPattern[];
  /** Mutations on patterns, oldest first. */
  #patterns: WantedPattern[] = [];
  /** Mutations on single markets; each is newer than every pattern that matches it. */
  readonly #markets = new Map<string, { readonly pair: Pair; readonly wanted: boolean }>();

  constructor(exchange: Exchange, collect: readonly CollectPattern[]) {
    this.#exchange = exchange;
    this.#collect = collect;
  }

  /** Records a mutation on one market. */
  setMarket(pair: Pair, wanted: boolean): void {
    this.#markets.set(pairText(pair), { pair, wanted });
  }

  /** Records a mutation that outranks all earlier ones it matches; null = `COLLECT` decides again. */
  setPattern(pattern: CollectPattern, wanted: boolean | null): void {
    this.#patterns = this.#patterns.filter((older) => !coversPattern(pattern, older.pattern));
    if (wanted !== null || this.#patterns.some((older) => overlapsPattern(pattern, older.pattern)))
      this.#patterns.push({ pattern, wanted });
    for (const [code, { pair }] of this.#markets) {
      if (this.#matches(pattern, pair)) this.#markets.delete(code);
    }
  }

  /**
   * The wanted pairs: those in `listed`, plus those that `COLLECT` or a mutation names in full
   * whether listed or not (so that a mistyped market is reported rather than ignored).
   */
  wanted(listed: readonly Pair[]): Pair[] {
    return this.#candidates(listed).filter((pair) => this.wants(pair));
  }

  /** The pairs that may be wanted: those in `listed`, and those named in full. */
  #candidates(listed: readonly Pair[]): Pair[] {
    const candidates = new Map(listed.map((pair) => [pairText(pair), pair]));
    for (const pair of this.#named()) candidates.set(pairText(pair), pair);
    return [...candidates.values()];
  }

  /** Discards all mutations. */
  clear(): void {
    this.#patterns = [];
    this.#markets.clear();
  }

  /**
   * Where mutations want different markets than `COLLECT`, among `listed` and those named in full.
   * @param enabled whether the exchange is enabled; a disabled one has stopped all
   */
  againstCollect(enabled: boolean, listed: readonly Pair[]): AgainstCollect {
    const against = { started: [] as Pair[], stopped: [] as Pair[] };
    if (enabled && this.#patterns.length === 0 && this.#markets.size === 0) return against;
    for (const pair of this.#candidates(listed)) {
      const wanted = enabled && this.wants(pair);
      if (wanted !== this.collects(pair)) (wanted ? against.started : against.stopped).push(pair);
    }
    return against;
  }

  /** Whether a wanted pair is named in full rather than matched by a pattern. */
  names(pair: Pair): boolean {
    const code = pairText(pair);
    return this.wants(pair) && this.#named().some((named) => pairText(named) === code);
  }

  #named(): Pair[] {
    const patterns = [
      ...this.#collect,
      ...this.#patterns.filter((p) => p.wanted === true).map((p) => p.pattern),
    ].filter(isFullName);
    const mutations = [...this.#markets.values()].filter((m) => m.wanted).map((m) => m.pair);
    return [...wantedPairs(patterns, this.#exchange, []), ...mutations];
  }

  /** Whether a pair is wanted, by the last mutation on it or by `COLLECT`. */
  wants(pair: Pair): boolean {
    return this.wish(pair) ?? this.collects(pair);
  }

  /** What the last mutation on a pair requested; null where `COLLECT` decides. */
  wish(pair: Pair): boolean | null {
    const mutation = this.#markets.get(pairText(pair));
    if (mutation !== undefined) return mutation.wanted;
    return this.#patterns.findLast((p) => this.#matches(p.pattern, pair))?.wanted ?? null;
  }

  /** Whether `COLLECT` wants a pair. */
  collects(pair: Pair): boolean {
    return this.#collect.some((collected) => this.#matches(collected, pair));
  }

  #matches(pattern: CollectPattern, { symbol, currency }: Pair): boolean {
    return matchesPattern(pattern, { exchange: this.#exchange, symbol, currency });
  }
}
