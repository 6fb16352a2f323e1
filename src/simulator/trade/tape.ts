import type { StillBook } from '../book/book.js';
import { plainText, UNITS } from '../book/number-text.js';
import type { Candle, Trade, TradeTally } from './trade.js';

const MINUTE_MS = 60_000;

/** Minutes for which candles are kept. */
const MAX_CANDLES = 1440;

/** The trades of one market, oldest first, bounded. */
export class Tape {
  /** The book up to which all trades have happened. */
  seen: StillBook;
  /** Trades whose frames wait until later ones have gone out. */
  held: Trade[] = [];
  readonly #most: number;
  readonly #trades: Trade[] = [];
  readonly #candles = new Map<number, Candle>();
  #ms = 0;
  #counter = 0;
  #count = 0;
  #live = 0;
  #volume = 0n;

  /** @param most trades kept */
  constructor(book: StillBook, most: number) {
    this.seen = book;
    this.#most = most;
  }

  get trades(): readonly Trade[] {
    return this.#trades;
  }

  /** The newest; undefined: there was none. */
  get last(): Trade | undefined {
    return this.#trades[this.#trades.length - 1];
  }

  /** Counts, see {@link TradeTally}. */
  get tally(): TradeTally {
    const volume = plainText(this.#volume);
    const last = this.last?.history === false ? this.last.id : null;
    return { count: this.#count, live: this.#live, volume, lastId: last };
  }

  /** Time of a new trade at about `ms`, at most `perMs` in one ms, and its number in it, from 0. */
  moment(ms: number, perMs: number): { ms: number; n: number } {
    if (ms > this.#ms) {
      this.#ms = ms;
      this.#counter = 0;
    } else if (this.#counter + 1 >= perMs) {
      this.#ms += 1;
      this.#counter = 0;
    } else {
      this.#counter += 1;
    }
    return { ms: this.#ms, n: this.#counter };
  }

  add(trade: Trade): void {
    if (this.#trades.length >= this.#most) this.#trades.splice(0, Math.ceil(this.#most / 10));
    this.#trades.push(trade);
    this.#enterCandle(trade);
    if (trade.history) return;
    this.#count += 1;
    this.#volume += trade.level.volume;
  }

  /** A trade has gone out whole to a socket. */
  sent(trade: Trade): void {
    if (trade.live === 0) this.#live += 1;
    trade.live += 1;
  }

  /** The newest trades that REST has and `wanted` lets through, newest first, as they are served. */
  page(count: number, wanted: (trade: Trade) => boolean = () => true): Trade[] {
    const rows: Trade[] = [];
    for (let i = this.#trades.length - 1; i >= 0 && rows.length < count; i--) {
      const trade = this.#trades[i]!;
      const { fault } = trade;
      if (fault === 'restHole' || fault === 'unreported' || !wanted(trade)) continue;
      trade.rest = true;
      rows.push(trade);
    }
    return rows;
  }

  /** From now on REST has none of the trades so far. */
  forget(): void {
    for (const trade of this.#trades) trade.fault = 'restHole';
  }

  /** Candles of minutes with trades that start in [from, to), Unix ms, oldest first. */
  candles(from: number, to: number): Candle[] {
    return [...this.#candles.values()].filter(({ minute }) => minute >= from && minute < to);
  }

  #enterCandle({ ms, level: { price, volume } }: Trade): void {
    if (price === 0n) return;
    const minute = ms - (ms % MINUTE_MS);
    const candle = this.#candles.get(minute);
    const amount = (price * volume) / UNITS;
    if (candle === undefined) {
      const prices = { open: price, high: price, low: price, close: price };
      this.#candles.set(minute, { minute, ...prices, volume, amount, last: ms });
      if (this.#candles.size > MAX_CANDLES)
        this.#candles.delete(this.#candles.keys().next().value!);
      return;
    }
    if (price > candle.high) candle.high = price;
    if (price < candle.low) candle.low = price;
    candle.close = price;
    candle.volume += volume;
    candle.amount += amount;
    candle.last = ms;
  }
}
