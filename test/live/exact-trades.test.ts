import { expect, it } from '@jest/globals';
import { Bus } from '../../src/bus.js';
import { ExactTrades } from '../../src/live/sources/exact-trades.js';
import { TradeTail } from '../../src/live/trade-tail.js';
import { MarketSelection } from '../../src/market/market-selection.js';
import type { Market } from '../../src/market/market.js';
import type { Trade } from '../../src/market/trade.js';
import type { StoreReader } from '../../src/store/reader-types.js';
import { until } from '../helpers/wait.js';

const market: Market = { exchange: 'UPBIT', symbol: 'BTC', currency: 'KRW' };

function trade(sequence: number, of = market): Trade {
  return {
    market: of,
    sequence,
    timestamp: sequence,
    exchangeTimestamp: sequence,
    resolutionMs: 1,
    messageTimestamp: null,
    tradeId: String(sequence),
    idKind: 'EXCHANGE',
    side: 'buy',
    price: '1',
    volume: '1',
    origin: 'LIVE',
  };
}

it('a reader that stands still while more comes than the tail holds gets all of it, once, in order', async () => {
  const bus = new Bus();
  const all: Trade[] = [];
  let newest = 0;
  const reader = {
    tradesAfter: async ({ after, limit }: { after: number; limit: number }) => {
      const later = all.filter((t) => t.sequence > after && t.market.symbol === 'BTC');
      const items = later.slice(0, limit);
      return {
        items,
        reached: items.at(-1)?.sequence ?? after,
        more: later.length > limit,
      };
    },
  } as unknown as StoreReader;
  const publish = (count: number): void => {
    for (let i = 0; i < count; i++) {
      const one = trade(++newest, newest % 3 === 0 ? { ...market, symbol: 'ETH' } : market);
      all.push(one);
      bus.trades.publish(one);
    }
  };
  const sequences = () => ({ newest, settled: newest });
  const tail = new TradeTail(bus, () => newest, 16);
  publish(5);
  const source = new ExactTrades(
    { reader, tail, sequences },
    new MarketSelection([{ exchange: null, symbol: 'BTC', currency: null }]),
    undefined,
  );
  const feed = source.open(() => undefined);
  const got: number[] = [];
  const drain = (): void => {
    for (let next; (next = feed.take()) !== undefined;) got.push(next.order);
  };
  publish(4);
  drain();
  // 2,000 more than the tail holds; nothing is taken meanwhile.
  publish(2000);
  const wanted = all.filter((t) => t.sequence > 5 && t.market.symbol === 'BTC').length;
  await until(() => {
    drain();
    return got.length >= wanted;
  }, 'all');
  publish(3);
  drain();
  expect(got).toEqual(
    all.filter((t) => t.sequence > 5 && t.market.symbol === 'BTC').map((t) => t.sequence),
  );
  feed.close();
});
