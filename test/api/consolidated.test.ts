import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Exchange } from '../../src/market/exchange.js';
import type { Level } from '../../src/market/order-book.js';
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

/** Publishes a book of an exchange, whose collector gets `state`. */
function put(
  exchange: Exchange,
  asks: Level[],
  bids: Level[],
  state: 'LIVE' | 'STALE' = 'LIVE',
): void {
  const status = statusOf(market(exchange), { state });
  server.control.put(status);
  publish(server.bus, book(market(exchange), ++sequence, { asks, bids }));
  server.bus.status.publish(status);
}

const TOP = `
  bestAsk { exchange price volume } bestBid { exchange price } spread midPrice
  legs { exchange state stale orderbook { sequence } }`;

describe('consolidated', () => {
  it('merges the books of all exchanges, each level with its exchange', async () => {
    put(
      'UPBIT',
      [
        ['101', '1'],
        ['103', '2'],
      ],
      [['99', '1']],
    );
    put(
      'KORBIT',
      [
        ['100.5', '0.5'],
        ['101', '3'],
      ],
      [
        ['100', '2'],
        ['99', '7'],
      ],
    );
    const { data } = await server.post(`{ consolidated {
      symbol currency ${TOP} asks { exchange price volume } bids(depth: 2) { exchange price volume } } }`);
    expect(data?.['consolidated']).toEqual({
      symbol: 'BTC',
      currency: 'KRW',
      bestAsk: { exchange: 'KORBIT', price: '100.5', volume: '0.5' },
      bestBid: { exchange: 'KORBIT', price: '100' },
      spread: '0.5',
      midPrice: '100.25',
      legs: [
        {
          exchange: 'KORBIT',
          state: 'LIVE',
          stale: false,
          orderbook: { sequence: String(sequence) },
        },
        {
          exchange: 'UPBIT',
          state: 'LIVE',
          stale: false,
          orderbook: { sequence: String(sequence - 1) },
        },
      ],
      asks: [
        { exchange: 'KORBIT', price: '100.5', volume: '0.5' },
        { exchange: 'KORBIT', price: '101', volume: '3' },
        { exchange: 'UPBIT', price: '101', volume: '1' },
        { exchange: 'UPBIT', price: '103', volume: '2' },
      ],
      bids: [
        { exchange: 'KORBIT', price: '100', volume: '2' },
        { exchange: 'KORBIT', price: '99', volume: '7' },
      ],
    });
  });

  it('leaves stale legs out of the prices, marked, unless they are asked for', async () => {
    put('UPBIT', [['101', '1']], [['99', '1']]);
    put('GOPAX', [['90', '1']], [['89', '1']], 'STALE');
    server.control.put(statusOf(market('COINONE'), { state: 'STARTING', lastBookAt: null }));
    const ask = async (args: string) =>
      (await server.post(`{ consolidated${args} { ${TOP} legs { ageMs } } }`)).data?.[
        'consolidated'
      ];
    const without = await ask('');
    expect(without).toMatchObject({
      bestAsk: { exchange: 'UPBIT', price: '101' },
      legs: [
        { exchange: 'COINONE', state: 'STARTING', stale: true, orderbook: null, ageMs: null },
        { exchange: 'GOPAX', state: 'STALE', stale: true },
        { exchange: 'UPBIT', state: 'LIVE', stale: false },
      ],
    });
    expect(await ask('(includeStale: true)')).toMatchObject({
      bestAsk: { exchange: 'GOPAX', price: '90' },
      bestBid: { exchange: 'UPBIT', price: '99' },
      spread: '-9',
    });
  });

  it('has no prices when nothing is collected', async () => {
    const { data } = await server.post(`{ consolidated(symbol: "ETH") { ${TOP} } }`);
    expect(data?.['consolidated']).toEqual({
      bestAsk: null,
      bestBid: null,
      spread: null,
      midPrice: null,
      legs: [],
    });
  });

  it.each(TRANSPORTS)(
    'is followed over %s, through changes of books and of states',
    async (_name, subscribe) => {
      put('UPBIT', [['101', '1']], [['99', '1']]);
      const live = await subscribe(
        server.url,
        'subscription { consolidated { bestAsk { exchange price } legs { exchange stale } } }',
      );
      const next = async () => valueOf(await live.next());
      expect(await next()).toEqual({
        bestAsk: { exchange: 'UPBIT', price: '101' },
        legs: [{ exchange: 'UPBIT', stale: false }],
      });
      put('KORBIT', [['100', '1']], [['98', '1']]);
      expect(await next()).toMatchObject({ bestAsk: { exchange: 'KORBIT', price: '100' } });
      const stale = statusOf(market('KORBIT'), { state: 'RECONNECTING' });
      server.control.put(stale);
      server.bus.status.publish(stale);
      expect(await next()).toEqual({
        bestAsk: { exchange: 'UPBIT', price: '101' },
        legs: [
          { exchange: 'KORBIT', stale: true },
          { exchange: 'UPBIT', stale: false },
        ],
      });
      await live.leave();
    },
  );
});

describe('quote', () => {
  beforeEach(() => {
    put(
      'UPBIT',
      [
        ['100', '1'],
        ['102', '1'],
      ],
      [
        ['99', '1'],
        ['98', '2'],
      ],
    );
    put('KORBIT', [['101', '0.5']], [['99.5', '0.25']]);
  });
  const FILL = '{ filled complete cost average averageExact worst levels }';
  const ask = async (args: string) =>
    (
      await server.post(
        `{ quote(${args}) { side amount total ${FILL} legs { exchange fill ${FILL} } } }`,
      )
    ).data?.['quote'] as { total: unknown; legs: { exchange: string; fill: unknown }[] };

  it('buys over all exchanges and on each alone', async () => {
    const quote = await ask('side: BUY, amount: "1.50"');
    expect(quote).toMatchObject({ side: 'BUY', amount: '1.5' });
    expect(quote.total).toEqual({
      filled: '1.5',
      complete: true,
      cost: '150.5',
      average: '100.333333333333333333',
      averageExact: false,
      worst: '101',
      levels: 2,
    });
    expect(quote.legs).toEqual([
      {
        exchange: 'KORBIT',
        fill: {
          filled: '0.5',
          complete: false,
          cost: '50.5',
          average: '101',
          averageExact: true,
          worst: '101',
          levels: 1,
        },
      },
      {
        exchange: 'UPBIT',
        fill: {
          filled: '1.5',
          complete: true,
          cost: '151',
          average: '100.666666666666666667',
          averageExact: false,
          worst: '102',
          levels: 2,
        },
      },
    ]);
  });

  it('sells into the bids, highest first', async () => {
    expect((await ask('side: SELL, amount: 0.5')).total).toMatchObject({
      cost: '49.625',
      average: '99.25',
      worst: '99',
      levels: 2,
    });
  });

  it.each(['"0"', '"-1"', '"many"'])('of %s is BAD_USER_INPUT', async (amount) => {
    const result = await server.post(`{ quote(side: BUY, amount: ${amount}) { amount } }`);
    expect(codeOf(result)).toBe('BAD_USER_INPUT');
    expect(result.errors?.[0]?.message).toContain('amount');
  });
});
