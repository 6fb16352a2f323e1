import {
  addDecimal,
  compareDecimal,
  divideDecimal,
  multiplyDecimal,
  multipleDecimal,
  subtractDecimal,
} from '../../market/decimal.js';

/** A level as it came: price and volume as text. */
export interface Level {
  readonly price: string;
  readonly volume: string;
}

/** An order book to be shown: asks lowest first, bids highest first. */
export interface ShownBook {
  readonly asks: readonly Level[];
  readonly bids: readonly Level[];
  readonly spread?: string | null | undefined;
  readonly midPrice?: string | null | undefined;
}

/** How a book is shown. */
export interface LadderOptions {
  /** Levels a side at most. */
  readonly rows: number;
  /** Prices are put together by multiples of this Decimal; null: each by itself. */
  readonly step: string | null;
  /** Whether volumes are in the quote currency: price times volume. */
  readonly inQuote: boolean;
}

/** A level as it is shown; all numbers exact. */
export interface LadderRow {
  readonly price: string;
  /** Volume at this price, in the coin or in the quote currency. */
  readonly volume: string;
  /** Volume from the best price to this one. */
  readonly sum: string;
}

/** A book as it is shown. */
export interface LadderSides {
  readonly asks: readonly LadderRow[];
  readonly bids: readonly LadderRow[];
  /** Bids' part of what rests on both sides, percent to one decimal; null when nothing does. */
  readonly bidPercent: string | null;
}

/** Levels grouped by a step, away from the middle: none promises better than its levels have. */
function grouped(levels: readonly Level[], step: string, side: 'ask' | 'bid'): Level[] {
  const groups: { price: string; volume: string }[] = [];
  for (const { price, volume } of levels) {
    const multiple = multipleDecimal(price, step, side === 'ask');
    const last = groups.at(-1);
    if (last?.price === multiple) last.volume = addDecimal(last.volume, volume);
    else groups.push({ price: multiple, volume });
  }
  return groups;
}

/** Volume of a level in the quote currency; a group's is that of its levels, not of its price. */
function inQuote(levels: readonly Level[]): Level[] {
  return levels.map(({ price, volume }) => ({ price, volume: multiplyDecimal(price, volume) }));
}

function side(
  levels: readonly Level[],
  name: 'ask' | 'bid',
  options: LadderOptions,
): readonly LadderRow[] {
  const { rows, step } = options;
  const counted = options.inQuote ? inQuote(levels) : levels;
  const shown = step === null ? counted.slice(0, rows) : grouped(counted, step, name);
  let sum = '0';
  return shown.slice(0, rows).map(({ price, volume }) => {
    sum = addDecimal(sum, volume);
    return { price, volume, sum };
  });
}

/** What is shown of a book, with sums and the balance of both sides. */
export function ladderSides(book: ShownBook, options: LadderOptions): LadderSides {
  const asks = side(book.asks, 'ask', options);
  const bids = side(book.bids, 'bid', options);
  const bid = bids.at(-1)?.sum ?? '0';
  const all = addDecimal(bid, asks.at(-1)?.sum ?? '0');
  return {
    asks,
    bids,
    bidPercent: all === '0' ? null : divideDecimal(multiplyDecimal(bid, '100'), all, 1).value,
  };
}

/** A power of ten as Decimal text. */
function powerOfTen(exponent: number): string {
  return exponent >= 0 ? `1${'0'.repeat(exponent)}` : `0.${'0'.repeat(-exponent - 1)}1`;
}

/** Powers of ten between a price's first digit and the least and the greatest step offered. */
const FINEST = 5;
const COARSEST = 1;

/** Steps by which prices of about `price` may be put together, the finest first. */
export function stepsFor(price: string): string[] {
  if (compareDecimal(price, '0') <= 0) return [];
  const [whole = '', fraction = ''] = price.split('.');
  const first = whole === '0' ? -1 - fraction.search(/[1-9]/) : whole.length - 1;
  const steps: string[] = [];
  for (let exponent = first - FINEST; exponent <= first - COARSEST; exponent++) {
    const power = powerOfTen(exponent);
    steps.push(power, multiplyDecimal(power, '5'));
  }
  return steps;
}

/** Exact `ask - bid` share: by how many percent points the bids outweigh the asks, signed. */
export function imbalance(bidPercent: string): string {
  return subtractDecimal(multiplyDecimal(bidPercent, '2'), '100');
}
