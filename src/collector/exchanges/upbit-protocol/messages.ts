import type { Json } from '../../wire/quoted-json.js';
import { marketName, type Pair, pairText } from '../../../market/market.js';
import type { ReadTrade, TradeIdKind, TradeSide } from '../../../market/trade.js';
import type { Sides } from '../../../market/order-book.js';
import { aboutPair, ExchangeError, faultOf, unreadable } from '../../exchange-error.js';
import { exchangeTime, showsOrder } from '../../wire/exchange-time.js';
import { fetchBody } from '../../rest/rest-books.js';
import type { RestClient } from '../../rest/rest-client.js';
import type { ListForm } from '../../rest/market-rows.js';
import { readTrade } from '../../wire/wire-trade.js';
import { optionalText, readSide, wireArray, wireObject, wireText } from '../../wire/wire.js';

/**
 * What Upbit and Bithumb (generation 2) have in common: codes such as `KRW-BTC`, and units of the
 * i-th best ask and bid. Their differences (`bithumb.versus-upbit.*`) are in their own files.
 */

/** `BTC`, `KRW` as `KRW-BTC`. */
export function quoteFirstCode(pair: Pair): string {
  return pair.code ?? `${pair.currency}-${pair.symbol}`;
}

/** `KRW-BTC` as `BTC`, `KRW`. */
function pairOfQuoteFirst(code: string): Pair {
  const dash = code.indexOf('-');
  if (dash <= 0 || dash === code.length - 1)
    throw unreadable(`code is "${code}"; expected e.g. KRW-BTC`);
  const pair = {
    symbol: marketName(code.slice(dash + 1)),
    currency: marketName(code.slice(0, dash)),
  };
  return quoteFirstCode(pair) === code ? pair : { ...pair, code };
}

/** A parsed book of units. */
export interface UnitBook {
  readonly pair: Pair;
  readonly sides: Sides;
  /** The exchange's time of the book, Unix ms; undefined when unreadable. */
  readonly exchangeTimestamp: number | undefined;
  /** Whether that time gives its position among the market's books. */
  readonly ordered: boolean;
}

/** Keys of the DEFAULT and SIMPLE formats (`upbit.format.*`, `bithumb.book.simple-keys`). */
const DEFAULT_KEYS = [
  'code',
  'orderbook_units',
  'ask_price',
  'ask_size',
  'bid_price',
  'bid_size',
  'timestamp',
] as const;
/** All known members of book, answer and error frames, in the DEFAULT format. */
export const KNOWN_KEYS: ReadonlySet<string> = new Set([
  ...DEFAULT_KEYS,
  'type',
  'total_ask_size',
  'total_bid_size',
  'stream_type',
  'level',
  'status',
  'error',
  'name',
  'message',
]);
const SIMPLE_KEYS = ['cd', 'obu', 'ap', 'as', 'bp', 'bs', 'tms'] as const;

/**
 * Reads a WebSocket book (`code`) or a REST book (`market`), in DEFAULT or SIMPLE format:
 * `{"type":"orderbook","code":"KRW-BTC","timestamp":1790134742106,…,"orderbook_units":[{"ask_price":1.16539E8,"bid_price":1.16538E8,"ask_size":0.02054761,"bid_size":0.08120946},…]}`.
 * Zero padding and dust are dropped; the depth is as sent.
 * @throws {ExchangeError} naming the pair if readable
 */
export function readUnitBook(value: Json): UnitBook {
  const book = wireObject(value, 'the book');
  const keys = 'obu' in book ? SIMPLE_KEYS : DEFAULT_KEYS;
  const [code, units, askPrice, askSize, bidPrice, bidSize, time] = keys;
  const pair = pairOfQuoteFirst(wireText(book[code] ?? book['market'], code));
  return aboutPair(pair, () => {
    const asks: (readonly [string, string])[] = [];
    const bids: (readonly [string, string])[] = [];
    for (const item of wireArray(book[units], units)) {
      const unit = wireObject(item, 'a unit');
      asks.push([wireText(unit[askPrice], askPrice), wireText(unit[askSize], askSize)]);
      bids.push([wireText(unit[bidPrice], bidPrice), wireText(unit[bidSize], bidSize)]);
    }
    return {
      pair,
      sides: { asks: readSide('ask', asks), bids: readSide('bid', bids) },
      exchangeTimestamp: exchangeTime(book[time]),
      ordered: showsOrder(book[time]),
    };
  });
}

/** A parsed trade message. */
export interface UnitTrade {
  readonly pair: Pair;
  readonly trade: ReadTrade;
  /** Whether it is the last one on record, sent first after a subscription. */
  readonly snapshot: boolean;
}

/** Keys of a trade in the DEFAULT and SIMPLE formats (`upbit.trade-frame.default-wire-order-2026-verbatim`, `bithumb.trade-frame.shape`). */
const TRADE_KEYS = {
  code: 'code',
  price: 'trade_price',
  volume: 'trade_volume',
  side: 'ask_bid',
  time: 'trade_timestamp',
  sent: 'timestamp',
  id: 'sequential_id',
  stream: 'stream_type',
} as const;
const SIMPLE_TRADE_KEYS = {
  code: 'cd',
  price: 'tp',
  volume: 'tv',
  side: 'ab',
  time: 'ttms',
  sent: 'tms',
  id: 'sid',
  stream: 'st',
} as const;

/** The taker's side: `BID` bought, `ASK` sold (`upbit.trade-side.taker`, `bithumb.trade-side.taker`). */
function takerSide(value: Json | undefined): TradeSide {
  const word = wireText(value, 'ask_bid');
  if (word === 'BID') return 'buy';
  if (word === 'ASK') return 'sell';
  throw unreadable(`ask_bid is ${JSON.stringify(word)}; expected ASK or BID`);
}

/**
 * Reads a WebSocket trade, in DEFAULT or SIMPLE format:
 * `{"type":"trade","code":"KRW-BTC","timestamp":1788335180423,"trade_timestamp":1788335180377,"trade_price":106691000.00000000,"trade_volume":0.00009372,"ask_bid":"ASK","sequential_id":17883351803770004,…,"stream_type":"SNAPSHOT"}`.
 * @param idKind Bithumb's stream ids differ from its REST ids
 * @throws {ExchangeError} naming the pair if readable
 */
export function readUnitTrade(message: Json, idKind: TradeIdKind): UnitTrade {
  const trade = wireObject(message, 'the trade');
  const keys = 'ty' in trade ? SIMPLE_TRADE_KEYS : TRADE_KEYS;
  const pair = pairOfQuoteFirst(wireText(trade[keys.code], keys.code));
  return aboutPair(pair, () => ({
    pair,
    trade: readTrade({
      id: trade[keys.id],
      idKind,
      side: takerSide(trade[keys.side]),
      price: trade[keys.price],
      volume: trade[keys.volume],
      time: trade[keys.time],
      sent: trade[keys.sent],
    }),
    snapshot: trade[keys.stream] === 'SNAPSHOT',
  }));
}

/**
 * Reads a row of `/v1/trades/ticks`, in which `timestamp` is the time of the trade:
 * `{"market":"KRW-BTC","trade_date_utc":"2026-09-02","trade_time_utc":"07:46:20","timestamp":1788335180377,"trade_price":106691000.0,"trade_volume":0.00009372,"ask_bid":"ASK","sequential_id":17883351803770004,…}`.
 * @throws {ExchangeError} when it is not a trade
 */
export function readUnitRow(value: Json, idKind: TradeIdKind): ReadTrade {
  const row = wireObject(value, 'the trade');
  return readTrade({
    id: row['sequential_id'],
    idKind,
    side: takerSide(row['ask_bid']),
    price: row['trade_price'],
    volume: row['trade_volume'],
    time: row['timestamp'],
  });
}

/** The text of an `{"error":{"name":…,"message":…}}` response, or null if `value` is not one. */
export function errorOf(value: Json): string | null {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return null;
  const error = value['error'];
  if (typeof error !== 'object' || error === null || Array.isArray(error)) return null;
  return [optionalText(error['name']), optionalText(error['message'])]
    .filter((t) => t !== null)
    .join(': ');
}

/** `/v1/market/all`: `[{"market":"KRW-BTC","korean_name":"비트코인","english_name":"Bitcoin"},…]`. */
export const MARKET_ALL: ListForm = {
  path: '/v1/market/all',
  rows: (body) => wireArray(body, 'the market list'),
  read: (row) => ({
    ...pairOfQuoteFirst(wireText(row['market'], 'market')),
    koreanName: optionalText(row['korean_name']),
    englishName: optionalText(row['english_name']),
  }),
};

/** The path of both exchanges' REST books of some markets. */
export function unitBooksPath(pairs: readonly Pair[]): string {
  return `/v1/orderbook?markets=${pairs.map((p) => encodeURIComponent(quoteFirstCode(p))).join(',')}`;
}

/**
 * The subscribe request of both exchanges: ticket, one object per kind with all codes, format. A
 * later request replaces the whole subscription, so both kinds are in each.
 */
export function subscribeRequest(ticket: string, codes: readonly string[], trades = false): string {
  const kinds = trades ? ['trade', 'orderbook'] : ['orderbook'];
  const objects = kinds.map((type) => ({ type, codes }));
  return JSON.stringify([{ ticket }, ...objects, { format: 'DEFAULT' }]);
}

/** Fetches `/v1/orderbook` of both exchanges. @throws {ExchangeError} */
export async function fetchUnitBooks(
  rest: RestClient,
  pairs: readonly Pair[],
): Promise<Map<string, Sides>> {
  return fetchBody(rest, unitBooksPath(pairs), (body) => {
    const error = errorOf(body);
    if (error !== null)
      throw new ExchangeError(faultOf(200, error), `the exchange answered ${error}`);
    const books = wireArray(body, 'the books').map(readUnitBook);
    return new Map(books.map((book) => [pairText(book.pair), book.sides]));
  });
}
