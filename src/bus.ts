import { Topic } from './util/topic.js';
import type { CollectorStatus } from './market/collector-status.js';
import type { CoverageMinute } from './market/coverage.js';
import type { Gap } from './market/gap.js';
import { type Market, marketKey } from './market/market.js';
import { ALL_MARKETS, type MarketSelection } from './market/market-selection.js';
import type { OrderBook, Sides } from './market/order-book.js';
import type { LogRecord } from './market/log-record.js';
import type { Trade } from './market/trade.js';
import type { TradeDoubt, TradeLoss, TradeSpan } from './market/trade-span.js';

/** A book as stored, decided by the log of several nodes. */
export interface StoredForm {
  /** Sequence of the whole book this is a delta of; null = stored whole. */
  readonly wholeAt: number | null;
  /** Both sides in stored form, as text. */
  readonly asks: string;
  readonly bids: string;
}

/** A numbered book as the recorder publishes it, with its difference from the last one. */
export interface BookEvent {
  readonly book: OrderBook;
  /**
   * Levels that turn the market's previous numbered book into this one (volume `0` = vanished),
   * best first. For a market's first book: all its levels.
   */
  readonly changes: Sides;
  /** Sequence of this market's previous numbered book; null when there is none. */
  readonly previous: number | null;
  /** Set for the first book after a start or a gap: it must be stored whole, even if equal. */
  readonly afterGap: boolean;
  /** How to store it, where the log of several nodes has decided that. Absent: the store decides. */
  readonly stored?: StoredForm;
}

/**
 * In-process pubsub between the collectors and everything that uses their books. It only holds
 * current state; backlogs for slow readers are kept by whoever serves them (`live/`).
 */
export class Bus {
  /** Before each book that a collector takes: nothing is being published, and what has waited long may be done. */
  readonly lulls = new Topic<void>();
  /** Every numbered book, in order of sequence. */
  readonly books = new Topic<BookEvent>();
  /** Every recorded trade exactly once, in order of sequence. */
  readonly trades = new Topic<Trade>();
  /** Completeness of spans of trades; a later event replaces earlier ones for the same time. */
  readonly tradeSpans = new Topic<TradeSpan>();
  /** Every recorded trade that could not be stored. */
  readonly tradeLosses = new Topic<TradeLoss>();
  /** Asks to query the store for what is unchecked on {@link tradeSpans}, and to publish again what it lacks. */
  readonly tradeDoubts = new Topic<TradeDoubt>();
  /** Every change of a collector's state. */
  readonly status = new Topic<CollectorStatus>();
  /** Every gap opened, changed or closed. */
  readonly gaps = new Topic<Gap>();
  /** What was received for each market, one finished minute at a time. */
  readonly coverage = new Topic<CoverageMinute>();
  /** Times of receipt (Unix ms) of books just committed, one batch at a time. */
  readonly commits = new Topic<readonly number[]>();
  /** Every log event. */
  readonly logs = new Topic<LogRecord>();

  readonly #current = new Map<string, OrderBook>();
  /** The latest gap of each market that has closed since its last book. */
  readonly #endedGaps = new Map<string, Gap>();
  #lastSequence = 0;

  constructor() {
    this.gaps.on((gap) => {
      if (gap.end !== null) this.#endedGaps.set(marketKey(gap.market), gap);
    });
  }

  /** Makes a numbered book its market's current one and publishes it. */
  publishBook(event: BookEvent): void {
    const { book } = event;
    const key = marketKey(book.market);
    this.#current.set(key, book);
    this.#lastSequence = book.sequence;
    this.books.publish(event);
    // It precedes this book only, even if the next one has the same millisecond.
    this.#endedGaps.delete(key);
  }

  /** Sequence of the newest book published in this process; 0 before the first. */
  get lastSequence(): number {
    return this.#lastSequence;
  }

  /**
   * The gap that closed with `book`, or null; only valid while it is being published. A gap ends at
   * the receive time of the first book after it and is published before that book; the store's own
   * gap while the book is on its way to the store, which listens first.
   */
  gapBefore(book: OrderBook): Gap | null {
    const gap = this.#endedGaps.get(marketKey(book.market));
    return gap?.end === book.timestamp ? gap : null;
  }

  /** Newest book of a market in this process, if any. */
  current(market: Market): OrderBook | undefined {
    return this.#current.get(marketKey(market));
  }

  /** Newest books of all matching markets. */
  *currentBooks(selection: MarketSelection = ALL_MARKETS): Generator<OrderBook> {
    for (const book of this.#current.values()) {
      if (selection.matches(book.market)) yield book;
    }
  }

  /** Makes a book published before this process started its market's current one. */
  restore(book: OrderBook): void {
    this.#current.set(marketKey(book.market), book);
    this.#lastSequence = Math.max(this.#lastSequence, book.sequence);
  }

  /** Drops a market's current book: a stopped market has none. */
  forget(market: Market): void {
    this.#current.delete(marketKey(market));
  }
}
