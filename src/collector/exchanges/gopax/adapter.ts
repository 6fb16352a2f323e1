import { marketName, type Pair, pairText } from '../../../market/market.js';
import type { Level, Sides } from '../../../market/order-book.js';
import { unreadable } from '../../exchange-error.js';
import type { ExchangeAdapter, FeedContext } from '../../feed.js';
import { fetchBody } from '../../rest/rest-books.js';
import type { RestClient } from '../../rest/rest-client.js';
import { readSide, wireArray, wireObject, wireText } from '../../wire/wire.js';
import { socketFeed } from '../../socket/ws-feed.js';
import { GOPAX_PROFILE } from './controller.js';
import { GopaxHandover } from './handover.js';
import { gopaxTradeHistory } from './trade-history.js';
import { listFrom, type ListForm } from '../../rest/market-rows.js';

/** The path of the REST book of a market, 50 levels a side. */
export function bookPath(pair: Pair): string {
  return `/trading-pairs/${encodeURIComponent(pair.code ?? pairText(pair))}/book?level=2`;
}

/** `{"sequence":17691957,"bid":[["17690499",25019000,0.00008904,"1608326468921"]],"ask":[…]}` */
async function fetchBook(rest: RestClient, pairs: readonly Pair[]): Promise<Map<string, Sides>> {
  const code = pairText(pairs[0]!);
  return fetchBody(rest, bookPath(pairs[0]!), (body) => {
    const book = wireObject(body, 'the book');
    const side = (name: 'ask' | 'bid'): Level[] =>
      readSide(
        name,
        wireArray(book[name], name).map((item) => {
          const entry = wireArray(item, `an entry of ${name}`);
          return [wireText(entry[1], 'price'), wireText(entry[2], 'volume')] as const;
        }),
      );
    return new Map([[code, { asks: side('ask'), bids: side('bid') }]]);
  });
}

/** The market list. */
export const GOPAX_LIST: ListForm = {
  path: '/trading-pairs',
  rows: (body) => wireArray(body, 'the market list'),
  read: (row) => {
    const name = wireText(row['name'], 'name');
    const dash = name.lastIndexOf('-');
    if (dash <= 0) throw unreadable(`name is "${name}"; expected e.g. BTC-KRW`);
    const pair = { symbol: name.slice(0, dash), currency: name.slice(dash + 1) };
    const code = name === marketName(name) ? {} : { code: name };
    return { ...pair, ...code, koreanName: null, englishName: null };
  },
};

/** GOPAX. */
export const gopax: ExchangeAdapter = {
  exchange: 'GOPAX',
  completeness: 'DELTA',
  // Its deltas are put in order where they are applied.
  ordersByTime: false,
  // A lost delta cannot be seen from the ids (`gopax.delta.loss-invisible`).
  auditDecides: true,
  // One book call per second and address, 50 levels a side at level 2
  // (`gopax.limit.book-1-per-second`).
  restBooks: { batch: 1, everyMs: 1500, depth: 50, fetch: fetchBook },
  tradeHistory: gopaxTradeHistory,
  listMarkets: (rest, onOdd) => listFrom(rest, GOPAX_LIST, onOdd),
  createFeed: (context: FeedContext) => {
    // 20 connects a second, else HTTP 429 (`gopax.connect.opens-20-per-second`).
    if (context.gopaxKeys === null) context.host.log('GOPAX_UNSIGNED', null, undefined);
    return socketFeed(context, GOPAX_PROFILE, 10, (...args) => new GopaxHandover(...args));
  },
};
