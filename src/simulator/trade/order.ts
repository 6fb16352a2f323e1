/** What takers' orders take from a book, and the trades that result. */
import { BookLevel, type StillBook } from '../book/book.js';
import type { Random } from '../random.js';
import type { TakerSide } from './trade.js';

/** A taker's order: what it took, best price first. */
export interface Order {
  readonly side: TakerSide;
  readonly taken: readonly BookLevel[];
}

/** The most levels that one order reaches. */
const MAX_LEVELS = 3;

/** The orders that explain what the best levels lost between two books; deeper losses were cancellations. */
export function ordersBetween(before: StillBook, after: StillBook): Order[] {
  const bought = takenFrom(before.asks, after.asks);
  const sold = takenFrom(before.bids, after.bids);
  return [
    ...(bought.length > 0 ? [{ side: 'buy' as const, taken: bought }] : []),
    ...(sold.length > 0 ? [{ side: 'sell' as const, taken: sold }] : []),
  ];
}

function takenFrom(before: readonly BookLevel[], after: readonly BookLevel[]): BookLevel[] {
  const taken: BookLevel[] = [];
  for (const level of before.slice(0, MAX_LEVELS)) {
    if (level === after[0]) break;
    const left = after.find(({ price }) => price === level.price)?.volume ?? 0n;
    if (left >= level.volume) break;
    taken.push(new BookLevel(level.price, level.volume - left));
    if (left > 0n) break;
  }
  return taken;
}

/**
 * The trades of an order: what it took of a level had been placed by several makers, about `fills`
 * on average. Sometimes these are equal to the last digit, like those of bots.
 */
export function fillsOf(taken: readonly BookLevel[], fills: number, random: Random): BookLevel[] {
  return taken.flatMap(({ price, volume }) => {
    const wanted = 1 + Math.floor(random.exponential(Math.max(0.01, fills - 0.5)));
    const count = Math.min(wanted, volume > 1000n ? 1000 : Number(volume));
    const equal = volume / BigInt(count);
    const alike = random.chance(0.3);
    const parts: BookLevel[] = [];
    let left = volume;
    for (let rest = count; rest > 1; rest--) {
      const most = (left - BigInt(rest - 1)) / BigInt(rest);
      const part = alike ? equal : (most * BigInt(random.int(10, 150))) / 100n;
      const cut = part < 1n ? 1n : part;
      parts.push(new BookLevel(price, cut));
      left -= cut;
    }
    parts.push(new BookLevel(price, left));
    return parts;
  });
}

/** Fills of these volumes (1e-8) from a side, and what is left. @throws {Error} for too much */
export function take(
  levels: readonly BookLevel[],
  volumes: readonly bigint[],
): { fills: BookLevel[]; left: BookLevel[] } {
  const left = [...levels];
  const fills: BookLevel[] = [];
  for (let volume of volumes) {
    if (volume <= 0n) throw new Error('a volume must be greater than 0');
    while (volume > 0n) {
      const best = left[0];
      if (best === undefined) throw new Error('less than that rests on this side of the book');
      const part = volume < best.volume ? volume : best.volume;
      fills.push(new BookLevel(best.price, part));
      if (part === best.volume) left.shift();
      else left[0] = new BookLevel(best.price, best.volume - part);
      volume -= part;
    }
  }
  return { fills, left };
}
