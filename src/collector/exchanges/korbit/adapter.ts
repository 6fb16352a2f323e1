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
import type { Json } from '../../wire/quoted-json.js';
import { wireArray, wireObject, wireText } from '../../wire/wire.js';
import { KORBIT_PROFILE, KorbitController } from './controller.js';
import { pairOf, readKorbitRow, readSides, symbolOf } from './messages.js';

/** The path of the REST book of a market. */
export function bookPath(pair: Pair): string {
  return `/v2/orderbook?symbol=${encodeURIComponent(symbolOf(pair))}`;
}

async function fetchBook(rest: RestClient, pairs: readonly Pair[]): Promise<Map<string, Sides>> {
  const pair = pairs[0]!;
  return fetchBody(rest, bookPath(pair), (body) => {
    const book = wireObject(wireObject(body, 'the answer')['data'], 'data');
    const sides = readSides(book);
    return new Map([[pairText(pair), sides]]);
  });
}

/** Maximum trades in a response; older ones are unavailable (`korbit.trade-rest.newest-first-no-cursor-no`). */
const HISTORY_ROWS = 500;
const FEW_ROWS = 50;

const tradeHistory: TradeHistory = {
  rows: HISTORY_ROWS,
  fewRows: FEW_ROWS,
  older: false,
  // 50 calls a second per address.
  everyMs: 100,
  page: async (rest, pair, _place, _now, limit = HISTORY_ROWS) => {
    const path = `/v2/trades?symbol=${encodeURIComponent(symbolOf(pair))}&limit=${limit}`;
    const rows = (body: Json): Json[] => wireArray(wireObject(body, 'the answer')['data'], 'data');
    return newestOnly(await fetchRows(rest, path, rows, readKorbitRow), limit);
  },
};

/** The market list. */
export const KORBIT_LIST: ListForm = {
  path: '/v2/currencyPairs',
  rows: (body) => wireArray(wireObject(body, 'the answer')['data'], 'data'),
  read: (row) => {
    const pair = pairOf(wireText(row['symbol'], 'symbol'));
    // Older responses have no status; there, presence means listed (`korbit.market-list.status`).
    if ((row['status'] ?? 'launched') !== 'launched') return null;
    return { ...pair, koreanName: null, englishName: null };
  },
};

/** Korbit. Only launched pairs are listed: a stopped one sends one empty book and then nothing. */
export const korbit: ExchangeAdapter = {
  exchange: 'KORBIT',
  // "Some messages may be dropped when the network is slow or traffic heavy"
  // (`korbit.book.messages-dropped`).
  completeness: 'MAY_DROP',
  ordersByTime: true,
  // One market per call, 50 calls a second (`korbit.limit.public-50-per-second`).
  restBooks: { batch: 1, everyMs: 500, depth: 30, fetch: fetchBook },
  tradeHistory,
  listMarkets: (rest, onOdd) => listFrom(rest, KORBIT_LIST, onOdd),
  createFeed: (context: FeedContext) => {
    return socketFeed(context, KORBIT_PROFILE, 2, (...args) => new KorbitController(...args));
  },
};
