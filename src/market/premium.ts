import { type ConsolidatedBook, isStale, type Leg } from './consolidated.js';
import {
  addDecimal,
  compareDecimal,
  divideDecimal,
  midDecimal,
  multiplyDecimal,
  subtractDecimal,
} from './decimal.js';
import type { Exchange } from './exchange.js';

/** Maximum decimals of a percentage; a basis point has two fewer, so both round alike. */
export const PERCENT_DECIMALS = 6;

/** Difference between a price and the reference price. */
interface Difference {
  /** Exact, in the quote currency. */
  readonly amount: string;
  /** In percent of the reference price, to {@link PERCENT_DECIMALS} decimals, half away from zero. */
  readonly percent: string;
}

/** One exchange's price compared with the reference price. */
export interface PremiumPrice {
  readonly leg: Leg;
  /** When it was read, Unix ms. */
  readonly at: number;
  /** Midpoint of its best ask and bid, exact; null where a side is empty or there is no book. */
  readonly mid: string | null;
  /** Null where either price is unknown. */
  readonly difference: Difference | null;
}

/** A pair that can be bought on one exchange for less than it can be sold for on another. */
export interface Crossing {
  readonly buyAt: Exchange;
  readonly buyPrice: string;
  readonly sellAt: Exchange;
  readonly sellPrice: string;
  /** Volume available at both best levels, in the base asset. */
  readonly volume: string;
}

/** Profit from a {@link Crossing} after the fees of both trades. */
export interface Margin {
  /** Per unit of the base asset, exact, in the quote currency; negative for a loss. */
  readonly perUnit: string;
  /** The same for {@link Crossing.volume}. */
  readonly total: string;
  /** In percent of the amount paid, to {@link PERCENT_DECIMALS} decimals, half away from zero. */
  readonly percent: string;
}

/** A leg's mid price. */
function midOf({ book }: Leg): string | null {
  const ask = book?.asks[0];
  const bid = book?.bids[0];
  return ask === undefined || bid === undefined ? null : midDecimal(ask[0], bid[0]);
}

/** `part` as a percentage of `whole`, which is greater than 0. */
function percentOf(part: string, whole: string): string {
  return divideDecimal(multiplyDecimal(part, '100'), whole, PERCENT_DECIMALS).value;
}

/** The prices of one pair on all exchanges compared with that on one of them. Immutable. */
export class Premium {
  /** When it was computed, Unix ms. */
  readonly at: number;
  /** Ordered by exchange name. */
  readonly prices: readonly PremiumPrice[];
  /** The reference mid price; null where unknown. */
  readonly base: string | null;

  /** @param book stale legs included. @param against the reference exchange */
  constructor(
    readonly book: ConsolidatedBook,
    readonly against: Exchange,
  ) {
    const { at, legs } = book;
    this.at = at;
    const measure = legs.find((leg) => leg.exchange === against);
    const base = measure === undefined ? null : midOf(measure);
    this.base = base;
    this.prices = legs.map((leg) => {
      const mid = midOf(leg);
      if (mid === null || base === null) return { leg, at, mid, difference: null };
      const amount = subtractDecimal(mid, base);
      return { leg, at, mid, difference: { amount, percent: percentOf(amount, base) } };
    });
  }

  /** Mid prices backed by a live collector, lowest first. */
  get #vouched(): PremiumPrice[] {
    return this.prices
      .filter(({ leg, mid }) => mid !== null && !isStale(leg))
      .sort((a, b) => compareDecimal(a.mid!, b.mid!));
  }

  /** Number of exchanges whose price can be compared. */
  get compared(): number {
    return this.#vouched.length;
  }

  /** Highest over lowest mid price in percent, excluding stale ones. Null with fewer than two. */
  get widestPercent(): string | null {
    const prices = this.#vouched;
    const [lowest, highest] = [prices[0]?.mid ?? null, prices.at(-1)?.mid ?? null];
    if (prices.length < 2 || lowest === null || highest === null) return null;
    return percentOf(subtractDecimal(highest, lowest), lowest);
  }

  /** Where to buy and where to sell when the best bid overall exceeds the best ask; otherwise null. */
  get crossing(): Crossing | null {
    const fresh = this.book.legs.filter((leg) => !isStale(leg));
    const asks = fresh.flatMap(({ exchange, book }) =>
      book?.asks[0] === undefined ? [] : [{ exchange, level: book.asks[0] }],
    );
    const bids = fresh.flatMap(({ exchange, book }) =>
      book?.bids[0] === undefined ? [] : [{ exchange, level: book.bids[0] }],
    );
    const ask = asks.sort((a, b) => compareDecimal(a.level[0], b.level[0]))[0];
    const bid = bids.sort((a, b) => compareDecimal(b.level[0], a.level[0]))[0];
    if (ask === undefined || bid === undefined || ask.exchange === bid.exchange) return null;
    if (compareDecimal(bid.level[0], ask.level[0]) <= 0) return null;
    const less = compareDecimal(ask.level[1], bid.level[1]) < 0 ? ask : bid;
    return {
      buyAt: ask.exchange,
      buyPrice: ask.level[0],
      sellAt: bid.exchange,
      sellPrice: bid.level[0],
      volume: less.level[1],
    };
  }
}

/** Profit from a crossing when each of its trades costs `feePercent` (Decimal, 0 or more). */
export function marginOf(crossing: Crossing, feePercent: string): Margin {
  const fee = divideDecimal(feePercent, '100', 200).value;
  const paid = multiplyDecimal(crossing.buyPrice, addDecimal('1', fee));
  const got = multiplyDecimal(crossing.sellPrice, subtractDecimal('1', fee));
  const perUnit = subtractDecimal(got, paid);
  return {
    perUnit,
    total: multiplyDecimal(perUnit, crossing.volume),
    percent: percentOf(perUnit, paid),
  };
}

/**
 * Premiums of many pairs, widest first; those with fewer than two comparable prices are left out,
 * and equally wide ones are ordered by name.
 */
export function widestFirst(premiums: readonly Premium[]): Premium[] {
  return premiums
    .flatMap((premium) => {
      const percent = premium.widestPercent;
      return percent === null ? [] : [{ premium, percent }];
    })
    .sort((a, b) => {
      const [x, y] = [a.premium.book.pair, b.premium.book.pair];
      return compareDecimal(b.percent, a.percent) || (x.symbol < y.symbol ? -1 : 1);
    })
    .map(({ premium }) => premium);
}
