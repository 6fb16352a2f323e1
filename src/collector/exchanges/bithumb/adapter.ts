import type { ExchangeAdapter, FeedContext } from '../../feed.js';
import type { RestBooks } from '../../rest/rest-books.js';
import { socketFeed } from '../../socket/ws-feed.js';
import type { WSProfile } from '../../socket/ws-connection.js';
import { PolledWithTrades } from './trade-feed.js';
import { BithumbPoller } from './poller.js';
import { type ListForm, listFrom } from '../../rest/market-rows.js';
import { fetchUnitBooks, KNOWN_KEYS, MARKET_ALL } from '../upbit-protocol/messages.js';
import { unitHistory } from '../upbit-protocol/trade-history.js';
import { UpbitProtocolController } from '../upbit-protocol/controller.js';

/** Facts: `bithumb.subscribe.*` and `bithumb.ws.*`. */
export const BITHUMB_PROFILE: WSProfile = {
  // 493 codes on one socket were all served; no limit is documented.
  maxPairs: 10_000,
  // The idle limit is 60 s in practice, 120 s on paper; the server never pings.
  pingEveryMs: 15_000,
  silentAfterMs: 40_000,
  firstBookWithinMs: 10_000,
  // No message limit is documented; we keep to Upbit's, whose protocol this copies.
  messageLimits: [
    { count: 5, ms: 1000 },
    { count: 100, ms: 60_000 },
  ],
  maxPayload: 4 * 1024 * 1024,
  known: {
    keys: KNOWN_KEYS,
    times: { timestamp: [16] },
    levels: { orderbook_units: 15 },
  },
};

/** The market list. */
export const BITHUMB_LIST: ListForm = { ...MARKET_ALL, path: '/v1/market/all?isDetails=true' };

const listMarkets: ExchangeAdapter['listMarkets'] = (rest, onOdd) =>
  listFrom(rest, BITHUMB_LIST, onOdd);

/** 15 levels, like the WebSocket; 150 calls a second (`bithumb.ws.rest-150-per-second`). */
const restBooks: RestBooks = {
  batch: 100,
  everyMs: 1000,
  depth: 15,
  ragged: true,
  fetch: fetchUnitBooks,
};

/**
 * 150 calls a second (`bithumb.trade-rest.150-requests-s-ip-trade`). Its clock is Korean time, and
 * its ids do not identify single trades.
 */
const tradeHistory = unitHistory({
  days: 'daysAgo',
  aheadMs: 9 * 3_600_000,
  idKind: 'REST',
  everyMs: 100,
});

/** Bithumb by REST polling: 30 levels for the first ten markets, 15 for the others. */
export const bithumbRest: ExchangeAdapter = {
  exchange: 'BITHUMB',
  completeness: 'POLLED',
  ordersByTime: true,
  restBooks,
  tradeHistory,
  listMarkets,
  createFeed: (context) => {
    const poller = new BithumbPoller(context);
    if (!context.trades) return poller;
    return new PolledWithTrades(context, poller, (own) => bithumbWs.createFeed(own));
  },
};

/**
 * Bithumb by WebSocket: whole books of 15 levels; half of the frames repeat the last book with a
 * new timestamp, and a live price may have size 0 (dust), even at the touch (`bithumb.book.dust`).
 */
export const bithumbWs: ExchangeAdapter = {
  exchange: 'BITHUMB',
  completeness: 'SNAPSHOT',
  ordersByTime: true,
  restBooks,
  tradeHistory,
  listMarkets,
  createFeed: (context: FeedContext) => {
    // 10 connects a second per address, beyond that a block of 10 minutes
    // (`bithumb.ws.connects-10-per-second`).
    return socketFeed(
      context,
      BITHUMB_PROFILE,
      5,
      (...args) => new UpbitProtocolController(...args),
    );
  },
};
