import type { CollectorState } from './collector-status.js';
import {
  addDecimal,
  compareDecimal,
  divideDecimal,
  multiplyDecimal,
  subtractDecimal,
} from './decimal.js';
import type { Exchange } from './exchange.js';
import type { Pair } from './market.js';
import type { Level, OrderBook, Side } from './order-book.js';

/** One exchange's part of a consolidated book. */
export interface Leg {
  readonly exchange: Exchange;
  /** State of its collector; null when it has none. */
  readonly state: CollectorState | null;
  /** Its newest book; null before the first and while it is not collected. */
  readonly book: OrderBook | null;
  /** When the exchange last sent a valid book, even if equal to the newest, Unix ms. */
  readonly confirmedAt: number | null;
}

/** A level of a consolidated book. */
export interface ExchangeLevel {
  readonly exchange: Exchange;
  readonly level: Level;
}

/** What an amount costs when filled from some levels, best first. */
export interface Fill {
  /** How much of the amount the levels can fill, in the base asset. */
  readonly filled: string;
  /** Whether that is all of it. */
  readonly complete: boolean;
  /** Exact sum of price times volume over the fill, in the quote currency. */
  readonly cost: string;
  /** `cost` divided by `filled`, to {@link AVERAGE_DECIMALS} decimals; null when nothing is filled. */
  readonly average: string | null;
  /** Whether `average` is exact. */
  readonly averageExact: boolean;
  /** Price of the last level touched; null when nothing is filled. */
  readonly worst: string | null;
  /** Number of levels touched. */
  readonly levels: number;
}

/** Maximum decimals of an average price; the only number here that may have to be rounded. */
export const AVERAGE_DECIMALS = 18;

/** Whether a leg is unreliable: its collector is not `LIVE`, or it has no book. */
export function isStale(leg: Leg): boolean {
  return leg.state !== 'LIVE' || leg.book === null;
}

/** The books of one pair on all exchanges, side by side. Immutable. */
export class ConsolidatedBook {
  /** @param at Unix ms. @param legs by exchange. @param includeStale whether stale ones count */
  constructor(
    readonly pair: Pair,
    readonly at: number,
    readonly legs: readonly Leg[],
    readonly includeStale: boolean,
  ) {}

  /** The legs whose levels count. */
  get counted(): readonly Leg[] {
    return this.includeStale ? this.legs : this.legs.filter((leg) => !isStale(leg));
  }

  /** One side of all counted legs, best first; equal prices stay separate, ordered by exchange name. */
  *levels(side: Side): Generator<ExchangeLevel> {
    const heads = this.counted.map(({ exchange, book }) => ({
      exchange,
      levels: (side === 'ask' ? book?.asks : book?.bids) ?? [],
      next: 0,
    }));
    for (;;) {
      let best: (typeof heads)[number] | null = null;
      for (const head of heads) {
        if (head.next === head.levels.length) continue;
        if (best === null || isBetter(side, head.levels[head.next]![0], best.levels[best.next]![0]))
          best = head;
      }
      if (best === null) return;
      yield { exchange: best.exchange, level: best.levels[best.next++]! };
    }
  }

  /** The best level of a side; null when there is none. */
  best(side: Side): ExchangeLevel | null {
    for (const level of this.levels(side)) return level;
    return null;
  }
}

function isBetter(side: Side, a: string, b: string): boolean {
  const order = compareDecimal(a, b);
  return side === 'ask' ? order < 0 : order > 0;
}

/** What `amount` (Decimal, more than 0, in the base asset) costs when filled from `levels`, best first. */
export function fill(levels: Iterable<Level>, amount: string): Fill {
  let left = amount;
  let filled = '0';
  let cost = '0';
  let worst: string | null = null;
  let count = 0;
  for (const [price, volume] of levels) {
    const taken = compareDecimal(volume, left) < 0 ? volume : left;
    left = subtractDecimal(left, taken);
    filled = addDecimal(filled, taken);
    cost = addDecimal(cost, multiplyDecimal(price, taken));
    worst = price;
    count++;
    if (left === '0') break;
  }
  const average = worst === null ? null : divideDecimal(cost, filled, AVERAGE_DECIMALS);
  return {
    filled,
    complete: left === '0',
    cost,
    average: average?.value ?? null,
    averageExact: average?.exact ?? true,
    worst,
    levels: count,
  };
}
