import { setTimeout as pause } from 'node:timers/promises';
import type { CollectPattern } from '../../market/collect-pattern.js';
import type { Market } from '../../market/market.js';
import type { OrderBook } from '../../market/order-book.js';
import type { StoredBook, StoreReader } from '../../store/reader-types.js';
import type { SequenceState } from '../../store/store-types.js';
import { PAGE_BOOKS, storedDelivery } from './exact-books.js';
import { AGAIN_MS } from './exact-feed.js';
import type { Delivery } from '../delivery.js';
import { type OwnFeed, OwnSource } from '../source.js';

/** The longest wait that a Node timer can measure, ms. */
const MAX_WAIT_MS = 2_147_483_647;

/** Sources of replays. */
interface ReplaySources {
  readonly reader: StoreReader;
  readonly sequences: () => SequenceState;
}

/** What to replay. */
interface ReplayOptions {
  readonly market: Market;
  /** Unix ms, inclusive. */
  readonly from: number | undefined;
  /** Unix ms, exclusive; undefined = the start of the replay. */
  readonly to: number | undefined;
  /** Speed as a multiple of the original; 0 = as fast as the reader takes it. */
  readonly speed: number;
}

/** The stored books of a market at their original timing: the subscription `replay`. */
export class ReplayBooks extends OwnSource<OrderBook> {
  readonly #sources: ReplaySources;
  readonly #options: ReplayOptions;

  constructor(sources: ReplaySources, options: ReplayOptions) {
    super();
    this.#sources = sources;
    this.#options = options;
  }

  override open(wake: () => void): OwnFeed {
    return new ReplayFeed(this.#sources, this.#options, wake);
  }
}

/**
 * One reader's replay. The first book comes at once, each further one after the interval at which
 * it was received, divided by the speed. A reader too slow for that gets the books as fast as it
 * reads until it has caught up; nothing is skipped. The next page is read while the previous one
 * plays.
 */
class ReplayFeed implements OwnFeed {
  failure: unknown = null;
  readonly #sources: ReplaySources;
  readonly #options: ReplayOptions;
  readonly #pattern: CollectPattern;
  readonly #wake: () => void;
  #page: StoredBook[] = [];
  #next = 0;
  #following: StoredBook[] | null = null;
  #after = 0;
  /** The last sequence to play: what is received later is not part of the replay. */
  readonly #last: number;
  #readAll = false;
  #reading = false;
  #timer: NodeJS.Timeout | undefined;
  /** When the first book was delivered, by `performance.now()`, and when it was received, Unix ms. */
  #began: { readonly at: number; readonly timestamp: number } | null = null;
  #closed = false;

  constructor(sources: ReplaySources, options: ReplayOptions, wake: () => void) {
    this.#sources = sources;
    this.#options = options;
    this.#wake = wake;
    this.#pattern = options.market;
    this.#last = sources.sequences().newest;
  }

  get ended(): boolean {
    return this.#readAll && this.#next >= this.#page.length && this.#following === null;
  }

  take(): Delivery | undefined {
    if (this.#next >= this.#page.length && this.#following !== null) {
      this.#page = this.#following;
      this.#following = null;
      this.#next = 0;
    }
    if (this.#following === null && !this.#readAll && !this.#reading) void this.#read();
    const stored = this.#page[this.#next];
    if (stored === undefined || !this.#due(stored.book.timestamp)) return undefined;
    this.#next++;
    return storedDelivery(stored);
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
  }

  /** Whether a book is due; if not, the reader is woken when it is. */
  #due(timestamp: number): boolean {
    const { speed } = this.#options;
    if (speed === 0) return true;
    const now = performance.now();
    this.#began ??= { at: now, timestamp };
    const wait = this.#began.at + (timestamp - this.#began.timestamp) / speed - now;
    if (wait <= 0) return true;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(this.#wake, Math.min(Math.ceil(wait), MAX_WAIT_MS));
    return false;
  }

  async #read(): Promise<void> {
    this.#reading = true;
    try {
      // Books received before the replay began may still be on their way to the disk.
      while (this.#sources.sequences().settled < this.#last && !this.#closed) await pause(AGAIN_MS);
      if (this.#closed) return;
      const { from, to } = this.#options;
      const page = await this.#sources.reader.books({
        patterns: [this.#pattern],
        from,
        to,
        after: this.#after,
        until: this.#last,
        limit: PAGE_BOOKS,
      });
      this.#after = page.items.at(-1)?.book.sequence ?? page.reached;
      if (page.items.length > 0) this.#following = page.items;
      this.#readAll = !page.more;
    } catch (error) {
      this.failure = error;
    } finally {
      this.#reading = false;
      if (!this.#closed) this.#wake();
    }
  }
}
