import { diffSide, type Level, type Side, type Sides } from '../market/order-book.js';

/**
 * The text of levels in the database: JSON `[["price","volume"],…]`. Both are strings, because a
 * JSON number would pass through a float.
 */
export function encodeLevels(levels: readonly Level[]): string {
  if (levels.length === 0) return '[]';
  // Decimal text needs no escaping, and put together by hand it takes a third of the time.
  let text = '[["';
  for (let i = 0; i < levels.length; i++) {
    const level = levels[i]!;
    text += i === 0 ? `${level[0]}","${level[1]}` : `"],["${level[0]}","${level[1]}`;
  }
  return `${text}"]]`;
}

/** Levels from the text of the database. */
export function decodeLevels(text: string): Level[] {
  const levels: Level[] = [];
  if (forEachLevel(text, (price, volume) => levels.push([price, volume]))) return levels;
  return JSON.parse(text) as Level[];
}

/**
 * Calls `take` for each level of a text that {@link encodeLevels} or SQLite wrote: without blanks
 * and escapes. In a quarter of the time of JSON.parse.
 * @returns false when the text is not written so; what was taken is then worth nothing
 */
export function forEachLevel(text: string, take: (price: string, volume: string) => void): boolean {
  if (text === '[]') return true;
  if (!text.startsWith('[["')) return false;
  for (let at = 3; ;) {
    const middle = text.indexOf('"', at);
    if (middle < 0 || !text.startsWith(',"', middle + 1)) return false;
    const end = text.indexOf('"', middle + 3);
    if (end < 0) return false;
    take(text.slice(at, middle), text.slice(middle + 3, end));
    if (text.startsWith('],["', end + 1)) at = end + 5;
    else return text.startsWith(']]', end + 1) && text.length === end + 3;
  }
}

/** Levels that are there: without those that a row reports as vanished. */
export function presentLevels(levels: readonly Level[]): Level[] {
  return levels.filter((level) => level[1] !== '0');
}

/** Levels of `before` whose price `after` has not, with volume `0`. Both are whole sides. */
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
