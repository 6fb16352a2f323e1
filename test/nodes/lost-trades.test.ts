import { describe, expect, it } from '@jest/globals';
import { Bus } from '../../src/bus.js';
import type { TradeLoss, TradeSpan } from '../../src/market/trade-span.js';
import type { BusConnection } from '../../src/nats/connection.js';
import {
  hearLostTrades,
  reportLostFill,
  reportLostTrades,
  reportUnwritten,
} from '../../src/nodes/lost-trades.js';
import type { Store } from '../../src/store/store-types.js';

/** A bus on which whoever subscribed hears at once. */
function wire(): BusConnection {
  const heard = new Map<string, (error: null, message: { data: Uint8Array }) => void>();
  return {
    nc: {
      isClosed: () => false,
      publish: (subject: string, data: Uint8Array) => heard.get(subject)?.(null, { data }),
      subscribe: (subject: string, { callback }: { callback: never }) => {
        heard.set(subject, callback);
      },
    },
  } as unknown as BusConnection;
}

describe('trades that went from the log unread', () => {
  const END = 1_000_000;
  const LOST = {
    end: END + 1,
    cause: 'BUS_FAILED',
    detail: 'the log in NATS was full before a recorder had read it',
  };

  it('are a gap of all whose trades are recorded, and known to their collectors', async () => {
    const spans: TradeSpan[] = [];
    const store = {
      reader: {
        marketsWithTrades: async () => [{ exchange: 'UPBIT', symbol: 'BTC', currency: 'KRW' }],
      },
      putTradeSpan: (span: TradeSpan) => spans.push(span),
    } as unknown as Store;
    const bus = wire();
    const losses: TradeLoss[] = [];
    const market = { exchange: 'KORBIT', symbol: 'BTC', currency: 'KRW' } as const;
    const local = new Bus();
    const doubts: number[] = [];
    const ends: number[] = [];
    local.tradeLosses.on((loss) => losses.push(loss));
    local.tradeDoubts.on(({ since }) => doubts.push(since));
    hearLostTrades(
      bus,
      'KORBIT',
      () => [market],
      local,
      (end) => ends.push(end),
    );
    await reportLostTrades(
      bus,
      store,
      (exchange) => (exchange === 'KORBIT' ? 700_000 : 800_000),
      END,
    );
    expect(spans).toEqual([
      {
        market: { exchange: 'UPBIT', symbol: 'BTC', currency: 'KRW' },
        start: 740_000,
        completeness: 'GAP',
        checked: false,
        ...LOST,
      },
    ]);
    // A message may be a minute behind its trade.
    expect(losses).toEqual([{ market, start: 640_000, ...LOST }]);
    expect([doubts, ends]).toEqual([[640_000], [END + 1]]);
    const other = { ...market, symbol: 'ETH' };
    reportLostFill(bus, other, { start: 5, end: 9 });
    reportLostFill(bus, market, { start: 5, end: 9 });
    // Nothing but that one span is in doubt.
    expect(losses.slice(1)).toEqual([{ market, ...LOST, start: 5, end: 9 }]);
    expect(ends).toEqual([END + 1, 9, 9]);
    // What never was in the log is written under the ids that it has.
    reportUnwritten(bus, { market, start: 6, end: 7 });
    expect(losses.at(-1)).toMatchObject({ market, start: 6, end: 7, cause: 'BUS_FAILED' });
    expect(ends).toEqual([END + 1, 9, 9]);
    expect(doubts).toHaveLength(1);
  });
});
