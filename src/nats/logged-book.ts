import { decodeLevels } from '../market/level-text.js';
import type { BookEvent, StoredForm } from '../bus.js';
import type { Market } from '../market/market.js';
import type { Level, OrderBook, Sides } from '../market/order-book.js';
import type { SideTexts } from './messages.js';

/** A book from the log, whose levels stay text until they are read: most never are. */
export class LoggedBook implements OrderBook {
  readonly market: Market;
  readonly timestamp: number;
  readonly exchangeTimestamp: number | null;
  readonly sequence: number;
  readonly texts: SideTexts;
  #asks: readonly Level[] | null = null;
  #bids: readonly Level[] | null = null;

  constructor(book: Omit<OrderBook, 'asks' | 'bids'>, { asks, bids }: SideTexts) {
    this.market = book.market;
    this.timestamp = book.timestamp;
    this.exchangeTimestamp = book.exchangeTimestamp;
    this.sequence = book.sequence;
    this.texts = { asks, bids };
  }

  get asks(): readonly Level[] {
    return (this.#asks ??= decodeLevels(this.texts.asks));
  }

  get bids(): readonly Level[] {
    return (this.#bids ??= decodeLevels(this.texts.bids));
  }

  /** Its market has a newer book: what was parsed of its text is dropped, until it is read again. */
  forget(): void {
    this.#asks = null;
    this.#bids = null;
  }
}

/** What is published about a book from the log. */
export class LoggedEvent implements BookEvent {
  readonly book: LoggedBook;
  readonly previous: number | null;
  readonly afterGap: boolean;
  readonly stored: StoredForm;
  readonly #changes: SideTexts;

  constructor(
    book: LoggedBook,
    changes: SideTexts,
    rest: Pick<LoggedEvent, 'previous' | 'afterGap' | 'stored'>,
  ) {
    this.book = book;
    this.#changes = changes;
    this.previous = rest.previous;
    this.afterGap = rest.afterGap;
    this.stored = rest.stored;
  }

  get changes(): Sides {
    const { asks, bids } = this.#changes;
    return { asks: decodeLevels(asks), bids: decodeLevels(bids) };
  }
}
