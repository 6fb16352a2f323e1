import { LimitBoard } from '../../collector/limits/limit-board.js';
import { type FeedHost, NO_HOST } from '../../collector/feed.js';
import { type Pair, pairText } from '../../market/market.js';
import type { Sides } from '../../market/order-book.js';
import type { ReadTrade } from '../../market/trade.js';
import { reasonOf } from '../../util/reason.js';
import type { LiveTrade, TradesSeen } from '../evidence.js';
import type { Lab } from '../lab.js';

/** How long three pairs are followed, s. */
const WATCH_S = 20;
/** How long the history may lag, s. */
const LAG_S = 2;

/** Trades and books of three pairs by the recorder's feed, and the newest page of each history. */
export async function probeTrades(lab: Lab): Promise<TradesSeen> {
  const pairs = lab.pairs(3);
  const { adapter } = lab.sheet;
  const live = new Map<string, LiveTrade[]>(pairs.map((pair) => [pairText(pair), []]));
  const unreadable: string[] = [];
  const feed = adapter.createFeed({
    exchange: adapter.exchange,
    urls: lab.urls,
    host: listener(live, unreadable),
    rest: lab.rest,
    limits: new LimitBoard(),
    clock: Date.now,
    random: Math.random,
    gopaxKeys: null,
    bithumbPollMs: lab.second,
    trades: true,
    tap: () => lab.tap(),
  });
  feed.add(pairs);
  await lab.wait(WATCH_S);
  await feed.close();
  await lab.wait(LAG_S);
  const found: TradesSeen['pairs'][number][] = [];
  for (const pair of pairs) {
    const seen = { pair: pairText(pair), live: live.get(pairText(pair))! };
    try {
      const page = await adapter.tradeHistory.page(lab.rest, pair, null, Date.now());
      found.push({ ...seen, page, failure: null });
    } catch (error) {
      found.push({ ...seen, page: null, failure: reasonOf(error) });
    }
  }
  return { pairs: found, unreadable };
}

function listener(live: ReadonlyMap<string, LiveTrade[]>, unreadable: string[]): FeedHost {
  const books = new Map<string, Sides>();
  return {
    ...NO_HOST,
    book: (pair, sides) => void books.set(pairText(pair), sides),
    trades: (pair: Pair, trades: readonly ReadTrade[], _at: number, snapshot: boolean) => {
      // A past trade says nothing about the current book.
      const book = snapshot ? null : (books.get(pairText(pair)) ?? null);
      for (const trade of trades) live.get(pairText(pair))?.push({ trade, book });
    },
    unreadableTrade: (error, message) =>
      void unreadable.push(`${reasonOf(error)}: ${message.slice(0, 120)}`),
  };
}
