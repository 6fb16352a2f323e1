import { encodeLevels } from '../market/level-text.js';
import { diffSide, type Level, type Side, type Sides } from '../market/order-book.js';

/** Existing levels: without those that a row reports as vanished. */
export function presentLevels(levels: readonly Level[]): Level[] {
  return levels.filter((level) => level[1] !== '0');
}

/** Levels of `before` whose price `after` lacks, with volume `0`. Both are whole sides. */
function vanishedLevels(side: Side, before: readonly Level[], after: readonly Level[]): Level[] {
  return diffSide(side, before, after).filter((level) => level[1] === '0');
}

/**
 * Both sides of a whole row: all levels of the book, then those gone since `before`, the market's
 * last stored book, so that the seven columns alone rebuild every book.
 */
export function wholeRow(before: Sides | null, book: Sides): { asks: string; bids: string } {
  if (before === null) return { asks: encodeLevels(book.asks), bids: encodeLevels(book.bids) };
  return {
    asks: encodeLevels([...book.asks, ...vanishedLevels('ask', before.asks, book.asks)]),
    bids: encodeLevels([...book.bids, ...vanishedLevels('bid', before.bids, book.bids)]),
  };
}
