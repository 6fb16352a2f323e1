import { compareDecimal } from './decimal.js';
import type { Market } from './market.js';

/** A price and the volume resting there (base currency), both Decimal text. */
export type Level = readonly [price: string, volume: string];

/** Both sides of a book, best level first: asks ascending, bids descending by price. */
export interface Sides {
  readonly asks: readonly Level[];
  readonly bids: readonly Level[];
}

/** One numbered book of one market. Immutable: the store and all readers share it. */
export interface OrderBook extends Sides {
  readonly market: Market;
  /** When this program received it, Unix ms. */
  readonly timestamp: number;
  /** The exchange's own time of the book, Unix ms; null when it gives none. */
  readonly exchangeTimestamp: number | null;
  /** Receive number; only grows across restarts of one database. */
  readonly sequence: number;
}

/** A side of a book. */
export type Side = 'ask' | 'bid';

/** Which of two prices is nearer the touch: negative when `a` precedes `b` on `side`. */
function rank(side: Side, a: string, b: string): number {
  return side === 'ask' ? compareDecimal(a, b) : compareDecimal(b, a);
}

/** Levels of `side` in best-first order. For exchanges that do not guarantee an order. */
export function sortLevels(side: Side, levels: Level[]): Level[] {
  for (let i = 1; i < levels.length; i++) {
    if (rank(side, levels[i - 1]![0], levels[i]![0]) > 0) {
      return levels.sort((a, b) => rank(side, a[0], b[0]));
    }
  }
  return levels;
}

/** One side of a market's next book, compared with the previous book. */
export interface SideStep {
  /** New and changed levels, and vanished ones with volume `0`, best first; empty when equal. */
  readonly changes: readonly Level[];
  /**
   * The side, reusing the previous book's level objects where equal. A book lives until its
   * market's next one, long enough to be promoted by the garbage collector; so what stays the same
   * is not kept twice.
   */
  readonly levels: readonly Level[];
}

/** How one side turns into another; both best first. */
export function stepSide(side: Side, before: readonly Level[], after: readonly Level[]): SideStep {
  if (before === after) return { changes: [], levels: after };
  const changes: Level[] = [];
  let reused: Level[] | null = null;
  let i = 0;
  let j = 0;
  while (i < before.length && j < after.length) {
    const old = before[i]!;
    const now = after[j]!;
    if (old === now) {
      i++;
      j++;
    } else if (old[0] === now[0]) {
      if (old[1] !== now[1]) changes.push(now);
      else (reused ??= after.slice())[j] = old;
      i++;
      j++;
    } else if (rank(side, old[0], now[0]) < 0) {
      changes.push([old[0], '0']);
      i++;
    } else {
      changes.push(now);
      j++;
    }
  }
  for (; i < before.length; i++) changes.push([before[i]![0], '0']);
  for (; j < after.length; j++) changes.push(after[j]!);
  return { changes, levels: reused ?? after };
}

/** Only the changes of {@link stepSide}. */
export function diffSide(side: Side, before: readonly Level[], after: readonly Level[]) {
  return stepSide(side, before, after).changes;
}

/**
 * A side with the changes of {@link diffSide} applied: volume `0` removes the level at that price,
 * any other volume sets it. Both arguments and the result are best first.
 */
export function applySide(
  side: Side,
  levels: readonly Level[],
  changes: readonly Level[],
): readonly Level[] {
  if (changes.length === 0) return levels;
  const result: Level[] = [];
  let i = 0;
  for (const change of changes) {
    while (i < levels.length && rank(side, levels[i]![0], change[0]) < 0) result.push(levels[i++]!);
    if (i < levels.length && levels[i]![0] === change[0]) i++;
    if (change[1] !== '0') result.push(change);
  }
  while (i < levels.length) result.push(levels[i++]!);
  return result;
}

/** Whether the best bid is at or above the best ask; a resting book never stays that way. */
export function isCrossed(sides: Sides): boolean {
  const ask = sides.asks[0];
  const bid = sides.bids[0];
  return ask !== undefined && bid !== undefined && compareDecimal(bid[0], ask[0]) >= 0;
}
