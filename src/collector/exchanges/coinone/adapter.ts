import { type Pair, pairText } from '../../../market/market.js';
import type { Sides } from '../../../market/order-book.js';
import type { ExchangeAdapter, FeedContext } from '../../feed.js';
import { listFrom, type ListForm } from '../../rest/market-rows.js';
import { newestOnly } from '../../history/newest-only.js';
import { fetchRows } from '../../history/read-page.js';
import type { TradeHistory } from '../../history/trade-history.js';
import { fetchBody } from '../../rest/rest-books.js';
import type { RestClient } from '../../rest/rest-client.js';
import { socketFeed } from '../../socket/ws-feed.js';
import { readLevelObjects, wireArray, wireText } from '../../wire/wire.js';
import type { Json } from '../../wire/quoted-json.js';
import { COINONE_PROFILE, CoinoneController } from './controller.js';
import { readCoinoneRow, successOf } from './messages.js';

/** The path of the REST book of a market. */
export function bookPath({ symbol, currency, code = symbol }: Pair): string {
  return `/public/v2/orderbook/${encodeURIComponent(currency)}/${encodeURIComponent(code)}?size=16`;
}

async function fetchBook(rest: RestClient, pairs: readonly Pair[]): Promise<Map<string, Sides>> {
  const { symbol, currency } = pairs[0]!;
  return fetchBody(rest, bookPath(pairs[0]!), (body) => {
    const book = successOf(body);
    const sides = {
      asks: readLevelObjects('ask', book['asks'], 'price', 'qty'),
      bids: readLevelObjects('bid', book['bids'], 'price', 'qty'),
    };
    return new Map([[pairText({ symbol, currency }), sides]]);
  });
}

/**
 * Maximum trades in a response; older ones are unavailable
 * (`coinone.trade-rest.newest-first-no-cursor-no`).
 */
const HISTORY_ROWS = 200;
/** One of the other sizes it accepts (`coinone.trade-rest.newest-first-no-cursor-no`). */
const FEW_ROWS = 50;

const tradeHistory: TradeHistory = {
  rows: HISTORY_ROWS,
  fewRows: FEW_ROWS,
  older: false,
  // 1,200 calls a minute per address, over everything public.
  everyMs: 250,
  page: async (rest, { symbol, currency, code = symbol }, _place, _now, size = HISTORY_ROWS) => {
    const path = `/public/v2/trades/${encodeURIComponent(currency)}/${encodeURIComponent(code)}?size=${size}`;
    const rows = (body: Json): Json[] => wireArray(successOf(body)['transactions'], 'transactions');
    return newestOnly(await fetchRows(rest, path, rows, readCoinoneRow), size);
  },
};

/** The market list. */
export const COINONE_LIST: ListForm = {
  path: '/public/v2/markets/KRW',
  rows: (body) => wireArray(successOf(body)['markets'], 'markets'),
  read: (row) => {
    const symbol = wireText(row['target_currency'], 'target_currency');
    const currency = wireText(row['quote_currency'], 'quote_currency').toUpperCase();
    // It accepts either case (`coinone.subscribe.topic`), so only mixed case must be kept.
    const mixed = symbol !== symbol.toUpperCase() && symbol !== symbol.toLowerCase();
    const names = { koreanName: null, englishName: null };
    return { symbol, currency, ...(mixed ? { code: symbol } : {}), ...names };
  },
};

/** Coinone; only KRW has markets (`coinone.endpoint.only-krw`). */
export const coinone: ExchangeAdapter = {
  exchange: 'COINONE',
  completeness: 'ORDERED',
  // By `id`, which contains the time.
  ordersByTime: true,
  // One market per call, 1,200 calls a minute (`coinone.ws.rest-1200-per-minute`).
  restBooks: { batch: 1, everyMs: 500, depth: 16, fetch: fetchBook },
  tradeHistory,
  listMarkets: (rest, onOdd) => listFrom(rest, COINONE_LIST, onOdd),
  createFeed: (context: FeedContext) => {
    return socketFeed(context, COINONE_PROFILE, 2, (...args) => new CoinoneController(...args));
  },
};
