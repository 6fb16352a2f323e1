import type { Pair } from '../../../market/market.js';
import type { ReadTrade } from '../../../market/trade.js';
import type { Sides } from '../../../market/order-book.js';
import { aboutPair, ExchangeError } from '../../exchange-error.js';
import type { Json } from '../../wire/quoted-json.js';
import { readTrade, sideByFlag, type WireTrade } from '../../wire/wire-trade.js';
import {
  optionalText,
  readLevelObjects,
  wireObject,
  type WireObject,
  wireText,
} from '../../wire/wire.js';

/** A parsed Coinone book. */
export interface CoinoneBook {
  readonly pair: Pair;
  readonly sides: Sides;
  /** The time part of its `id`, Unix ms; undefined when unreadable. */
  readonly exchangeTimestamp: number | undefined;
  /** Its position in the order of its market's books. */
  readonly place: number | undefined;
}

/**
 * Reads a whole book, in DEFAULT or SHORT format. `asks` come worst first
 * (`coinone.book.asks-worst-first`); readSide sorts them best first. Order is by `id`: equal = a
 * repeat after a second SUBSCRIBE, smaller = older than what is known. Its last three digits count
 * the books of one ms; the others are the book's time, since the first frame's `timestamp` is 10 s
 * old.
 * @throws {ExchangeError} naming the pair if readable
 */
export function readBook(message: WireObject): CoinoneBook {
  const book = wireObject(message['data'] ?? message['d'], 'data');
  const pair: Pair = {
    symbol: wireText(book['target_currency'] ?? book['tc'], 'target_currency').toUpperCase(),
    currency: wireText(book['quote_currency'] ?? book['qc'], 'quote_currency').toUpperCase(),
  };
  return aboutPair(pair, () => {
    const id = optionalText(book['id'] ?? book['i']) ?? '';
    const place = /^\d{16}$/.test(id) ? Number(id) / 1000 : undefined;
    const short = 'a' in book;
    const [price, volume] = short ? (['p', 'q'] as const) : (['price', 'qty'] as const);
    const sides = {
      asks: readLevelObjects('ask', book[short ? 'a' : 'asks'], price, volume),
      bids: readLevelObjects('bid', book[short ? 'b' : 'bids'], price, volume),
    };
    const exchangeTimestamp = place === undefined ? undefined : Math.floor(place);
    return { pair, sides, exchangeTimestamp, place };
  });
}

/**
 * Reads a trade, in DEFAULT or SHORT format:
 * `{"response_type":"DATA","channel":"TRADE","data":{"quote_currency":"KRW","target_currency":"BTC","id":"1790134177835001","timestamp":1790134177835,"price":"116460000","qty":"0.00483595","is_seller_maker":true}}`.
 * If the seller was the maker, the taker bought (`coinone.trade-side.taker`).
 * @throws {ExchangeError} naming the pair if readable
 */
export function readCoinoneTrade(message: WireObject): { pair: Pair; trade: ReadTrade } {
  const data = wireObject(message['data'] ?? message['d'], 'data');
  const pair: Pair = {
    symbol: wireText(data['target_currency'] ?? data['tc'], 'target_currency').toUpperCase(),
    currency: wireText(data['quote_currency'] ?? data['qc'], 'quote_currency').toUpperCase(),
  };
  return aboutPair(pair, () => ({ pair, trade: readTrade(tradeValues(data)) }));
}

/** Values of a trade from the stream, in either format, or from the REST history. */
function tradeValues(data: WireObject): WireTrade {
  return {
    id: data['id'] ?? data['i'],
    side: sideByFlag(data['is_seller_maker'] ?? data['sm'], 'is_seller_maker'),
    price: data['price'] ?? data['p'],
    volume: data['qty'] ?? data['q'],
    time: data['timestamp'] ?? data['t'],
  };
}

/** Reads a row of `/public/v2/trades`. @throws {ExchangeError} when it is not a trade */
export function readCoinoneRow(row: Json): ReadTrade {
  return readTrade(tradeValues(wireObject(row, 'the trade')));
}

/** The body of a successful response; errors come with HTTP 200 (`coinone.error.rest-errors-in-200`). */
export function successOf(body: Json): WireObject {
  const answer = wireObject(body, 'the answer');
  if (answer['result'] === 'success') return answer;
  throw new ExchangeError(
    'OTHER',
    `error ${optionalText(answer['error_code'])}: ${optionalText(answer['error_msg'])}`,
  );
}

/** The client's keep-alive, answered by `{"response_type":"PONG"}` (`coinone.ws.keepalive`). */
export const PING = '{"request_type":"PING"}';

/** Subscribes or unsubscribes one topic (`coinone.subscribe.one-topic-per-message`). */
export function topicRequest(
  type: 'SUBSCRIBE' | 'UNSUBSCRIBE',
  pair: Pair,
  channel: 'ORDERBOOK' | 'TRADE' = 'ORDERBOOK',
): string {
  return JSON.stringify({
    request_type: type,
    channel,
    topic: { quote_currency: pair.currency, target_currency: pair.code ?? pair.symbol },
    format: 'DEFAULT',
  });
}
