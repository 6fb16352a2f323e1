import type { BookEvent, StoredForm } from '../bus.js';
import type { Gap, GapCause } from '../market/gap.js';
import { type Market, marketKey } from '../market/market.js';
import { encodeLevels } from '../market/level-text.js';
import type { OrderBook } from '../market/order-book.js';
import { wholeRow } from './levels.js';
import type { BookRow, MarketNumber } from './writer-protocol.js';

/** What is known of a market since the process began. */
interface MarketState {
  readonly number: MarketNumber;
  /** Newest book that was kept. */
  last: OrderBook | null;
  /** The newest one kept whole, and how much of its changes may still be kept, characters. */
  whole: { sequence: number; timestamp: number; room: number } | null;
  /** Gap that the store itself opened and that still lasts. */
  gap: Gap | null;
  /** Sequence of the first book that was not kept in it. */
  unkeptFrom: number;
  /** Start of the newest gap of this market that anybody reported. */
  gapStart: number | null;
}

/**
 * Changes that may hang on a whole book however small that is, characters of text. To read a book,
 * its whole one and all changes since are read: beyond this they may weigh as much as that.
 */
const LEAST_ROOM = 64 * 1024;

/** Both sides as they are stored. */
type EncodedSides = Pick<BookRow, 'asks' | 'bids'>;

/** A row to write, and the store's own gap that it ends. */
interface Intake {
  readonly row: BookRow;
  readonly closed: Gap | null;
}

/**
 * Decides how each book is stored: whole or as its changes, and what gaps result from books that
 * had to be dropped. Knows the newest kept book of every market; touches neither disk nor queue.
 */
export class BookIntake {
  readonly #snapshotEveryMs: number;
  readonly #markets = new Map<string, MarketState>();
  /** The same by the collectors' own objects, without making a key for each book. */
  readonly #byObject = new WeakMap<Market, MarketState>();
  /** Timestamp of the newest kept book of any market, this or an earlier run's. */
  #clock: number | null;

  /**
   * @param snapshotEveryMs a changed book this long after the market's last whole one is stored
   * whole, ms; 0 = every one. Sooner when the changes since weigh as much as that one.
   * @param lastTimestamp timestamp of the newest stored book, Unix ms.
   */
  constructor(snapshotEveryMs: number, lastTimestamp: number | null) {
    this.#snapshotEveryMs = snapshotEveryMs;
    this.#clock = lastTimestamp;
  }

  /** The row of a book that is kept. */
  keep(event: BookEvent): Intake {
    const { book } = event;
    const state = this.#state(event);
    const { stored } = event;
    // The log also says what the previous book was: nothing of this process counts.
    const first = stored === undefined ? state.last === null : event.previous === null;
    const { asks, bids, wholeAt } = stored ?? this.#form(event, state);
    const whole = wholeAt === null;
    const weight = asks.length + bids.length;
    const row: BookRow = {
      sequence: book.sequence,
      market: book.market,
      number: state.number,
      timestamp: book.timestamp,
      exchangeTimestamp: book.exchangeTimestamp,
      base: wholeAt ?? book.sequence,
      asks,
      bids,
      first,
      steppedFrom: this.#clock !== null && book.timestamp < this.#clock ? this.#clock : null,
    };
    this.#clock = book.timestamp;
    state.last = book;
    if (whole) {
      const { sequence, timestamp } = book;
      state.whole = { sequence, timestamp, room: Math.max(LEAST_ROOM, weight) };
    } else if (state.whole !== null) state.whole.room -= weight;
    const closed =
      state.gap === null ? null : { ...state.gap, end: Math.max(book.timestamp, state.gap.start) };
    state.gap = null;
    return { row, closed };
  }

  /** Notes a book that was not kept; the next one is whole. @returns its gap, null inside one */
  drop(event: BookEvent, cause: GapCause, detail: string): Gap | null {
    const { book } = event;
    const state = this.#state(event);
    if (state.gap !== null) return null;
    // The last one may be dated by a clock that has been set back since.
    let start = Math.min(state.last?.timestamp ?? book.timestamp, book.timestamp);
    // Gaps are identified by their start: one that follows another directly begins where that ended.
    if (start === state.gapStart) start = book.timestamp;
    state.gap = { market: book.market, start, end: null, cause, detail, attempts: 0 };
    state.gapStart = start;
    state.unkeptFrom = book.sequence;
    return state.gap;
  }

  /** The gap of books that cannot be kept, if it is open and has one up to `sequence`; else null. */
  unkeptAt(market: Market, sequence: number): Gap | null {
    const state = this.#markets.get(marketKey(market));
    return state === undefined || sequence < state.unkeptFrom ? null : state.gap;
  }

  /** The clock was wrong and has been set back by so much: gaps that began after `at` are dated again. */
  clockSet(byMs: number, at: number): void {
    for (const state of this.#markets.values()) {
      if (state.gapStart !== null && state.gapStart > at) state.gapStart += byMs;
      const { gap } = state;
      if (gap === null || gap.start <= at) continue;
      state.gap = { ...gap, start: gap.start + byMs };
    }
  }

  /** Notes a gap that another part reported. */
  noteGap(gap: Gap): void {
    const state = this.#markets.get(marketKey(gap.market));
    if (state !== undefined) state.gapStart = gap.start;
  }

  /** How a book is stored of which no log has decided that. */
  #form(event: BookEvent, state: MarketState): StoredForm {
    const { whole, last } = state;
    const changes =
      whole === null || this.#mustBeWhole(event, state) ? null : changesWithin(event, whole.room);
    // Without spreading, which took a microsecond a book.
    const { asks, bids } = changes ?? wholeRow(last, event.book);
    return { wholeAt: changes === null ? null : whole!.sequence, asks, bids };
  }

  #mustBeWhole({ book, previous, afterGap }: BookEvent, state: MarketState): boolean {
    if (afterGap || state.whole === null || state.gap !== null) return true;
    if (previous === null || previous !== state.last?.sequence) return true;
    const age = book.timestamp - state.whole.timestamp;
    // A negative age: the clock was set back, and a whole book now keeps rebuilding short.
    return age >= this.#snapshotEveryMs || age < 0;
  }

  #state({ book }: BookEvent): MarketState {
    const known = this.#byObject.get(book.market);
    if (known !== undefined) return known;
    const key = marketKey(book.market);
    let state = this.#markets.get(key);
    if (state === undefined) {
      state = {
        number: { id: null },
        last: null,
        whole: null,
        gap: null,
        unkeptFrom: 0,
        gapStart: null,
      };
      this.#markets.set(key, state);
    }
    this.#byObject.set(book.market, state);
    return state;
  }
}

/** The changes of a book as they are stored; null when they are longer than `room` characters. */
function changesWithin({ changes }: BookEvent, room: number): EncodedSides | null {
  const asks = encodeLevels(changes.asks);
  const bids = encodeLevels(changes.bids);
  return asks.length + bids.length > room ? null : { asks, bids };
}
