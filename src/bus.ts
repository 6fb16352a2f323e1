import { Topic } from './util/topic.js';
import type { CollectorStatus } from './market/collector-status.js';
import type { CoverageMinute } from './market/coverage.js';
import type { Gap } from './market/gap.js';
import { type Market, marketKey } from './market/market.js';
import { ALL_MARKETS, type MarketSelection } from './market/market-selection.js';
import type { OrderBook, Sides } from './market/order-book.js';
import type { LogRecord } from './market/log-record.js';
import type { Trade } from './market/trade.js';
import type { TradeLoss, TradeSpan } from './market/trade-span.js';

/** The row of a book, as the log of several nodes has it. */
export interface StoredForm {
  /** Sequence of the whole book that it is stored as a change of; null = it is stored whole. */
  readonly wholeAt: number | null;
  /** Both sides as they are stored, text. */
  readonly asks: string;
  readonly bids: string;
}

/** A numbered book as the recorder publishes it: the book and how it differs from the last one. */
export interface BookEvent {
  readonly book: OrderBook;
  /**
   * Levels that turn the market's previously numbered book into this one (volume `0` = vanished),
   * best first. For the first book of a market: all its levels.
   */
  readonly changes: Sides;
  /** Sequence of the previously numbered book of this market; null when there is none. */
  readonly previous: number | null;
  /** Set for the first book after a start or a gap: it must be stored whole, even if equal. */
  readonly afterGap: boolean;
  /** How it is to be stored, where the log of several nodes has decided that. Absent: the store decides. */
  readonly stored?: StoredForm;
}

/**
 * The in-process pubsub between the collectors and everything that uses their books. It holds what
 * is true now; what waits for slow readers is held by those who serve them (`live/`).
 */
export class Bus {
  /** Before each book that a collector takes: nothing is being published, and what has waited long may be done. */
  readonly lulls = new Topic<void>();
  /** Every numbered book, in order of sequence. */
  readonly books = new Topic<BookEvent>();
  /** Every recorded trade, in order of sequence; none that was published before. */
  readonly trades = new Topic<Trade>();
  /** What is known of spans of trades: a newer word replaces the older one about the same time. */
  readonly tradeSpans = new Topic<TradeSpan>();
  /** Every recorded trade that could not be stored. */
  readonly tradeLosses = new Topic<TradeLoss>();
  /** What was said on {@link tradeSpans} may not be what is stored: that is to be asked for. */
  readonly tradeDoubts = new Topic<void>();
  /** Every change of a collector's state. */
  readonly status = new Topic<CollectorStatus>();
  /** Every gap opened, changed or closed. */
  readonly gaps = new Topic<Gap>();
  /** What was received of each market, a finished minute at a time. */
  readonly coverage = new Topic<CoverageMinute>();
  /** Times of receipt (Unix ms) of books that have just been stored, a batch at a time. */
  readonly commits = new Topic<readonly number[]>();
  /** Every log event. */
  readonly logs = new Topic<LogRecord>();

  readonly #current = new Map<string, OrderBook>();
  /** The newest gap of each market that has ended since its last book. */
  readonly #endedGaps = new Map<string, Gap>();
  #lastSequence = 0;

  constructor() {
    this.gaps.on((gap) => {
      if (gap.end !== null) this.#endedGaps.set(marketKey(gap.market), gap);
    });
  }

  /** Makes a numbered book the current one of its market and publishes it. */
  publishBook(event: BookEvent): void {
    const { book } = event;
    const key = marketKey(book.market);
    this.#current.set(key, book);
    this.#lastSequence = book.sequence;
    this.books.publish(event);
    // It lies before this book only, though the next may be of the same millisecond.
    this.#endedGaps.delete(key);
  }

  /** Sequence of the newest book published in this process; 0 before the first. */
  get lastSequence(): number {
    return this.#lastSequence;
  }

  /**
   * The gap that ended with `book`, or null; to be asked while it is being published. A gap ends with
   * the receive time of the first book after it and is published before that book, the store's own
   * while the book is on its way to the store, which is the first to listen.
   */
  gapBefore(book: OrderBook): Gap | null {
    const gap = this.#endedGaps.get(marketKey(book.market));
    return gap?.end === book.timestamp ? gap : null;
  }

  /** Newest book of a market in this process, if there is one. */
  current(market: Market): OrderBook | undefined {
    return this.#current.get(marketKey(market));
  }

  /** Newest books of all markets that match. */
  *currentBooks(selection: MarketSelection = ALL_MARKETS): Generator<OrderBook> {
    for (const book of this.#current.values()) {
      if (selection.matches(book.market)) yield book;
    }
  }

  /** Makes a book the current one of its market that was published before this process began. */
  restore(book: OrderBook): void {
    this.#current.set(marketKey(book.market), book);
    this.#lastSequence = Math.max(this.#lastSequence, book.sequence);
  }

  /** Forgets a market's current book: a stopped market has none. */
  forget(market: Market): void {
    this.#current.delete(marketKey(market));
  }
}
