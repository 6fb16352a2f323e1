import type { Logger } from '../logging/logger.js';
import type { Exchange } from '../market/exchange.js';
import { type Pair, pairText } from '../market/market.js';
import type { ListedMarket, Store } from '../store/store-types.js';
import { backoffMs } from './backoff.js';
import type { ExchangeAdapter } from './feed.js';
import type { RestClient } from './rest.js';

/** A list this old is fetched again before a market is called unknown: it may be a new listing. */
const RECENT_MS = 30_000;
/**
 * A market that a list lacks is looked for again after this long before it counts as delisted: one
 * answer cut short must not stop the recording of what it leaves out.
 */
const CONFIRM_MS = 60_000;

/** What a {@link MarketList} works with. */
export interface MarketListParts {
  readonly adapter: ExchangeAdapter;
  readonly rest: RestClient;
  readonly store: Pick<Store, 'replaceListing' | 'reader'>;
  readonly logger: Logger;
  /** How often a fetched list is fetched again, ms. */
  readonly refreshMs: number;
}

/**
 * The listed markets of one exchange: the stored list at first, then the exchange's own, fetched at
 * start, again until it works, and from then on as often as set.
 */
export class MarketList {
  readonly #parts: MarketListParts;
  readonly #onFetch: (removed: readonly Pair[]) => void;
  readonly #confirmMs: number;
  #listed = new Map<string, ListedMarket>();
  /** Listed markets that the newest answer lacked, and since when (monotonic ms). */
  readonly #missing = new Map<string, number>();
  #fetchedAt: number | null = null;
  #fetching: Promise<void> | null = null;
  #timer: NodeJS.Timeout | null = null;
  #failures = 0;
  #closed = false;

  /** @param onFetch called after every successful fetch with the markets that are delisted now */
  constructor(parts: MarketListParts, onFetch: (removed: readonly Pair[]) => void) {
    this.#parts = parts;
    this.#onFetch = onFetch;
    this.#confirmMs = Math.min(CONFIRM_MS, parts.refreshMs);
  }

  /** The exchange whose list it is. */
  get exchange(): Exchange {
    return this.#parts.adapter.exchange;
  }

  /** The newest list known; empty when there never was one. */
  get listed(): readonly ListedMarket[] {
    return [...this.#listed.values()];
  }

  /** Whether a pair is listed. */
  has(pair: Pair): boolean {
    return this.#listed.has(pairText(pair));
  }

  /** Whether the list is the exchange's own, fetched in this run. */
  get fetched(): boolean {
    return this.#fetchedAt !== null;
  }

  /** Loads the stored list, if there is one. */
  async load(): Promise<void> {
    const stored = await this.#parts.store.reader.markets(this.exchange);
    this.#listed = byPair(stored.filter((market) => market.listed));
  }

  /** Fetches now, and from then on as often as set; after a failure again with growing waits. */
  async keepFresh(): Promise<void> {
    let wait = this.#parts.refreshMs;
    try {
      await this.fetch();
      this.#failures = 0;
      if (this.#missing.size > 0) wait = this.#confirmMs;
    } catch (error) {
      wait = backoffMs(++this.#failures, Math.random(), { firstMs: 2000, mostMs: 300_000 });
      const reason = error instanceof Error ? error.message : String(error);
      const subject = { exchange: this.exchange };
      if (!this.#closed)
        this.#parts.logger.log('MARKETS_LIST_FAILED', subject, { reason, waitMs: wait });
    }
    if (this.#closed) return;
    this.#timer = setTimeout(() => void this.keepFresh(), wait);
    this.#timer.unref();
  }

  /** A list that is recent enough to call a market unknown by. @throws {RestError} */
  async recent(): Promise<readonly ListedMarket[]> {
    if (this.#fetchedAt === null || performance.now() - this.#fetchedAt > RECENT_MS)
      await this.fetch();
    return this.listed;
  }

  /** Fetches the list once; calls at the same time share one fetch. @throws {RestError} */
  fetch(): Promise<void> {
    this.#fetching ??= this.#fetch().finally(() => {
      this.#fetching = null;
    });
    return this.#fetching;
  }

  /** Ends the refreshing. */
  close(): void {
    this.#closed = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
  }

  async #fetch(): Promise<void> {
    const { adapter, rest, store, logger } = this.#parts;
    const answer = byPair(await adapter.listMarkets(rest));
    if (answer.size === 0) throw new Error('the exchange answered with an empty market list');
    if (this.#closed) return;
    const listed = this.#keepUnconfirmed(answer);
    const { added, removed } = await store.replaceListing(this.exchange, [...listed.values()]);
    this.#listed = listed;
    this.#fetchedAt = performance.now();
    if (added.length > 0 || removed.length > 0) {
      const counts = { count: listed.size, added: added.length, removed: removed.length };
      logger.log('MARKETS_LISTED', { exchange: this.exchange }, counts);
    }
    this.#onFetch(removed);
  }

  /** The answer with the markets that it lacks for the first time, or not for long enough. */
  #keepUnconfirmed(answer: ReadonlyMap<string, ListedMarket>): Map<string, ListedMarket> {
    const now = performance.now();
    const listed = new Map(answer);
    for (const code of answer.keys()) this.#missing.delete(code);
    for (const [code, market] of this.#listed) {
      if (answer.has(code)) continue;
      const since = this.#missing.get(code) ?? now;
      if (now - since >= this.#confirmMs) this.#missing.delete(code);
      else {
        this.#missing.set(code, since);
        listed.set(code, market);
      }
    }
    return listed;
  }
}

function byPair(markets: readonly ListedMarket[]): Map<string, ListedMarket> {
  return new Map(markets.map((market) => [pairText(market), market]));
}
