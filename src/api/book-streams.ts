import type { BookReader, Bus, MarketFilter } from '../bus.js';
import type { OrderBook } from '../market/order-book.js';
import { apiError } from './errors.js';
import { LoopTurns } from './loop-turns.js';

/** Live readers at once when nothing else is set. */
export const DEFAULT_MAX_SUBSCRIPTIONS = 1000;

/** Deliveries in one turn of the event loop: some 6 ms of work. */
const DELIVERIES_PER_TURN = 64;

/** What {@link BookStreams} has counted since it was made. */
export interface StreamCounts {
  /** Books handed to subscribers. */
  readonly delivered: number;
  /** Books that slow subscribers missed because a newer one of the same market replaced them. */
  readonly skipped: number;
}

/** All live subscriptions of the API: opens them, bounds their number, ends them at shutdown. */
export class BookStreams {
  readonly #bus: Bus;
  readonly #max: number;
  readonly #open = new Set<BookStream>();
  readonly #turns = new LoopTurns(DELIVERIES_PER_TURN);
  #delivered = 0;
  #skipped = 0;
  #closing = false;
  #drained: (() => void) | undefined;

  constructor(bus: Bus, max: number) {
    this.#bus = bus;
    this.#max = max;
  }

  /** Number of open streams. */
  get size(): number {
    return this.#open.size;
  }

  /** What was delivered and skipped so far. */
  get counts(): StreamCounts {
    return { delivered: this.#delivered, skipped: this.#skipped };
  }

  /**
   * Opens a stream of the books that match: current ones first, then changes. It is subscribed at
   * once, so nothing published after this call is missed.
   */
  open(filter: MarketFilter): BookStream {
    if (this.#closing) throw apiError('SHUTTING_DOWN', 'the server is shutting down');
    if (this.#open.size >= this.#max) {
      throw apiError(
        'TOO_MANY_SUBSCRIPTIONS',
        `there are ${this.#max} subscriptions already, as many as this server allows; close one first`,
      );
    }
    const stream: BookStream = new BookStream(this.#bus.readBooks(filter), {
      turn: () => this.#turns.take(),
      onDelivered: (skipped) => {
        this.#delivered++;
        this.#skipped += skipped;
      },
      onEnd: () => {
        this.#open.delete(stream);
        if (this.#open.size === 0) this.#drained?.();
      },
    });
    this.#open.add(stream);
    return stream;
  }

  /** Ends all streams; settles when each has given what was pending and said that it is done. */
  async close(): Promise<void> {
    this.#closing = true;
    this.#bus.close();
    if (this.#open.size === 0) return;
    await new Promise<void>((resolve) => {
      this.#drained = resolve;
    });
  }
}

interface StreamHooks {
  turn(): Promise<void> | null;
  onDelivered(skipped: number): void;
  onEnd(): void;
}

/**
 * One subscriber's books. Not an async generator: a generator's `return()` waits behind a pending
 * `next()`, so a subscriber of a quiet market could never be let go.
 */
export class BookStream implements AsyncIterableIterator<OrderBook> {
  readonly #reader: BookReader;
  readonly #hooks: StreamHooks;
  #ended = false;

  constructor(reader: BookReader, hooks: StreamHooks) {
    this.#reader = reader;
    this.#hooks = hooks;
  }

  next(): Promise<IteratorResult<OrderBook>> {
    const turn = this.#hooks.turn();
    return turn === null ? this.#pull() : turn.then(() => this.#pull());
  }

  async #pull(): Promise<IteratorResult<OrderBook>> {
    const result = await this.#reader.next();
    if (result.done === true) {
      this.#end();
      return { value: undefined, done: true };
    }
    this.#hooks.onDelivered(result.value.skipped);
    return { value: result.value.book, done: false };
  }

  async return(): Promise<IteratorResult<OrderBook>> {
    this.#end();
    await this.#reader.return();
    return { value: undefined, done: true };
  }

  async throw(error?: unknown): Promise<IteratorResult<OrderBook>> {
    this.#end();
    await this.#reader.return();
    throw error;
  }

  #end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#hooks.onEnd();
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}
