import type { Delivery } from '../delivery.js';
import type { OwnFeed } from '../source.js';
import type { Tail } from '../tail.js';

/** How soon the store is queried again for what it has not committed yet, ms. */
export const AGAIN_MS = 25;

/** A page from the store, in order of sequence. */
interface StoredPage<T> {
  readonly items: Delivery<T>[];
  /** Everything wanted up to this sequence is in this page or before it. */
  readonly reached: number;
  /** Whether more may follow already. */
  readonly more: boolean;
}

/** Sources of an exact feed. */
export interface ExactSources<T> {
  readonly tail: Tail<T>;
  /** Reads the page after a sequence. */
  readonly page: (after: number) => Promise<StoredPage<T>>;
  /** Everything up to this sequence is in the store, or never will be. */
  readonly settled: () => number;
  /** Whether an item of the tail is wanted. */
  readonly wants: (value: T) => boolean;
  /** Adds to a key's first delivery from the tail, after the position where the store ended. */
  readonly joined?: (delivery: Delivery<T>, place: number) => Delivery<T>;
}

/**
 * One reader's position in the sequence of all items of one kind (here always called books). The
 * store has the past up to its last commit; the tail ({@link Tail}) has the newest books, committed
 * or not. The feed reads pages from the store until the tail has everything after its position,
 * then continues in the tail; if it is so slow that the tail moves past it, it goes back to the
 * store. From either, it takes the books after its position in order and advances past them: none
 * twice, none skipped.
 *
 * The join is exact because the two overlap: the tail is watched from before the first page is
 * read, so whatever is published later is in the tail or, once it has left the tail, in the store.
 * A page proves that nothing is missing up to what was settled when it was requested, so the feed
 * reads on until its position has reached the tail's floor. Books that the store could not keep are
 * in neither once they have left the tail: their market's first book after the join says so.
 */
export class ExactFeed<T> implements OwnFeed {
  readonly ended = false;
  failure: unknown = null;
  readonly #sources: ExactSources<T>;
  readonly #wake: () => void;
  /** Everything up to this sequence has been delivered or is not wanted. */
  #place: number;
  /** Books read from the store, to be delivered next. */
  #page: Delivery<T>[] = [];
  #next = 0;
  /** Position in the tail; null while reading the store. */
  #inTail: number | null = null;
  /** Where reading the store began. */
  #readFrom: number;
  /** Where it ended, and the markets from which the tail has delivered a book since. */
  #join: { readonly place: number; readonly met: Set<string> } | null = null;
  #reading = false;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  /** @param since where it starts. @param wake called when something arrives */
  constructor(sources: ExactSources<T>, since: number, wake: () => void) {
    this.#sources = sources;
    this.#place = since;
    this.#readFrom = since;
    this.#wake = wake;
    sources.tail.watch(wake);
  }

  take(): Delivery<T> | undefined {
    for (;;) {
      const stored = this.#page[this.#next];
      if (stored !== undefined) {
        this.#next++;
        this.#place = stored.order;
        return stored;
      }
      if (this.#reading || this.#timer !== undefined || this.failure !== null) return undefined;
      if (this.#inTail === null && !this.#enterTail()) {
        void this.#readPage();
        return undefined;
      }
      const delivery = this.#takeFromTail();
      if (delivery !== null) return delivery;
    }
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#sources.tail.unwatch(this.#wake);
  }

  /** Switches to the tail if that has everything after the position. */
  #enterTail(): boolean {
    const { tail } = this.#sources;
    if (this.#place < tail.floor) return false;
    this.#inTail = tail.placeAfter(this.#place);
    this.#join = this.#place > this.#readFrom ? { place: this.#place, met: new Set() } : null;
    return true;
  }

  /** The next wanted book; undefined when none has come; null when the tail has moved past it. */
  #takeFromTail(): Delivery<T> | undefined | null {
    for (;;) {
      const delivery = this.#sources.tail.at(this.#inTail!);
      if (delivery === undefined) return undefined;
      if (delivery === null) {
        this.#inTail = null;
        this.#readFrom = this.#place;
        return null;
      }
      this.#inTail!++;
      // It started ahead of what this process has.
      if (delivery.order <= this.#place) continue;
      this.#place = delivery.order;
      if (this.#sources.wants(delivery.value)) return this.#joined(delivery);
    }
  }

  /** A book from the tail; for the first of its market, with what the store lacked before it. */
  #joined(delivery: Delivery<T>): Delivery<T> {
    if (this.#join === null) return delivery;
    const { place, met } = this.#join;
    if (met.has(delivery.key)) return delivery;
    met.add(delivery.key);
    return this.#sources.joined?.(delivery, place) ?? delivery;
  }

  async #readPage(): Promise<void> {
    this.#reading = true;
    try {
      const settled = this.#sources.settled();
      const page = await this.#sources.page(this.#place);
      if (this.#closed) return;
      this.#page = page.items;
      this.#next = 0;
      if (page.items.length > 0) return;
      const reached = page.more ? page.reached : Math.max(page.reached, settled);
      this.#place = Math.max(this.#place, reached);
      if (!page.more && !this.#enterTail()) {
        this.#timer = setTimeout(() => {
          this.#timer = undefined;
          this.#wake();
        }, AGAIN_MS);
      }
    } catch (error) {
      this.failure = error;
    } finally {
      this.#reading = false;
      if (!this.#closed) this.#wake();
    }
  }
}
