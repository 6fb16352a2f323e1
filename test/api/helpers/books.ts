import type { Bus } from '../../../src/bus.js';
import type { Exchange } from '../../../src/market/exchange.js';
import type { Market } from '../../../src/market/market.js';
import type { OrderBook } from '../../../src/market/order-book.js';

/** `market('UPBIT', 'BTC')` is UPBIT:BTC-KRW. */
export function market(exchange: Exchange, symbol = 'BTC', currency = 'KRW'): Market {
  return { exchange, symbol, currency };
}

/** A small book; `sequence` is also its timestamp's offset, so that each differs. */
export function book(of: Market, sequence: number, more: Partial<OrderBook> = {}): OrderBook {
  return {
    market: of,
    timestamp: 1_700_000_000_000 + sequence,
    exchangeTimestamp: null,
    sequence,
    asks: [
      ['101.5', '0.00000001'],
      ['102', '2'],
      ['103', '3'],
    ],
    bids: [
      ['100', '1'],
      ['99', String(sequence)],
    ],
    ...more,
  };
}

/** Publishes a book as the recorder does. */
export function publish(bus: Bus, published: OrderBook): void {
  const { asks, bids } = published;
  bus.publishBook({ book: published, changes: { asks, bids }, previous: null, afterGap: false });
}

/** A book as big as the exchanges send them, so that socket buffers fill soon. */
export function bigBook(of: Market, sequence: number): OrderBook {
  const level = (i: number): [string, string] => [String(100_000_000 + i), `0.${i}${sequence}1`];
  const side = Array.from({ length: 30 }, (_unused, i) => level(i + 1));
  return book(of, sequence, { asks: side, bids: side });
}
