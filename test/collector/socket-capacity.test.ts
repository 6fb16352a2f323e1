import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { type WebSocket, WebSocketServer } from 'ws';
import { CoinoneController } from '../../src/collector/exchanges/coinone/controller.js';
import { COINONE_PROFILE } from '../../src/collector/exchanges/coinone/controller.js';
import { GOPAX_PROFILE } from '../../src/collector/exchanges/gopax/controller.js';
import { GopaxHandover } from '../../src/collector/exchanges/gopax/handover.js';
import {
  KORBIT_PROFILE,
  KorbitController,
} from '../../src/collector/exchanges/korbit/controller.js';
import { UpbitProtocolController } from '../../src/collector/exchanges/upbit-protocol/controller.js';
import { UPBIT_PROFILE } from '../../src/collector/exchanges/upbit/adapter.js';
import type { FeedContext } from '../../src/collector/feed.js';
import { LimitBoard } from '../../src/collector/limits/limit-board.js';
import { RateLimiter } from '../../src/collector/limits/rate-limiter.js';
import { RestClient } from '../../src/collector/rest/rest-client.js';
import { WSFeed } from '../../src/collector/socket/ws-feed.js';
import { pair } from '../helpers/feed.js';
import { RecordingHost } from '../helpers/recording-host.js';
import { until } from '../helpers/wait.js';

let server: WebSocketServer;
let feed: WSFeed;
let host: RecordingHost;
let limits: LimitBoard;
let connects: number;

afterEach(async () => {
  await feed.close();
  for (const socket of server.clients) socket.terminate();
  await new Promise<void>((resolve) => server.close(() => resolve()));
});

/** A server that hands every connection to `serve`. */
async function listen(serve: (socket: WebSocket) => void): Promise<FeedContext> {
  connects = 0;
  server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  server.on('connection', (socket) => {
    connects++;
    serve(socket);
  });
  await new Promise<void>((resolve) => server.once('listening', resolve));
  const wsUrl = `ws://127.0.0.1:${(server.address() as AddressInfo).port}`;
  host = new RecordingHost();
  limits = new LimitBoard();
  return {
    exchange: 'UPBIT',
    urls: { wsUrl, restUrl: 'http://127.0.0.1:9' },
    host,
    rest: new RestClient('http://127.0.0.1:9', 1000),
    limits,
    clock: Date.now,
    random: () => 0,
    gopaxKeys: null,
    bithumbPollMs: 20,
  };
}

const codes = (count: number): string[] => Array.from({ length: count }, (_, i) => `C${i}-KRW`);
const covered = (): number => new Set(host.books.map((book) => book.code)).size;
const capacity = (): number => limits.states.find((limit) => limit.name === 'WS_MARKETS')!.value;

type Manner = (socket: WebSocket, asked: readonly string[]) => readonly string[];

/** An Upbit that serves what `manner` gives of the codes of a request. */
async function upbit(manner: Manner, pairs: readonly string[]): Promise<void> {
  const context = await listen((socket) => {
    socket.on('message', (data: Buffer) => {
      const request = JSON.parse(data.toString()) as { codes?: string[] }[];
      for (const code of manner(socket, request[1]!.codes!)) {
        socket.send(
          `{"type":"orderbook","code":"${code}","timestamp":${Date.now()},"orderbook_units":[{"ask_price":2,"bid_price":1,"ask_size":1,"bid_size":1}],"stream_type":"SNAPSHOT"}`,
        );
      }
    });
  });
  const profile = { ...UPBIT_PROFILE, firstBookWithinMs: 1200 };
  const limiter = new RateLimiter([]);
  feed = new WSFeed(
    () => new UpbitProtocolController(context, profile, limiter),
    limits.socketCapacity(profile.maxPairs),
  );
  feed.add(pairs.map(pair));
}

/** Refuses more than `most` codes by `refuse`. */
const atMost =
  (most: number, refuse: (socket: WebSocket) => void): Manner =>
  (socket, asked) => {
    if (asked.length <= most) return asked;
    refuse(socket);
    return [];
  };

describe('a server that takes only so many markets on one socket', () => {
  it.each([
    [
      'says so and closes',
      (socket: WebSocket) => {
        socket.send('{"error":{"name":"INVALID_PARAM","message":"codes"}}');
        socket.close(1000);
      },
    ],
    ['closes with 1008', (socket: WebSocket) => socket.close(1008, 'policy')],
    ['drops the connection', (socket: WebSocket) => socket.terminate()],
  ])('is asked for fewer on each when it %s', async (_how, refuse) => {
    await upbit(atMost(500, refuse), codes(855));
    await until(() => covered() === 855, 'all 855 markets');
    expect(host.refusals).toEqual([]);
    expect(connects).toBeLessThanOrEqual(8);
    expect(capacity()).toBeLessThanOrEqual(500);
    expect(capacity()).toBeGreaterThan(200);
  });

  it('is asked for as few as it takes, be it thirty', async () => {
    await upbit(
      atMost(30, (socket) => {
        socket.send('{"error":{"name":"INVALID_PARAM","message":"codes"}}');
        socket.close(1000);
      }),
      codes(200),
    );
    await until(() => covered() === 200, 'all 200 markets');
    expect(connects).toBeLessThanOrEqual(24);
    expect(host.refusals).toEqual([]);
  });

  it('has the others on a second socket when it is silent about them', async () => {
    await upbit((_socket, asked) => asked.slice(0, 500), codes(855));
    await until(() => covered() === 855, 'all 855 markets');
    expect(connects).toBe(2);
    expect(capacity()).toBe(500);
    // Those that were served stayed where they were.
    expect(host.downs).toEqual([]);
  });

  it('has them on as many sockets as it takes when it is silent about the rest of each', async () => {
    await upbit((_socket, asked) => asked.slice(0, 120), codes(400));
    await until(() => covered() === 400, 'all 400 markets');
    // A slow machine may take books for missing that only come late, and use a socket more.
    expect(connects).toBeGreaterThanOrEqual(4);
    expect(connects).toBeLessThanOrEqual(8);
    expect(capacity()).toBeLessThanOrEqual(120);
  });

  it.each([
    ['is silent', () => undefined],
    [
      'says so and stays',
      (socket: WebSocket) => socket.send('{"error":{"name":"INVALID_PARAM","message":"codes"}}'),
    ],
  ])(
    'is asked for fewer when it serves none of too many and %s',
    async (_how, refuse) => {
      await upbit(atMost(120, refuse), codes(300));
      await until(() => covered() === 300, 'all 300 markets', 20_000);
      expect(connects).toBeLessThanOrEqual(10);
      expect(host.refusals).toEqual([]);
    },
    30_000,
  );

  it('is not taken for one when the markets are silent on a socket of their own too', async () => {
    const dead = new Set(codes(20).map((code) => `KRW-${code.split('-')[0]}`));
    await upbit((_socket, asked) => asked.filter((code) => !dead.has(code)), codes(60));
    await until(() => host.missing.length === 40, 'twice told of each');
    expect(connects).toBe(2);
    expect(capacity()).toBe(10_000);
  });
});

it.each([0, 7, 39])(
  'has all others when all are refused for market %i, which is not named',
  async (bad) => {
    await upbit((socket, asked) => {
      if (!asked.includes(`KRW-C${bad}`)) return asked;
      socket.send('{"error":{"name":"INVALID_PARAM","message":"codes"}}');
      socket.close(1000);
      return [];
    }, codes(40));
    await until(() => covered() === 39, 'all others', 20_000);
    expect(server.clients.size).toBeLessThanOrEqual(10);
    expect(host.refusals).toEqual([]);
  },
  30_000,
);

it('opens few sockets while everything is refused, and has all when nothing is', async () => {
  let out = true;
  await upbit((socket, asked) => {
    if (!out) return asked;
    socket.send('{"error":{"name":"INVALID_PARAM","message":"codes"}}');
    socket.close(1000);
    return [];
  }, codes(40));
  let most = 0;
  await until(
    () => {
      most = Math.max(most, server.clients.size);
      return connects >= 25;
    },
    'many attempts',
    40_000,
  );
  expect(most).toBeLessThanOrEqual(4);
  out = false;
  await until(() => covered() === 40, 'all markets', 30_000);
  expect(host.refusals).toEqual([]);
}, 90_000);

it('opens no storm of sockets while a server drops every connection, and few when it is back', async () => {
  let out = true;
  await upbit((socket, asked) => {
    if (!out) return asked;
    socket.terminate();
    return [];
  }, codes(855));
  await until(() => connects >= 5, 'five attempts');
  expect(server.clients.size).toBeLessThanOrEqual(1);
  expect(connects).toBeLessThanOrEqual(6);
  out = false;
  await until(() => covered() === 855, 'all markets', 25_000);
  expect(connects).toBeLessThanOrEqual(20);
  expect(host.refusals).toEqual([]);
}, 60_000);

it('keeps a single market of a socket that is closed again and again', async () => {
  await upbit(
    (socket) => {
      socket.terminate();
      return [];
    },
    ['BTC-KRW'],
  );
  await until(() => connects >= 4, 'four attempts');
  expect(host.refusals).toEqual([]);
});

/** A Coinone that serves what `takes` says of the messages of one socket. */
async function coinone(takes: (times: readonly number[]) => boolean, count: number): Promise<void> {
  const context = await listen((socket) => {
    const times: number[] = [];
    socket.send('{"response_type":"CONNECTED","data":{}}');
    socket.on('message', (data: Buffer) => {
      const { topic, request_type: type } = JSON.parse(data.toString()) as {
        request_type: string;
        topic: { quote_currency: string; target_currency: string };
      };
      times.push(performance.now());
      if (type !== 'SUBSCRIBE' || !takes(times)) return;
      const book = { id: `${Date.now()}001`, asks: [{ price: '2', qty: '1' }], bids: [] };
      const channel = 'ORDERBOOK';
      socket.send(JSON.stringify({ response_type: 'DATA', channel, data: { ...topic, ...book } }));
    });
  });
  const profile = { ...COINONE_PROFILE, firstBookWithinMs: 1200 };
  const limiter = new RateLimiter([]);
  feed = new WSFeed(
    () => new CoinoneController({ ...context, exchange: 'COINONE' }, profile, limiter),
    limits.socketCapacity(profile.maxPairs),
  );
  feed.add(codes(count).map(pair));
}

it('asks Coinone again, more slowly, for what it leaves out of too many messages a second', async () => {
  await coinone((times) => times.length <= 30 || times.at(-1)! - times.at(-31)! >= 1000, 150);
  await until(() => covered() === 150, 'all 150 markets', 60_000);
  expect(connects).toBe(1);
}, 90_000);

it('asks Coinone again for the one request of many that it left out', async () => {
  // The fifth request is lost; its pair has no book unless it is asked for again.
  await coinone((times) => times.length !== 5, 12);
  await until(() => covered() === 12, 'all 12 markets');
  expect(connects).toBe(1);
  expect(host.missing).toHaveLength(1);
});

it('has on other sockets what Coinone leaves out at any pace', async () => {
  await coinone((times) => times.length <= 30, 70);
  await until(() => covered() === 70, 'all 70 markets', 60_000);
  expect(capacity()).toBe(30);
}, 90_000);

it('asks Coinone more slowly when it closes after too many messages in a second', async () => {
  const context = await listen((socket) => {
    const times: number[] = [];
    socket.send('{"response_type":"CONNECTED","data":{}}');
    socket.on('message', (data: Buffer) => {
      times.push(performance.now());
      if (times.length > 30 && times.at(-1)! - times.at(-31)! < 1000) {
        socket.terminate();
        return;
      }
      const { topic } = JSON.parse(data.toString()) as {
        topic: { quote_currency: string; target_currency: string };
      };
      const id = `${Date.now()}001`;
      socket.send(
        JSON.stringify({
          response_type: 'DATA',
          channel: 'ORDERBOOK',
          data: {
            ...topic,
            id,
            asks: [{ price: '2', qty: '1' }],
            bids: [{ price: '1', qty: '1' }],
          },
        }),
      );
    });
  });
  const limiter = new RateLimiter([]);
  feed = new WSFeed(
    () => new CoinoneController({ ...context, exchange: 'COINONE' }, COINONE_PROFILE, limiter),
    limits.socketCapacity(COINONE_PROFILE.maxPairs),
  );
  feed.add(codes(120).map(pair));
  await until(() => covered() === 120, 'all 120 markets', 40_000);
  expect(connects).toBeLessThanOrEqual(10);
  expect(host.refusals).toEqual([]);
}, 60_000);

describe('GOPAX', () => {
  /** A GOPAX that answers a subscription with what `refusal` says, null = with the book. */
  async function gopax(
    refusal: (name: string, served: number) => string | null,
    count: number,
  ): Promise<void> {
    const context = await listen((socket) => {
      let served = 0;
      socket.on('message', (data: Buffer) => {
        const { n, o } = JSON.parse(data.toString()) as {
          n: string;
          o: { tradingPairName: string };
        };
        const errCode = refusal(o.tradingPairName, served);
        const side = (price: number) => [{ entryId: price, price, volume: 1, updatedAt: 1 }];
        const book = { ask: side(2), bid: side(1), ...o, maxEntryId: 9 };
        if (errCode === null) served++;
        else refusals++;
        const answer = errCode === null ? book : { result: false, errCode, errData: '' };
        socket.send(JSON.stringify({ i: o.tradingPairName, n, o: answer }));
      });
    });
    let refusals = 0;
    refused = () => refusals;
    const limiter = new RateLimiter([]);
    feed = new WSFeed(
      () => new GopaxHandover({ ...context, exchange: 'GOPAX' }, limiter),
      limits.socketCapacity(GOPAX_PROFILE.maxPairs),
    );
    feed.add(codes(count).map(pair));
  }
  let refused: () => number;

  it('has the others on further sockets when it takes fewer pairs on each, and asks once', async () => {
    await gopax((_name, served) => (served < 10 ? null : '10321'), 60);
    await until(() => covered() === 60, 'all 60 markets', 10_000);
    expect(refused()).toBeLessThan(80);
    expect(capacity()).toBe(10);
  }, 20_000);

  it.each([0, 5])(
    'keeps all others when it refuses pair %i in words of its own',
    async (bad) => {
      await gopax((name) => (name === `C${bad}-KRW` ? '10999' : null), 50);
      await until(() => covered() === 49, 'the others', 10_000);
      await until(() => refused() >= 3, 'further tries', 20_000);
      expect(server.clients.size).toBeLessThanOrEqual(2);
      expect(host.refusals).toEqual([]);
    },
    30_000,
  );

  it('opens few sockets while it refuses every pair, and has all when it does not', async () => {
    let out = true;
    await gopax(() => (out ? '10999' : null), 60);
    await until(() => connects >= 4, 'some tries', 20_000);
    expect(server.clients.size).toBeLessThanOrEqual(4);
    expect(connects).toBeLessThanOrEqual(12);
    out = false;
    await until(() => covered() === 60, 'all markets', 30_000);
  }, 60_000);
});

it('has on other sockets what Korbit refuses as too many on one', async () => {
  const context = await listen((socket) => {
    const taken = new Set<string>();
    socket.on('message', (data: Buffer) => {
      for (const { requestId, method, symbols } of JSON.parse(data.toString()) as {
        requestId: number;
        method: string;
        symbols: string[];
      }[]) {
        if (method !== 'subscribe') continue;
        if (taken.size + symbols.length > 20) {
          const message = 'subscription limit exceeded';
          socket.send(JSON.stringify({ status: 'fail', code: 'LIMIT', message, requestId }));
          continue;
        }
        socket.send(JSON.stringify({ status: 'success', requestId }));
        for (const symbol of symbols) {
          taken.add(symbol);
          const levels = { asks: [{ price: '2', qty: '1' }], bids: [{ price: '1', qty: '1' }] };
          const book = { timestamp: Date.now(), ...levels };
          socket.send(JSON.stringify({ symbol, type: 'orderbook', data: book }));
        }
      }
    });
  });
  const profile = KORBIT_PROFILE;
  const limiter = new RateLimiter([]);
  feed = new WSFeed(
    () => new KorbitController({ ...context, exchange: 'KORBIT' }, profile, limiter),
    limits.socketCapacity(profile.maxPairs),
  );
  feed.add(codes(50).map(pair));
  await until(() => covered() === 50, 'all 50 markets', 25_000);
  expect(host.refusals).toEqual([]);
  expect(connects).toBeLessThanOrEqual(5);
}, 30_000);
