import type { Logger } from '../logging/logger.js';
import type { Exchange } from '../market/exchange.js';
import { type Pair, pairText } from '../market/market.js';
import type { CollectorMemory } from '../market/collector-memory.js';
import type { ListedMarket } from '../market/managed-lists.js';
import { backoffMs } from './limits/backoff.js';
import { ExchangeError } from './exchange-error.js';
import type { ExchangeAdapter } from './feed.js';
import type { RestClient } from './rest/rest-client.js';

/** A list this old is refetched before a market is called unknown: it may be a new listing. */
const RECENT_MS = 30_000;
/**
 * A market missing from a list is looked for again after this long before it counts as delisted:
 * one truncated response must not stop the recording of what it lacks.
 */
const CONFIRM_MS = 60_000;
/**
 * For this long a wanted but missing market is looked for that often, ms; after that only with each
 * regular refresh.
 */
const AWAIT_RETURN_MS = 86_400_000;
/** Longest wait after a failed fetch, ms. */
const MOST_WAIT_MS = 300_000;
/** The same while there is no list at all: without one no pattern of `COLLECT` starts anything. */
const MOST_WAIT_WITHOUT_MS = 60_000;
/** A difference between two clocks below this is not a clock step, ms. */
const CLOCK_SLACK_MS = 1000;

/** Dependencies of a {@link MarketList}. */
export interface MarketListParts {
  readonly adapter: ExchangeAdapter;
  readonly rest: RestClient;
  readonly store: Pick<CollectorMemory, 'replaceListing' | 'reader'>;
  readonly logger: Logger;
  /** Refresh interval of a fetched list, ms. */
  readonly refreshMs: number;
  /** Receive clock, Unix ms. */
  readonly clock: () => number;
  /** Whether order books of a market still arrive: within `withinMs`, or as rarely as usual. */
  readonly delivers: (pair: Pair, withinMs: number) => boolean;
  /** Whether a market is wanted. */
  readonly wants: (pair: Pair) => boolean;
  /** Markets wanted by full name. */
  readonly named: () => readonly Pair[];
}

/** An exchange's listed markets: as stored, then as fetched at start, and at the set interval. */
export class MarketList {
  readonly #parts: MarketListParts;
  readonly #onFetch: (removed: readonly Pair[]) => void;
  readonly #confirmMs: number;
  #listed = new Map<string, ListedMarket>();
  /** Listed markets missing from the newest response, and since when (monotonic ms). */
  readonly #missing = new Map<string, number>();
  /** Markets of `#missing` logged because their order books still arrived. */
  readonly #loggedMissing = new Set<string>();
  /** Wanted markets missing from the list, and since when (monotonic ms). */
  readonly #awaited = new Map<string, { pair: Pair; since: number }>();
  /** Markets in the newest list that were missing from the one before. */
  readonly #came = new Set<string>();
  /** When the newest list of this run was processed: Unix ms, and monotonic ms. */
  #before: { readonly at: number; readonly monotonic: number } | null = null;
  /** The same for the list before the newest, Unix ms. */
  #lackedAt: number | null = null;
  #fetchedAt: number | null = null;
  #fetching: Promise<void> | null = null;
  #timer: NodeJS.Timeout | null = null;
  #failures = 0;
  #failure: string | null = null;
  #skipped = 0;
  #closed = false;

  /** @param onFetch called after every successful fetch with the markets that are now delisted */
  constructor(parts: MarketListParts, onFetch: (removed: readonly Pair[]) => void) {
    this.#parts = parts;
    this.#onFetch = onFetch;
    this.#confirmMs = Math.min(CONFIRM_MS, parts.refreshMs);
  }

  /** The exchange of this list. */
  get exchange(): Exchange {
    return this.#parts.adapter.exchange;
  }

  /** The newest known list; empty if there never was one. */
  get listed(): readonly ListedMarket[] {
    return [...this.#listed.values()];
  }

  /** Whether a pair is listed. */
  has(pair: Pair): boolean {
    return this.#listed.has(pairText(pair));
  }

  /** Whether the list was fetched from the exchange in this run. */
  get fetched(): boolean {
    return this.#fetchedAt !== null;
  }

  /** Rows of the newest list that are not markets. */
  get skippedRows(): number {
    return this.#skipped;
  }

  /** Why the last fetch failed; null if it did not, or none has ended yet. */
  get failure(): string | null {
    return this.#failure;
  }

  /** A pair in the exchange's own spelling, where the list gives one. */
  spelled({ symbol, currency }: Pair): Pair {
    const code = this.#listed.get(pairText({ symbol, currency }))?.code;
    return code === undefined ? { symbol, currency } : { symbol, currency, code };
  }

  /**
   * When a market in the newest list was last seen missing, Unix ms: it may have been traded from
   * then on. Null if no earlier list of this run lacked it.
   */
  absentAt(pair: Pair): number | null {
    return this.#came.has(pairText(pair)) ? this.#lackedAt : null;
  }

  /** Loads the stored list, if any. */
  async load(): Promise<void> {
    const stored = await this.#parts.store.reader.markets(this.exchange);
    this.#listed = byPair(stored.filter((market) => market.listed));
  }

  /** Fetches now and then at the set interval; after a failure with growing waits. */
  async keepFresh(): Promise<void> {
    let wait = this.#parts.refreshMs;
    try {
      await this.fetch();
      this.#failures = 0;
      this.#failure = null;
      if (this.#missing.size > 0 || this.#awaitsReturn()) wait = this.#confirmMs;
    } catch (error) {
      const longer =
        this.#listed.size > 0 || (error instanceof ExchangeError && error.fault === 'RATE');
      const mostMs = longer ? MOST_WAIT_MS : MOST_WAIT_WITHOUT_MS;
      wait = backoffMs(++this.#failures, Math.random(), { firstMs: 2000, mostMs });
      const reason = error instanceof Error ? error.message : String(error);
      this.#failure = reason;
      const subject = { exchange: this.exchange };
      if (!this.#closed)
        this.#parts.logger.log('MARKETS_LIST_FAILED', subject, { reason, waitMs: wait });
    }
    if (this.#closed) return;
    this.#timer = setTimeout(() => void this.keepFresh(), wait);
    this.#timer.unref();
  }

  /** A list recent enough to declare a market unknown. @throws {ExchangeError} */
  async recent(): Promise<readonly ListedMarket[]> {
    if (this.#fetchedAt === null || performance.now() - this.#fetchedAt > RECENT_MS)
      await this.fetch();
    return this.listed;
  }

  /** Fetches the list once; concurrent calls share one fetch. @throws {ExchangeError} */
  fetch(): Promise<void> {
    this.#fetching ??= this.#fetch().finally(() => {
      this.#fetching = null;
    });
    return this.#fetching;
  }

  /** Stops refreshing. */
  close(): void {
    this.#closed = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
  }

  async #fetch(): Promise<void> {
    const { adapter, rest, store, logger } = this.#parts;
    const odd: string[] = [];
    let skipped = 0;
    const onOdd = (row: string): void => {
      skipped++;
      if (odd.length < 3) odd.push(row);
    };
    const answer = byPair(await adapter.listMarkets(rest, onOdd));
    this.#logSkipped(skipped, odd);
    if (answer.size === 0) throw new Error('the exchange answered with an empty market list');
    if (this.#closed) return;
    const listed = this.#keepUnconfirmed(answer);
    const { added, removed } = await store.replaceListing(this.exchange, [...listed.values()]);
    this.#noteCame(listed);
    this.#listed = listed;
    this.#fetchedAt = performance.now();
    if (added.length > 0 || removed.length > 0) {
      const counts = { count: listed.size, added: added.length, removed: removed.length };
      logger.log('MARKETS_LISTED', { exchange: this.exchange }, counts);
    }
    this.#onFetch(removed);
    this.#came.clear();
    this.#before = { at: this.#parts.clock(), monotonic: performance.now() };
    this.#noteAwaited(removed);
  }

  /** Logs rows that are not markets when their number changes, since they come with every list. */
  #logSkipped(skipped: number, odd: readonly string[]): void {
    const news = skipped > 0 && skipped !== this.#skipped;
    this.#skipped = skipped;
    if (!news || this.#closed) return;
    const rows = odd.join(' ');
    this.#parts.logger.log('MARKET_ROWS_SKIPPED', { exchange: this.exchange }, { skipped, rows });
  }

  #noteCame(listed: ReadonlyMap<string, ListedMarket>): void {
    const before = this.#before;
    if (before === null) return;
    const byMonotonic = this.#parts.clock() - (performance.now() - before.monotonic);
    // If the clock was set since, the earlier of the two is the safe one.
    const set = before.at - byMonotonic > CLOCK_SLACK_MS;
    this.#lackedAt = set ? Math.floor(byMonotonic) : before.at;
    for (const code of listed.keys()) if (!this.#listed.has(code)) this.#came.add(code);
  }

  #noteAwaited(removed: readonly Pair[]): void {
    const now = performance.now();
    for (const pair of [...removed, ...this.#parts.named()]) {
      const code = pairText(pair);
      if (!this.#awaited.has(code)) this.#awaited.set(code, { pair, since: now });
    }
    for (const [code, { pair }] of this.#awaited)
      if (this.#listed.has(code) || !this.#parts.wants(pair)) this.#awaited.delete(code);
  }

  #awaitsReturn(): boolean {
    const now = performance.now();
    return [...this.#awaited.values()].some(({ since }) => now - since < AWAIT_RETURN_MS);
  }

  /**
   * The response plus the markets missing from it for the first time, or not for long enough, or
   * whose order books still arrive: those are the better evidence.
   */
  #keepUnconfirmed(answer: ReadonlyMap<string, ListedMarket>): Map<string, ListedMarket> {
    const now = performance.now();
    const listed = new Map(answer);
    for (const code of answer.keys()) {
      this.#missing.delete(code);
      this.#loggedMissing.delete(code);
    }
    for (const [code, market] of this.#listed) {
      if (answer.has(code)) continue;
      const since = this.#missing.get(code) ?? now;
      const confirmed = now - since >= this.#confirmMs;
      const delivers = confirmed && this.#parts.delivers(market, this.#confirmMs);
      if (delivers && !this.#loggedMissing.has(code)) {
        this.#loggedMissing.add(code);
        this.#parts.logger.log(
          'MARKET_MISSING',
          { exchange: this.exchange, pair: market },
          undefined,
        );
      }
      if (confirmed && !delivers) this.#missing.delete(code);
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
