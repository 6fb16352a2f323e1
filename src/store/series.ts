import { compareDecimal, midDecimal, subtractDecimal } from '../market/decimal.js';
import { imbalanceOf } from '../market/imbalance.js';
import { type BookSource, NO_MARKET, rowPages } from './book-source.js';
import type { RebuiltBook } from './rebuild.js';
import { TopReplay } from './replay.js';
import type { Breaks, Interval, SeriesPoint } from './reader-types.js';
import { Validity } from './validity.js';

/** Rows read at a time. */
const PAGE_ROWS = 1_000;

/** A window and its steps, ms; `to` is exclusive. */
export interface SeriesGrid {
  readonly from: number;
  readonly to: number;
  readonly step: number;
}

/** When a market was being recorded without a gap. */
function covered({ spans, gaps }: Breaks): Interval[] {
  const parts: Interval[] = [];
  for (const span of spans) {
    let { start } = span;
    for (const gap of gaps) {
      if (gap.end <= start) continue;
      if (gap.start >= span.end) break;
      if (gap.start > start) parts.push({ start, end: gap.start });
      start = gap.end;
    }
    if (start < span.end) parts.push({ start, end: span.end });
  }
  return parts;
}

/** Share of each of some ascending windows that lies in intervals. */
class Share {
  readonly #parts: readonly Interval[];
  #at = 0;

  constructor(parts: readonly Interval[]) {
    this.#parts = parts;
  }

  of(start: number, end: number): number {
    let sum = 0;
    for (let i = this.#at; i < this.#parts.length; i++) {
      const part = this.#parts[i]!;
      if (part.end <= start) this.#at = i + 1;
      else if (part.start >= end) break;
      else sum += Math.min(part.end, end) - Math.max(part.start, start);
    }
    return sum / (end - start);
  }
}

/** Accumulated state of a step. Prices are mid prices. */
interface Step {
  books: number;
  open: string | null;
  high: string | null;
  low: string | null;
  close: string | null;
  /** Whether the newest book holds for any moment of the step. */
  seen: boolean;
}

const empty = (): Step => {
  return { books: 0, open: null, high: null, low: null, close: null, seen: false };
};

/**
 * Time series of one market, step by step, in one pass over its rows. A book holds until the next
 * one: a step without books has the prices of the last one before it, unless that is before a gap.
 */
class Series {
  readonly #source: BookSource;
  readonly #id: number;
  readonly #grid: SeriesGrid;
  readonly #validity: Validity;
  readonly #share: Share;
  readonly #replay: TopReplay;
  /** The newest book, at least its best levels, and its mid price. */
  #book: RebuiltBook | null = null;
  #mid: string | null = null;
  #ask: string | undefined;
  #bid: string | undefined;
  #start: number;
  #step = empty();

  constructor(source: BookSource, id: number, grid: SeriesGrid, breaks: Breaks) {
    this.#source = source;
    this.#id = id;
    this.#replay = new TopReplay(source);
    this.#grid = grid;
    this.#validity = new Validity(breaks);
    this.#share = new Share(covered(breaks));
    this.#start = grid.from;
  }

  async *points(): AsyncGenerator<SeriesPoint[]> {
    const { from, to } = this.#grid;
    const first = await this.#source.bookAt(this.#id, from);
    if (first !== null) this.#look(first);
    this.#begin();
    for await (const rows of rowPages(this.#source, PAGE_ROWS)) {
      const points: SeriesPoint[] = [];
      for (const row of rows) {
        while (row.timestamp >= this.#start + this.#grid.step) {
          points.push(this.#end());
          if (points.length >= PAGE_ROWS) yield points.splice(0);
        }
        const replayed = this.#replay.apply(row);
        const book = replayed instanceof Promise ? await replayed : replayed;
        // The whole book under it has been deleted.
        if (book === null) continue;
        this.#look(book);
        this.#step.books++;
        this.#note();
      }
      yield points;
    }
    for (let points: SeriesPoint[] = []; ; points = []) {
      while (this.#start < to && points.length < PAGE_ROWS) points.push(this.#end());
      if (points.length === 0) return;
      yield points;
    }
  }

  /** Records the newest book; the mid price is computed only when a best price has changed. */
  #look(book: RebuiltBook): void {
    this.#book = book;
    const ask = book.asks[0]?.[0];
    const bid = book.bids[0]?.[0];
    if (ask === this.#ask && bid === this.#bid) return;
    this.#ask = ask;
    this.#bid = bid;
    this.#mid = ask === undefined || bid === undefined ? null : midDecimal(ask, bid);
  }

  /** Records the newest book in the step. */
  #note(): void {
    const step = this.#step;
    const mid = this.#mid;
    step.seen = true;
    if (mid === step.close) return;
    step.close = mid;
    if (mid === null) return;
    step.open ??= mid;
    if (step.high === null || compareDecimal(mid, step.high) > 0) step.high = mid;
    if (step.low === null || compareDecimal(mid, step.low) < 0) step.low = mid;
  }

  /** Starts a step with the book still in effect. */
  #begin(): void {
    this.#step = empty();
    if (this.#book === null || this.#start > Date.now()) return;
    if (this.#validity.holds(this.#start, this.#book.timestamp)) this.#note();
  }

  /** The point of the step that ends. */
  #end(): SeriesPoint {
    const { books, open, high, low, close, seen } = this.#step;
    const [ask, bid] = seen ? [this.#book!.asks[0], this.#book!.bids[0]] : [];
    const time = this.#start;
    const end = Math.min(time + this.#grid.step, this.#grid.to);
    const both = ask !== undefined && bid !== undefined;
    const spread = both ? subtractDecimal(ask[0], bid[0]) : null;
    const point: SeriesPoint = {
      time,
      open,
      high,
      low,
      close,
      bestBid: bid?.[0] ?? null,
      bestBidVolume: bid?.[1] ?? null,
      bestAsk: ask?.[0] ?? null,
      bestAskVolume: ask?.[1] ?? null,
      spread,
      spreadBp: spread === null ? null : (Number(spread) / Number(this.#mid)) * 10_000,
      imbalance: both ? imbalanceOf(bid[1], ask[1]) : null,
      books,
      covered: this.#share.of(time, end),
    };
    this.#start += this.#grid.step;
    this.#begin();
    return point;
  }
}

/** The points of a source's single market in pieces, oldest first. */
export async function* seriesPoints(
  source: BookSource,
  grid: SeriesGrid,
): AsyncGenerator<SeriesPoint[]> {
  const [id = NO_MARKET] = source.markets.keys();
  yield* new Series(source, id, grid, await source.breaks(id, grid)).points();
}
