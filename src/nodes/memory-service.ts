import type { Subscription } from '@nats-io/transport-node';
import type { ClockReading } from '../market/clock-reading.js';
import type { CollectPattern } from '../market/collect-pattern.js';
import type { Exchange } from '../market/exchange.js';
import type { Gap } from '../market/gap.js';
import type { ListedMarket, Wishes } from '../market/managed-lists.js';
import type { Market } from '../market/market.js';
import type { ReadTrade } from '../market/trade.js';
import type { Span } from '../market/trade-span.js';
import type { BusConnection } from '../nats/connection.js';
import { answerCalls } from '../nats/remote.js';
import type { Questions } from '../store/reader-protocol.js';
import type { StoreReader } from '../store/reader-types.js';
import type { Store } from '../store/store-types.js';
import { MEMORY_SUBJECT } from './remote-memory.js';

/** Open gaps per page. */
const PAGE = 1_000;

/**
 * Answers the collectors' queries to the database.
 * @param history answers those about stored trades; there are so many that nothing else may wait for them
 * @param stored settles when everything now in the log has been stored
 */
export function serveMemory(
  bus: BusConnection,
  store: Store,
  history: Questions,
  stored: () => Promise<void>,
): Subscription {
  return answerCalls(bus, MEMORY_SUBJECT, {
    exchanges: () => store.reader.exchanges(),
    markets: (exchange: Exchange) => store.reader.markets(exchange),
    wantedPatterns: () => store.reader.wantedPatterns(),
    openGaps: async (exchange: Exchange) => {
      await stored();
      return openGaps(store.reader, exchange);
    },
    confirmClock: async (reading: ClockReading) => store.confirmClock(reading),
    replaceListing: (exchange: Exchange, listed: readonly ListedMarket[]) =>
      store.replaceListing(exchange, listed),
    setWanted: (market: Market, wanted: boolean) => store.setWanted(market, wanted),
    setWantedPattern: (pattern: CollectPattern, wanted: boolean | null) =>
      store.setWantedPattern(pattern, wanted),
    replaceWishes: (wishes: Wishes) => store.replaceWishes(wishes),
    setEnabled: (exchange: Exchange, enabled: boolean) => store.setEnabled(exchange, enabled),
    unknownTrades: async (market: Market, trades: readonly ReadTrade[], byId?: boolean) => {
      await stored();
      return history.unknownTrades(market, trades, byId);
    },
    matchTrades: async (market: Market, past: readonly ReadTrade[], span: Span) => {
      await stored();
      return history.matchTrades(market, past, span);
    },
    hasTradeBefore: async (market: Market, time: number) => {
      await stored();
      return history.hasTradeBefore(market, time);
    },
    tradeVolumes: async (market: Market, span: Span) => {
      await stored();
      return [...(await history.tradeVolumes(market, span))];
    },
    tradesKnown: async (market: Market, startedAt: number, all?: boolean) => {
      if (all === true) await stored();
      return history.tradesKnown(market, startedAt);
    },
    newestTrade: async (market: Market) => {
      await stored();
      return history.newestTrade(market);
    },
  });
}

/** All open gaps. @param exchange absent = of all exchanges */
export async function openGaps(reader: StoreReader, exchange?: Exchange): Promise<Gap[]> {
  const open: Gap[] = [];
  for (let after: number | undefined; ;) {
    // A gap that reaches into the far future has no end.
    const from = Date.now() + 365 * 86_400_000;
    const page = await reader.gaps({ exchange, from, after, limit: PAGE });
    open.push(...page.items.map(({ value }) => value).filter(({ end }) => end === null));
    if (!page.more) return open;
    after = page.items.at(-1)!.id;
  }
}
