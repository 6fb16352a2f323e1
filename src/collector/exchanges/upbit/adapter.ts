import type { ExchangeAdapter, FeedContext } from '../../feed.js';
import { socketFeed } from '../../socket/ws-feed.js';
import type { WSProfile } from '../../socket/ws-connection.js';
import { listFrom } from '../../rest/market-rows.js';
import { fetchUnitBooks, KNOWN_KEYS, MARKET_ALL } from '../upbit-protocol/messages.js';
import { unitHistory } from '../upbit-protocol/trade-history.js';
import { UpbitProtocolController } from '../upbit-protocol/controller.js';

/** Facts: `upbit.subscribe.*` and `upbit.ws.*`. */
export const UPBIT_PROFILE: WSProfile = {
  // 855 codes on one socket were all served; no limit is documented.
  maxPairs: 10_000,
  // The actual idle limit is 60 s, half the documented one; the server never pings.
  pingEveryMs: 15_000,
  silentAfterMs: 40_000,
  firstBookWithinMs: 10_000,
  messageLimits: [
    { count: 5, ms: 1000 },
    { count: 100, ms: 60_000 },
  ],
  maxPayload: 4 * 1024 * 1024,
  known: {
    keys: KNOWN_KEYS,
    times: { timestamp: [13] },
    levels: { orderbook_units: 30 },
  },
};

/** Upbit, Korean spot markets. */
export const upbit: ExchangeAdapter = {
  exchange: 'UPBIT',
  completeness: 'SNAPSHOT',
  ordersByTime: true,
  // 10 calls a second; a REST book equals the WebSocket's at the same time
  // (`upbit.rest-book.equals-ws`).
  restBooks: { batch: 100, everyMs: 1000, depth: 30, fetch: fetchUnitBooks },
  // 10 calls a second in a separate group (`upbit.trade-rest.group-trade-wire-crix-trades`); its days are UTC.
  tradeHistory: unitHistory({ days: 'days_ago', aheadMs: 0, idKind: 'EXCHANGE', everyMs: 250 }),
  listMarkets: (rest, onOdd) => listFrom(rest, MARKET_ALL, onOdd),
  createFeed: (context: FeedContext) => {
    // 5 connects a second per address (`upbit.ws.connects-5-per-second`): one less, for the user's
    // other programs.
    return socketFeed(context, UPBIT_PROFILE, 4, (...args) => new UpbitProtocolController(...args));
  },
};
