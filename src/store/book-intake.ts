import type { BookEvent, StoredForm } from '../bus.js';
import type { Gap, GapCause } from '../market/gap.js';
import { type Market, marketKey } from '../market/market.js';
import { encodeLevels } from '../market/level-text.js';
import type { OrderBook } from '../market/order-book.js';
import { wholeRow } from './levels.js';
import type { BookRow, MarketNumber } from './writer-protocol.js';

/** State of a market since the process started. */
interface MarketState {
  readonly number: MarketNumber;
  /** Newest book that was kept. */
  last: OrderBook | null;
  /** The newest one kept whole, and how many characters of deltas may still follow it. */
  whole: { sequence: number; timestamp: number; room: number } | null;
  /** An open gap of the store itself. */
  gap: Gap | null;
  /** Sequence of the first book not kept in it. */
  unkeptFrom: number;
  /** Start of the newest gap of this market reported by anyone. */
  gapStart: number | null;
}

/**
 * Deltas that may follow a whole book however small it is, characters of text. Reading a book means
 * reading its whole one and all deltas since: beyond this they may be as large as that.
 */
const LEAST_ROOM = 64 * 1024;

/** Both sides in stored form. */
type EncodedSides = Pick<BookRow, 'asks' | 'bids'>;

/** A row to write, and the store's own gap that it ends. */
interface Intake {
  readonly row: BookRow;
  readonly closed: Gap | null;
}

/**
 * Decides how each book is stored, whole or as a delta, and which gaps result from dropped books.
 * Knows the newest kept book of every market; touches neither disk nor queue.
 */
export class BookIntake {
  readonly #snapshotEveryMs: number;
  readonly #markets = new Map<string, MarketState>();
  /** The same by the collectors' own objects, to avoid building a key for each book. */
  readonly #byObject = new WeakMap<Market, MarketState>();
  /** Timestamp of the newest kept book of any market, in this or an earlier run. */
  #clock: number | null;

  /**
   * @param snapshotEveryMs a changed book this long after the market's last whole one is stored
   * whole, ms; 0 = every one. Sooner when the deltas since are as large as that one.
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
    // The log also says what the previous book was: nothing in this process counts.
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

  /** Records a book that was not kept; the next one is whole. @returns its gap, null inside one */
  drop(event: BookEvent, cause: GapCause, detail: string): Gap | null {
    const { book } = event;
    const state = this.#state(event);
    if (state.gap !== null) return null;
    // The last one may be dated by a clock that has been set back since.
    let start = Math.min(state.last?.timestamp ?? book.timestamp, book.timestamp);
    // Gaps are identified by their start: one that directly follows another starts where that ended.
    if (start === state.gapStart) start = book.timestamp;
    state.gap = { market: book.market, start, end: null, cause, detail, attempts: 0 };
    state.gapStart = start;
    state.unkeptFrom = book.sequence;
    return state.gap;
  }

  /** The open gap of dropped books, if it includes one up to `sequence`; otherwise null. */
  unkeptAt(market: Market, sequence: number): Gap | null {
    const state = this.#markets.get(marketKey(market));
    return state === undefined || sequence < state.unkeptFrom ? null : state.gap;
  }

  /** The clock was wrong and has been set back by this much: gaps that started after `at` are redated. */
  clockSet(byMs: number, at: number): void {
    for (const state of this.#markets.values()) {
      if (state.gapStart !== null && state.gapStart > at) state.gapStart += byMs;
      const { gap } = state;
      if (gap === null || gap.start <= at) continue;
      state.gap = { ...gap, start: gap.start + byMs };
    }
  }

  /** Records a gap reported by another part. */
  noteGap(gap: Gap): void {
    const state = this.#markets.get(marketKey(gap.market));
    if (state !== undefined) state.gapStart = gap.start;
  }

  /** How to store a book for which no log has decided that. */
  #form(event: BookEvent, state: MarketState): StoredForm {
    const { whole, last } = state;
    const changes =
      whole === null || this.#mustBeWhole(event, state) ? null : changesWithin(event, whole.room);
    // Without spreading, which took a microsecond per book.
    const { asks, bids } = changes ?? wholeRow(last, event.book);
    return { wholeAt: changes === null ? null : whole!.sequence, asks, bids };
  }

  #mustBeWhole({ book, previous, afterGap }: BookEvent, state: MarketState): boolean {
    if (afterGap || state.whole === null || state.gap !== null) return true;
    if (previous === null || previous !== state.last?.sequence) return true;
    const age = book.timestamp - state.whole.timestamp;
    // Negative age: the clock was set back; a whole book now keeps rebuilding short.
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

/** The deltas of a book in stored form; null when longer than `room` characters. */
function changesWithin({ changes }: BookEvent, room: number): EncodedSides | null {
  const asks = encodeLevels(changes.asks);
  const bids = encodeLevels(changes.bids);
  return asks.length + bids.length > room ? null : { asks, bids };
}
