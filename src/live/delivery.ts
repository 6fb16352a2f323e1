import type { Gap } from '../market/gap.js';
import type { OrderBook } from '../market/order-book.js';

/** Something on its way to a reader, and what the reader missed before it. */
export interface Delivery<T = OrderBook> {
  /** What it is the latest of: for a book its market (`marketKey`). */
  readonly key: string;
  /** Increases with every delivery; for a book its sequence. */
  readonly order: number;
  readonly value: T;
  /** How many of the same key were skipped between the previous delivery and this one. */
  readonly skipped: number;
  /** The gap directly before it, or before a skipped one; null for none. */
  readonly gapBefore: Gap | null;
}

/** A delivery with nothing missed before it. */
export function delivery<T>(key: string, order: number, value: T): Delivery<T> {
  return { key, order, value, skipped: 0, gapBefore: null };
}
