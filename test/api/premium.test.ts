import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Exchange } from '../../src/market/exchange.js';
import { book, market, publish } from './helpers/books.js';
import { TRANSPORTS, valueOf } from './helpers/live.js';
import { statusOf } from './helpers/memory-control.js';
import { codeOf, serve, type TestServer } from './helpers/server.js';

let server: TestServer;
let sequence = 0;
beforeEach(async () => {
  server = await serve();
});
afterEach(() => server.api.close());

/** Publishes a book of one level a side. */
function put(exchange: Exchange, symbol: string, ask: string, bid: string): void {
  const of = market(exchange, symbol);
  server.control.put(statusOf(of));
  const [asks, bids] = [[[ask, '2'] as const], [[bid, '1'] as const]];
  publish(server.bus, book(of, ++sequence, { asks, bids }));
}

describe('premium', () => {
  it('gives each price against one, in percent and basis points', async () => {
    put('UPBIT', 'BTC', '101', '99');
    put('KORBIT', 'BTC', '103', '102');
    const { data } = await server.post(`{ premium {
      symbol currency against basePrice compared widestPercent
      prices { source exchange state stale midPrice difference percent bp }
      crossing { buyAt sellAt buyPrice sellPrice volume left(fee: "0.25") { perUnit bp } } } }`);
    expect(data?.['premium']).toEqual({
      symbol: 'BTC',
      currency: 'KRW',
      against: 'UPBIT',
      basePrice: '100',
      compared: 2,
      widestPercent: '2.5',
      prices: [
        {
          source: 'KORBIT',
          exchange: 'KORBIT',
          state: 'LIVE',
          stale: false,
          midPrice: '102.5',
          difference: '2.5',
          percent: '2.5',
          bp: '250',
        },
        {
          source: 'UPBIT',
          exchange: 'UPBIT',
          state: 'LIVE',
          stale: false,
          midPrice: '100',
          difference: '0',
          percent: '0',
          bp: '0',
        },
      ],
      crossing: {
        buyAt: 'UPBIT',
        sellAt: 'KORBIT',
        buyPrice: '101',
        sellPrice: '102',
        volume: '1',
        left: { perUnit: '0.4925', bp: '48.6408' },
      },
    });
  });

  it('refuses a fee above 100 percent and an unknown exchange', async () => {
    put('UPBIT', 'BTC', '101', '99');
    put('KORBIT', 'BTC', '103', '102');
    const fee = await server.post('{ premium { crossing { left(fee: "101") { perUnit } } } }');
    expect(codeOf(fee)).toBe('BAD_USER_INPUT');
    const against = await server.post('{ premium(against: BINANCE) { basePrice } }');
    expect(against.errors).toHaveLength(1);
  });

  it('lists the pairs of two exchanges or more, the widest first', async () => {
    for (const [symbol, ask, bid] of [
      ['BTC', '101', '99'],
      ['ETH', '120', '119'],
      ['XRP', '100', '99'],
    ] as const)
      put('UPBIT', symbol, ask, bid);
    put('KORBIT', 'BTC', '102', '101');
    put('KORBIT', 'ETH', '101', '99');
    const { data } = await server.post('{ premiums { symbol widestPercent } }');
    expect(data?.['premiums']).toEqual([
      { symbol: 'ETH', widestPercent: '19.5' },
      { symbol: 'BTC', widestPercent: '1.5' },
    ]);
    const one = await server.post('{ premiums(first: 1) { symbol } }');
    expect(one.data?.['premiums']).toEqual([{ symbol: 'ETH' }]);
    expect(codeOf(await server.post('{ premiums(first: 0) { symbol } }'))).toBe('BAD_USER_INPUT');
  });

  it.each(TRANSPORTS)('is followed over %s', async (_name, subscribe) => {
    put('UPBIT', 'BTC', '101', '99');
    const live = await subscribe(
      server.url,
      'subscription { premium { prices { source percent } } }',
    );
    expect(valueOf(await live.next())).toEqual({ prices: [{ source: 'UPBIT', percent: '0' }] });
    put('KORBIT', 'BTC', '103', '102');
    expect(valueOf(await live.next())).toEqual({
      prices: [
        { source: 'KORBIT', percent: '2.5' },
        { source: 'UPBIT', percent: '0' },
      ],
    });
    await live.leave();
  });
});
