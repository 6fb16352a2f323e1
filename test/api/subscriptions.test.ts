import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { print } from 'graphql';
import { graphql } from '../gql/index.js';
import { book, market, publish } from './helpers/books.js';
import { serve, type TestServer } from './helpers/server.js';
import { SseSubscription } from './helpers/sse.js';
import { turn, until } from './helpers/until.js';
import { answers, nextBook, rawSubscription, wsClient } from './helpers/ws.js';

const LIVE = print(
  graphql(`
    subscription Live($exchange: Exchange, $symbol: String, $currency: String) {
      orderbook(exchange: $exchange, symbol: $symbol, currency: $currency) {
        exchange
        symbol
        sequence
        bestAsk {
          price
          volume
        }
      }
    }
  `),
);

const UPBIT = market('UPBIT');
let server: TestServer;
beforeEach(async () => {
  server = await serve({ limits: { subscriptions: 20 } });
});
afterEach(() => server.api.close());

/** The same subscription over either transport. */
interface Subscriber {
  next(): Promise<Record<string, unknown>>;
  /** Whether the stream ended with a clean `complete`. */
  ended(): Promise<boolean>;
  leave(): Promise<void>;
}

const transports: [string, (variables?: object) => Promise<Subscriber>][] = [
  [
    'SSE',
    async (variables = {}) => {
      const sse = await SseSubscription.open(server.url, LIVE, { ...variables });
      return {
        next: () => sse.book(),
        ended: async () => (await sse.next())?.event === 'complete' && (await sse.next()) === null,
        leave: async () => sse.leave(),
      };
    },
  ],
  [
    'WebSocket',
    async (variables = {}) => {
      const before = server.api.readers;
      const client = wsClient(server.url);
      const iterator = answers(client, LIVE, { ...variables });
      await until('the subscription has begun', () => server.api.readers > before);
      return {
        next: () => nextBook(iterator),
        ended: async () => (await iterator.next()).done === true,
        leave: async () => {
          await iterator.return?.();
          await client.dispose();
        },
      };
    },
  ],
];

describe.each(transports)('a subscription over %s', (_name, subscribe) => {
  it('gets the current book of each market first, then every change', async () => {
    publish(server.bus, book(UPBIT, 1));
    publish(server.bus, book(market('KORBIT'), 2));
    const live = await subscribe();
    expect(await live.next()).toEqual({
      exchange: 'UPBIT',
      symbol: 'BTC',
      sequence: '1',
      bestAsk: { price: '101.5', volume: '0.00000001' },
    });
    expect(await live.next()).toMatchObject({ exchange: 'KORBIT', sequence: '2' });
    publish(server.bus, book(UPBIT, 3));
    expect(await live.next()).toMatchObject({ exchange: 'UPBIT', sequence: '3' });
    await live.leave();
  });

  it('gets all pairs of an exchange, and no other exchange', async () => {
    const live = await subscribe({ exchange: 'UPBIT' });
    publish(server.bus, book(market('GOPAX'), 1));
    publish(server.bus, book(market('UPBIT', 'ETH'), 2));
    expect(await live.next()).toMatchObject({ symbol: 'ETH', sequence: '2' });
    publish(server.bus, book(market('UPBIT', 'XRP', 'BTC'), 3));
    expect(await live.next()).toMatchObject({ symbol: 'XRP', sequence: '3' });
    await live.leave();
  });

  it('is narrowed by symbol and currency, in any case', async () => {
    const live = await subscribe({ symbol: 'eth', currency: 'krw' });
    publish(server.bus, book(market('UPBIT', 'BTC'), 1));
    publish(server.bus, book(market('UPBIT', 'ETH', 'BTC'), 2));
    publish(server.bus, book(market('COINONE', 'ETH', 'KRW'), 3));
    expect(await live.next()).toMatchObject({ exchange: 'COINONE', sequence: '3' });
    await live.leave();
  });

  it('ends with a clean complete when the server closes, soon', async () => {
    publish(server.bus, book(UPBIT, 1));
    const live = await subscribe();
    await live.next();
    const began = Date.now();
    const [ended] = await Promise.all([live.ended(), server.api.close()]);
    expect(ended).toBe(true);
    expect(Date.now() - began).toBeLessThan(2000);
    expect(server.api.readers).toBe(0);
    await live.leave();
  });

  it('is TOO_MANY_SUBSCRIPTIONS beyond the limit, and free again when one leaves', async () => {
    const lives: Subscriber[] = [];
    for (let i = 0; i < 20; i++) lives.push(await subscribe());
    const client = wsClient(server.url);
    expect((await answers(client, LIVE).next()).value).toMatchObject({
      errors: [{ extensions: { code: 'TOO_MANY_SUBSCRIPTIONS' } }],
    });
    await lives.pop()!.leave();
    await until('a place is free', () => server.api.readers === 19);
    lives.push(await subscribe());
    for (const live of lives) await live.leave();
    await client.dispose();
    await until('all have left', () => server.api.readers === 0);
  });
});

describe('different subscriptions', () => {
  it('are bounded by MAX_LIVE_OPERATIONS, while equal ones are let in', async () => {
    await server.api.close();
    server = await serve({ limits: { subscriptions: 20, liveOperations: 2 } });
    publish(server.bus, book(UPBIT, 1));
    const open = (every: number) => SseSubscription.open(server.url, query(every));
    const query = (every: number) =>
      `subscription { orderbook(exchange: UPBIT, every: ${every}) { sequence } }`;
    const [first, second, equal] = [await open(10), await open(20), await open(10)];
    for (const live of [first, second, equal]) expect(await live.book()).toEqual({ sequence: '1' });
    const client = wsClient(server.url);
    expect((await answers(client, query(30)).next()).value).toMatchObject({
      errors: [
        {
          message: expect.stringContaining('MAX_LIVE_OPERATIONS'),
          extensions: { code: 'TOO_MANY_SUBSCRIPTIONS' },
        },
      ],
    });
    await client.dispose();
    first.leave();
    equal.leave();
    await until('two have left', () => server.api.readers === 1);
    expect(await (await open(30)).book()).toEqual({ sequence: '1' });
  });
});

describe('a subscriber that leaves', () => {
  const ways: [string, () => Promise<void>][] = [
    [
      'an SSE request aborted while it waits',
      async () => {
        const sse = await SseSubscription.open(server.url, LIVE);
        await until('it has begun', () => server.api.readers === 1);
        sse.leave();
      },
    ],
    [
      'an SSE request aborted while it reads',
      async () => {
        publish(server.bus, book(UPBIT, 1));
        const sse = await SseSubscription.open(server.url, LIVE);
        await sse.book();
        publish(server.bus, book(UPBIT, 2));
        sse.leave();
      },
    ],
    [
      'a graphql-ws complete',
      async () => {
        const client = wsClient(server.url);
        const iterator = answers(client, LIVE);
        await until('it has begun', () => server.api.readers === 1);
        await iterator.return?.();
        await until('it has left', () => server.api.readers === 0);
        await client.dispose();
      },
    ],
    [
      'a WebSocket closed in order',
      async () => {
        const socket = await rawSubscription(server.url, LIVE);
        await until('it has begun', () => server.api.readers === 1);
        socket.close();
        await once(socket, 'close');
      },
    ],
    [
      'a WebSocket cut off',
      async () => {
        const socket = await rawSubscription(server.url, LIVE);
        await until('it has begun', () => server.api.readers === 1);
        socket.terminate();
      },
    ],
    [
      'a WebSocket cut off at the moment of subscribing',
      async () => {
        const socket = await rawSubscription(server.url, LIVE);
        socket.terminate();
        await once(socket, 'close');
        await turn();
      },
    ],
  ];

  it.each(ways)('leaves no reader behind: %s', async (_name, leave) => {
    await leave();
    await until('no reader is left', () => server.api.readers === 0);
    // A market that stays quiet must not be what lets a reader go; this only proves it is over.
    publish(server.bus, book(UPBIT, 99));
    await turn();
    await until('still no reader is left', () => server.api.readers === 0);
  });
});

describe('graphql-ws', () => {
  it('answers queries and mutations too', async () => {
    publish(server.bus, book(UPBIT, 5));
    const client = wsClient(server.url);
    const query = await answers(client, '{ orderbook(exchange: UPBIT) { sequence } }').next();
    expect(query.value).toEqual({ data: { orderbook: { sequence: '5' } } });
    const mutation = 'mutation { startCollector(exchange: UPBIT) { state } }';
    expect((await answers(client, mutation).next()).value).toEqual({
      data: { startCollector: { state: 'STARTING' } },
    });
    await client.dispose();
  });

  it('reports errors per operation and keeps the connection, without HTTP statuses', async () => {
    const client = wsClient(server.url);
    const bad = answers(client, '{ orderbook(exchange: BINANCE) { sequence } }').next();
    await expect(bad).rejects.toEqual([
      {
        message: expect.stringContaining('exchange: ') as unknown,
        locations: expect.anything() as unknown,
        extensions: { code: 'BAD_USER_INPUT', argument: 'exchange' },
      },
    ]);
    await expect(answers(client, '{ orderbook(').next()).rejects.toMatchObject([
      { extensions: { code: 'GRAPHQL_PARSE_FAILED' } },
    ]);
    const unknown = 'mutation { startCollector(exchange: UPBIT, symbol: "NOPE") { state } }';
    expect((await answers(client, unknown).next()).value).toMatchObject({
      data: null,
      errors: [{ extensions: { code: 'UNKNOWN_MARKET', closeMatches: ['NOPI-KRW'] } }],
    });
    await client.dispose();
  });

  it('wants the token in connectionParams for mutations', async () => {
    const guarded = await serve({ apiToken: 'right' });
    const mutation = 'mutation { startCollector(exchange: UPBIT) { state } }';
    const stranger = wsClient(guarded.url, { authorization: 'Bearer wrong' });
    expect((await answers(stranger, mutation).next()).value).toMatchObject({
      errors: [{ extensions: { code: 'UNAUTHENTICATED' } }],
    });
    const owner = wsClient(guarded.url, { authorization: 'Bearer right' });
    expect((await answers(owner, mutation).next()).value).toMatchObject({
      data: { startCollector: { state: 'STARTING' } },
    });
    await Promise.all([stranger.dispose(), owner.dispose()]);
    await guarded.api.close();
  });

  it('cuts off a client that sends more than a message may have, and no other', async () => {
    const other = wsClient(server.url);
    const iterator = answers(other, LIVE);
    await until('the other has begun', () => server.api.readers === 1);
    const socket = await rawSubscription(server.url, LIVE);
    socket.on('error', () => undefined);
    socket.send(JSON.stringify({ type: 'ping', payload: { x: 'x'.repeat(110_000) } }));
    const [code] = (await once(socket, 'close')) as [number];
    expect(code).toBe(1009);
    publish(server.bus, book(UPBIT, 1));
    expect(await nextBook(iterator)).toMatchObject({ sequence: '1' });
    await other.dispose();
  });
});
