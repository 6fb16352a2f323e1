import { marketName, type Pair } from '../../../market/market.js';
import { compareTradeIds, type ReadTrade } from '../../../market/trade.js';
import type { Sides } from '../../../market/order-book.js';
import { aboutPair, unreadable } from '../../exchange-error.js';
import { exchangeTime, showsOrder } from '../../wire/exchange-time.js';
import type { Json } from '../../wire/quoted-json.js';
import { readTrade, sideByFlag } from '../../wire/wire-trade.js';
import {
  readLevelObjects,
  wireArray,
  wireObject,
  type WireObject,
  wireText,
} from '../../wire/wire.js';

/** A pair in Korbit's spelling, `btc_krw`. */
export function symbolOf(pair: Pair): string {
  return pair.code ?? `${pair.symbol}_${pair.currency}`.toLowerCase();
}

/** `btc_krw` as a pair. @throws {ExchangeError} */
export function pairOf(symbol: string): Pair {
  const line = symbol.lastIndexOf('_');
  if (line <= 0 || line === symbol.length - 1)
    throw unreadable(`symbol is "${symbol}"; expected e.g. btc_krw`);
  const pair = {
    symbol: marketName(symbol.slice(0, line)),
    currency: marketName(symbol.slice(line + 1)),
  };
  return symbolOf(pair) === symbol ? pair : { ...pair, code: symbol };
}

/** A parsed Korbit book. */
export interface KorbitBook {
  readonly pair: Pair;
  readonly sides: Sides;
  /** The exchange's time of the book, Unix ms; undefined when unreadable. */
  readonly exchangeTimestamp: number | undefined;
  /** Whether that time gives its position among the market's books. */
  readonly ordered: boolean;
}

/**
 * Reads a whole book:
 * `{"symbol":"btc_krw","timestamp":…,"type":"orderbook","snapshot":true,"data":{"timestamp":…,"asks":[{"price":"116506000","qty":"0.27522"},…],"bids":[…]}}`
 * @throws {ExchangeError} naming the pair if readable
 */
export function readBook(message: WireObject): KorbitBook {
  const pair = pairOf(wireText(message['symbol'], 'symbol'));
  return aboutPair(pair, () => {
    const book = wireObject(message['data'], 'data');
    return {
      pair,
      sides: readSides(book),
      exchangeTimestamp: exchangeTime(book['timestamp']),
      ordered: showsOrder(book['timestamp']),
    };
  });
}

/** Parsed trades of a pair. */
export interface KorbitTrades {
  readonly pair: Pair;
  readonly trades: ReadTrade[];
  /** Whether they are the last ones on record, sent first after a subscription. */
  readonly snapshot: boolean;
}

/**
 * Reads a message of one or more trades:
 * `{"symbol":"btc_krw","timestamp":…,"type":"trade","snapshot":true,"data":[{"timestamp":…,"price":"116439000","qty":"0.0067","isBuyerTaker":false,"tradeId":25441720}]}`.
 * Their order is not guaranteed (`korbit.trade-frame.order-inside-data-not-documented`): they are
 * sorted by time and id.
 * @throws {ExchangeError} naming the pair if readable
 */
export function readTrades(message: WireObject): KorbitTrades {
  const pair = pairOf(wireText(message['symbol'], 'symbol'));
  return aboutPair(pair, () => ({
    pair,
    trades: wireArray(message['data'], 'data')
      .map((item) => readKorbitTrade(wireObject(item, 'a trade'), message['timestamp']))
      .sort(
        (a, b) =>
          a.exchangeTimestamp - b.exchangeTimestamp || compareTradeIds(a.tradeId, b.tradeId),
      ),
    snapshot: message['snapshot'] === true,
  }));
}

/** A trade from a message or the REST history. @param sent when the message was sent */
function readKorbitTrade(trade: WireObject, sent?: Json): ReadTrade {
  return readTrade({
    id: trade['tradeId'],
    side: sideByFlag(trade['isBuyerTaker'], 'isBuyerTaker'),
    price: trade['price'],
    volume: trade['qty'],
    time: trade['timestamp'],
    sent,
  });
}

/**
 * Reads a row of `/v2/trades`. The documented row has no id, while the exchange's own client relies
 * on one (`korbit.trade-rest.newest-first-no-cursor-no`): without it the time takes its place and
 * identifies nothing.
 * @throws {ExchangeError} when it is not a trade
 */
export function readKorbitRow(value: Json): ReadTrade {
  const row = wireObject(value, 'the trade');
  if (row['tradeId'] !== undefined) return readKorbitTrade(row);
  return { ...readKorbitTrade({ ...row, tradeId: row['timestamp']! }), idKind: 'REST' };
}

/** Both sides of a book, from WebSocket or REST. @throws {ExchangeError} */
export function readSides(book: WireObject): Sides {
  return {
    asks: readLevelObjects('ask', book['asks'], 'price', 'qty'),
    bids: readLevelObjects('bid', book['bids'], 'price', 'qty'),
  };
}

/**
 * Subscribes or unsubscribes books or trades of some pairs, with an id echoed in the answer
 * (`korbit.request.array`).
 */
export function bookRequest(
  requestId: number,
  method: 'subscribe' | 'unsubscribe',
  pairs: readonly Pair[],
  type: 'orderbook' | 'trade' = 'orderbook',
): string {
  return JSON.stringify([{ requestId, method, type, symbols: pairs.map(symbolOf) }]);
}
