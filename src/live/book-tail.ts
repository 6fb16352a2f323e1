import { ALL_MARKETS } from '../market/market-selection.js';
import type { OrderBook } from '../market/order-book.js';
import type { BookRoutes } from './book-routes.js';
import { Tail } from './tail.js';

/** The newest published books of all markets. */
export class BookTail extends Tail<OrderBook> {
  /** @param newest the highest sequence assigned so far. @param length number of books it holds */
  constructor(books: BookRoutes, newest: () => number, length?: number) {
    super((take) => books.on(ALL_MARKETS, take), newest, length);
  }
}
