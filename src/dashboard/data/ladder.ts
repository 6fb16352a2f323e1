import {
  addDecimal,
  compareDecimal,
  divideDecimal,
  multiplyDecimal,
  multipleDecimal,
  subtractDecimal,
} from '../../market/decimal.js';

/** A level as received: price and volume as text. */
export interface Level {
  readonly price: string;
  readonly volume: string;
}

/** An order book to display: asks lowest first, bids highest first. */
export interface ShownBook {
  readonly asks: readonly Level[];
  readonly bids: readonly Level[];
  readonly spread?: string | null | undefined;
  readonly midPrice?: string | null | undefined;
}

/** Display options of a book. */
export interface LadderOptions {
  /** Maximum levels a side. */
  readonly rows: number;
  /** Prices are grouped by multiples of this Decimal; null: not grouped. */
  readonly step: string | null;
  /** Whether volumes are in the quote currency: price times volume. */
  readonly inQuote: boolean;
}

/** A level as displayed; all numbers exact. */
export interface LadderRow {
  readonly price: string;
  /** Volume at this price, in the coin or in the quote currency. */
  readonly volume: string;
  /** Cumulative volume from the best price to this one. */
  readonly sum: string;
}

/** A book as displayed. */
export interface LadderSides {
  readonly asks: readonly LadderRow[];
  readonly bids: readonly LadderRow[];
  /** Bids' share of the volume on both sides, percent to one decimal; null when there is none. */
  readonly bidPercent: string | null;
}

/** Levels grouped by a step, rounded away from the mid price: no group promises better than its levels. */
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

/** The displayed form of a book, with sums and the balance of both sides. */
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

/** Powers of ten between a price's first digit and the smallest and largest step offered. */
const FINEST = 5;
const COARSEST = 1;

/** Steps by which prices of about `price` may be grouped, finest first. */
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

/** Exact `ask - bid` share: by how many percentage points the bids outweigh the asks, signed. */
export function imbalance(bidPercent: string): string {
  return subtractDecimal(multiplyDecimal(bidPercent, '2'), '100');
}
