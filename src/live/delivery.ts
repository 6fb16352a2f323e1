import type { Gap } from '../market/gap.js';
import type { OrderBook } from '../market/order-book.js';

/** Something on its way to a reader, and what the reader missed before it. */
export interface Delivery<T = OrderBook> {
  /** What it is the newest of: of a book its market (`marketKey`). */
  readonly key: string;
  /** Grows from delivery to delivery; of a book its sequence. */
  readonly order: number;
  readonly value: T;
  /** How many of the same key were left out between the one delivered before and this one. */
  readonly skipped: number;
  /** The gap that lies directly before it, or before one of those left out; null for none. */
  readonly gapBefore: Gap | null;
}

/** A delivery before which nothing was missed. */
export function delivery<T>(key: string, order: number, value: T): Delivery<T> {
  return { key, order, value, skipped: 0, gapBefore: null };
}
