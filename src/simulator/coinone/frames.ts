/** Texts of Coinone's frames and REST bodies (`docs/exchanges/coinone.md`). */
import { pointText } from '../book/number-text.js';
import { BookFrame, HOLE, type BookLevel, type StillBook } from '../book/book.js';
import type { SimulatedMarket } from '../simulator.js';
import type { ShownTrade } from '../trade/trade.js';

/** Levels a side on the wire. */
const DEPTH = 16;

/** A book as it went out. */
export interface Shown {
  /** Sixteen digits: ms and a counter of three. */
  readonly id: string;
  /** Time part of `id`. */
  readonly ms: number;
  readonly book: StillBook;
}

/** A market as the lists show it. */
export interface ListedMarket extends SimulatedMarket {
  readonly shown: Shown;
  readonly maintenance: boolean;
}

/** A DATA frame: asks worst first, bids best first; holes for timestamp (Unix ms) and id. */
export function frameOf(market: SimulatedMarket, book: StillBook): BookFrame {
  return book.frame(() => {
    const text = ({ text: [price, qty] }: BookLevel): string =>
      `{"price":"${price}","qty":"${qty}"}`;
    const shown = { asks: book.asks.slice(0, DEPTH), bids: book.bids.slice(0, DEPTH) };
    const asks = shown.asks.map(text).reverse().join(',');
    const bids = shown.bids.map(text).join(',');
    return new BookFrame(
      shown,
      `{"response_type":"DATA","channel":"ORDERBOOK","data":{"quote_currency":"${market.currency}",` +
        `"target_currency":"${market.symbol}","timestamp":${HOLE},"id":"${HOLE}",` +
        `"asks":[${asks}],"bids":[${bids}]}}`,
    );
  });
}

/** What WebSocket and REST spell alike of a trade; an invented word stands for an unknown side. */
function tradeText({ id, ms, side, level: { text } }: ShownTrade): string {
  // The name is that of the resting order: a buyer took a seller's.
  const seller = side === null ? '"UNKNOWN"' : side === 'buy';
  return `"id":"${id}","timestamp":${ms},"price":"${text[0]}","qty":"${text[1]}","is_seller_maker":${seller}`;
}

/** A DATA frame of a trade (`coinone.trade-frame.id`). */
export function tradeFrame(market: SimulatedMarket, trade: ShownTrade): string {
  return (
    `{"response_type":"DATA","channel":"TRADE","data":{"quote_currency":"${market.currency}",` +
    `"target_currency":"${market.symbol}",${tradeText(trade)}}}`
  );
}

/** Body of a page of trades, newest first. */
export function restTrades(market: SimulatedMarket, trades: readonly ShownTrade[]): string {
  const rows = trades.map((trade) => `{${tradeText(trade)}}`).join(',');
  return (
    `{"result":"success","error_code":"0","server_time":${Date.now()},` +
    `"quote_currency":"${market.currency}","target_currency":"${market.symbol}","transactions":[${rows}]}`
  );
}

/** An ERROR frame; the socket stays open after it. */
function errorFrame(code: number, message: string, field?: string): string {
  return JSON.stringify({ response_type: 'ERROR', error_code: code, message, field });
}

/** Answer to text that is not JSON or has a wrong shape. */
export const INVALID_REQUEST = errorFrame(160010, 'Invalid Request');
/** Answer to an unknown pair, after its acknowledgement. */
export const INVALID_TOPIC = errorFrame(160012, 'Invalid Topic');
/** Answer to a wrong value of a known key. */
export const invalidType = (field: string): string => errorFrame(160011, 'Invalid Type', field);

/** REST answer to an unknown pair. */
export const UNKNOWN_PAIR = restError('108', 'Unknown CryptoCurrency');

/** Body of a REST error; it comes with status 200. */
export function restError(code: string, message: string): string {
  return JSON.stringify({ result: 'error', error_code: code, error_msg: message });
}

/** A REST book; both sides best first. */
export function restBook(
  market: SimulatedMarket,
  id: string,
  timestamp: number,
  asks: readonly BookLevel[],
  bids: readonly BookLevel[],
): string {
  const level = ({ text: [price, qty] }: BookLevel): object => ({ price, qty });
  return JSON.stringify({
    ...{ result: 'success', error_code: '0', timestamp, id },
    ...{ quote_currency: market.currency, target_currency: market.symbol },
    ...{ order_book_unit: '0.0', bids: bids.map(level), asks: asks.map(level) },
  });
}

/** A row of the market list; its numbers have at least one decimal: `100.0`. */
export function marketRow(market: ListedMarket): object {
  const { tick } = market.profile;
  return {
    quote_currency: market.currency,
    target_currency: market.symbol,
    price_unit: pointText(tick),
    qty_unit: '0.00000001',
    max_order_amount: '1000000000.0',
    max_price: '1000000000000.0',
    max_qty: '100000000.0',
    min_order_amount: '5000.0',
    min_price: '0.0001',
    min_qty: '0.00000001',
    order_book_units: ['0.0', pointText(tick * 10n), pointText(tick * 100n)],
    maintenance_status: market.maintenance ? 1 : 0,
    trade_status: 1,
    order_types: ['limit', 'market', 'stop_limit'],
  };
}
