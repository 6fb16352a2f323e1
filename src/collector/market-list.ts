import type { Logger } from '../logging/logger.js';
import type { Exchange } from '../market/exchange.js';
import type { ListedMarket, Store } from '../store/store-types.js';
import { backoffMs } from './backoff.js';
import type { ExchangeAdapter } from './feed.js';
import type { RestClient } from './rest.js';

/** How often a fetched list is fetched again, ms. */
const REFRESH_MS = 3_600_000;
/** A list this old is fetched again before a market is called unknown: it may be a new listing. */
const RECENT_MS = 30_000;

/**
 * The listed markets of one exchange: the stored list at first, then the exchange's own, fetched at
 * start, again until it works, and every hour.
 */
export class MarketList {
  readonly #adapter: ExchangeAdapter;
  readonly #rest: RestClient;
  readonly #store: Pick<Store, 'replaceListing' | 'reader'>;
  readonly #logger: Logger;
  readonly #onChange: (listed: readonly ListedMarket[]) => void;
  #listed: readonly ListedMarket[] = [];
  #fetchedAt: number | null = null;
  #fetching: Promise<void> | null = null;
  #timer: NodeJS.Timeout | null = null;
  #failures = 0;
  #closed = false;

  /** @param onChange called after every successful fetch */
  constructor(
    adapter: ExchangeAdapter,
    rest: RestClient,
    store: Pick<Store, 'replaceListing' | 'reader'>,
    logger: Logger,
    onChange: (listed: readonly ListedMarket[]) => void,
  ) {
    this.#adapter = adapter;
    this.#rest = rest;
    this.#store = store;
    this.#logger = logger;
    this.#onChange = onChange;
  }

  /** The exchange whose list it is. */
  get exchange(): Exchange {
    return this.#adapter.exchange;
  }

  /** The newest list known; empty when there never was one. */
  get listed(): readonly ListedMarket[] {
    return this.#listed;
  }

  /** Whether the list is the exchange's own, fetched in this run. */
  get fetched(): boolean {
    return this.#fetchedAt !== null;
  }

  /** Loads the stored list, if there is one. */
  async load(): Promise<void> {
    const stored = await this.#store.reader.markets(this.exchange);
    this.#listed = stored.filter((market) => market.listed);
  }

  /** Fetches now, and from then on every hour; after a failure again with growing waits. */
  async keepFresh(): Promise<void> {
    let wait = REFRESH_MS;
    try {
      await this.fetch();
      this.#failures = 0;
    } catch (error) {
      wait = backoffMs(++this.#failures, Math.random(), { firstMs: 2000, mostMs: 300_000 });
      const reason = error instanceof Error ? error.message : String(error);
      const subject = { exchange: this.exchange };
      if (!this.#closed) this.#logger.log('MARKETS_LIST_FAILED', subject, { reason, waitMs: wait });
    }
    if (this.#closed) return;
    this.#timer = setTimeout(() => void this.keepFresh(), wait);
    this.#timer.unref();
  }

  /** A list that is recent enough to call a market unknown by. @throws {RestError} */
  async recent(): Promise<readonly ListedMarket[]> {
    if (this.#fetchedAt === null || performance.now() - this.#fetchedAt > RECENT_MS)
      await this.fetch();
    return this.#listed;
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
    const listed = await this.#adapter.listMarkets(this.#rest);
    if (this.#closed) return;
    const { added, removed } = await this.#store.replaceListing(this.exchange, listed);
    this.#listed = listed;
    this.#fetchedAt = performance.now();
    if (added.length > 0 || removed.length > 0) {
      const counts = { count: listed.length, added: added.length, removed: removed.length };
      this.#logger.log('MARKETS_LISTED', { exchange: this.exchange }, counts);
    }
    this.#onChange(listed);
  }
}
