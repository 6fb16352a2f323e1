import type { CollectPattern } from './collect-pattern.js';
import type { Exchange } from './exchange.js';
import type { Market, Pair } from './market.js';

/** A market in an exchange's own list. */
export interface ListedMarket extends Pair {
  /** The exchange's Korean name of the asset, if it gives one. */
  readonly koreanName: string | null;
  /** The exchange's English name of the asset, if it gives one. */
  readonly englishName: string | null;
}

/** A market in the managed list. */
export interface MarketRecord extends ListedMarket {
  readonly exchange: Exchange;
  /** Whether the exchange's newest list contains it. */
  readonly listed: boolean;
  /**
   * The last mutation on it: true = start, false = stop, null = none (then the newest matching one
   * of {@link StoreReader.wantedPatterns} decides, and otherwise COLLECT).
   */
  readonly wanted: boolean | null;
  /** Whether it was being recorded at last report; such a market has a gap after a crash. */
  readonly recording: boolean;
}

/** An exchange in the managed list. */
export interface ExchangeRecord {
  readonly exchange: Exchange;
  readonly enabled: boolean;
  /** When its market list was last fetched, Unix ms; null if never. */
  readonly listedAt: number | null;
}

/** A mutation on all markets that match a pattern. */
export interface WantedPattern {
  readonly pattern: CollectPattern;
  /** True = start, false = stop, null = `COLLECT` decides again. */
  readonly wanted: boolean | null;
}

/** All standing wishes of mutations about what to record. */
export interface Wishes {
  /** The exchanges that are disabled. */
  readonly disabled: readonly Exchange[];
  /** Oldest first: the last one that matches counts. */
  readonly patterns: readonly WantedPattern[];
  /** On single markets; each is newer than every pattern that matches it. */
  readonly markets: readonly { readonly market: Market; readonly wanted: boolean }[];
}
