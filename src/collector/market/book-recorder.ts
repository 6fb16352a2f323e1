import type { Bus } from '../../bus.js';
import type { Market } from '../../market/market.js';
import { type OrderBook, type Sides, stepSide } from '../../market/order-book.js';
import type { SequenceSource } from '../../market/sequence-source.js';
import { Topic } from '../../util/topic.js';

/** Dependencies shared by the recorders of all markets. */
export interface RecorderParts {
  readonly bus: Bus;
  readonly sequences: SequenceSource;
  /** Levels a side to keep; 0 = all. */
  readonly depth: number;
}

/**
 * Turns the received books of one market into numbered ones and publishes them: truncates them to
 * the recorded depth, skips those equal to the one before, and assigns the others a sequence.
 */
export class BookRecorder {
  readonly #market: Market;
  readonly #bus: Bus;
  readonly #sequences: SequenceSource;
  readonly #depth: number;
  /** Its numbered books, for those interested in this market alone. */
  readonly books = new Topic<OrderBook>();
  #last: OrderBook | undefined;

  constructor(market: Market, { bus, sequences, depth }: RecorderParts) {
    this.#market = market;
    this.#bus = bus;
    this.#sequences = sequences;
    this.#depth = depth;
  }

  /** The newest numbered book, if any. */
  get last(): OrderBook | undefined {
    return this.#last;
  }

  /** Takes a book if it differs or is the first `afterGap`. @returns whether it was published */
  receive(
    sides: Sides,
    exchangeTimestamp: number | null,
    receivedAt: number,
    afterGap: boolean,
  ): boolean {
    const last = this.#last;
    const asks = this.#cut(sides.asks);
    const bids = this.#cut(sides.bids);
    const ask = stepSide('ask', last?.asks ?? [], asks);
    const bid = stepSide('bid', last?.bids ?? [], bids);
    const changes = { asks: ask.changes, bids: bid.changes };
    const equal = last !== undefined && ask.changes.length === 0 && bid.changes.length === 0;
    if (equal && !afterGap) return false;
    const book: OrderBook = {
      market: this.#market,
      timestamp: receivedAt,
      exchangeTimestamp,
      sequence: this.#sequences.next(),
      asks: ask.levels,
      bids: bid.levels,
    };
    this.#last = book;
    this.#bus.publishBook({ book, changes, previous: last?.sequence ?? null, afterGap });
    this.books.publish(book);
    return true;
  }

  #cut<T>(levels: readonly T[]): readonly T[] {
    return this.#depth > 0 && levels.length > this.#depth ? levels.slice(0, this.#depth) : levels;
  }
}
