import { describe, expect } from '@jest/globals';
import type { WebSocket } from 'ws';
import { UpbitProtocolController } from '../../src/collector/exchanges/upbit-protocol/controller.js';
import { UPBIT_PROFILE } from '../../src/collector/exchanges/upbit/adapter.js';
import { RateLimiter } from '../../src/collector/limits/rate-limiter.js';
import { WSFeed } from '../../src/collector/socket/ws-feed.js';
import { atOnce as it } from '../helpers/at-once.js';
import { pair } from '../helpers/feed.js';
import { codes, FeedStandIn } from '../helpers/feed-stand-in.js';
import { until } from '../helpers/wait.js';

type Manner = (socket: WebSocket, asked: readonly string[]) => readonly string[];

/** An Upbit that serves what `manner` gives of the codes of a request. */
async function upbit(manner: Manner, pairs: readonly string[]): Promise<FeedStandIn> {
  const stand = new FeedStandIn();
  const context = await stand.listen((socket) => {
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
  stand.feed = new WSFeed(
    () => new UpbitProtocolController(context, profile, limiter),
    stand.limits.socketCapacity(profile.maxPairs),
  );
  stand.feed.add(pairs.map(pair));
  return stand;
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
    const stand = await upbit(atMost(500, refuse), codes(855));
    await until(() => stand.covered === 855, 'all 855 markets');
    expect(stand.host.refusals).toEqual([]);
    expect(stand.connects).toBeLessThanOrEqual(8);
    expect(stand.capacity).toBeLessThanOrEqual(500);
    expect(stand.capacity).toBeGreaterThan(200);
  });

  it('is asked for as few as it takes, be it thirty', async () => {
    const stand = await upbit(
      atMost(30, (socket) => {
        socket.send('{"error":{"name":"INVALID_PARAM","message":"codes"}}');
        socket.close(1000);
      }),
      codes(200),
    );
    await until(() => stand.covered === 200, 'all 200 markets');
    expect(stand.connects).toBeLessThanOrEqual(24);
    expect(stand.host.refusals).toEqual([]);
  });

  it('has the others on a second socket when it is silent about them', async () => {
    const stand = await upbit((_socket, asked) => asked.slice(0, 500), codes(855));
    await until(() => stand.covered === 855, 'all 855 markets');
    expect(stand.connects).toBe(2);
    expect(stand.capacity).toBe(500);
    // Those that were served stayed where they were.
    expect(stand.host.downs).toEqual([]);
  });

  it('has them on as many sockets as it takes when it is silent about the rest of each', async () => {
    const stand = await upbit((_socket, asked) => asked.slice(0, 120), codes(400));
    await until(() => stand.covered === 400, 'all 400 markets');
    // A slow machine may take books for missing that only come late, and use a socket more.
    expect(stand.connects).toBeGreaterThanOrEqual(4);
    expect(stand.connects).toBeLessThanOrEqual(8);
    expect(stand.capacity).toBeLessThanOrEqual(120);
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
      const stand = await upbit(atMost(120, refuse), codes(300));
      await until(() => stand.covered === 300, 'all 300 markets', 20_000);
      expect(stand.connects).toBeLessThanOrEqual(10);
      expect(stand.host.refusals).toEqual([]);
    },
    30_000,
  );

  it('is not taken for one when the markets are silent on a socket of their own too', async () => {
    const dead = new Set(codes(20).map((code) => `KRW-${code.split('-')[0]}`));
    const stand = await upbit(
      (_socket, asked) => asked.filter((code) => !dead.has(code)),
      codes(60),
    );
    await until(() => stand.host.missing.length === 40, 'each reported twice');
    expect(stand.connects).toBe(2);
    expect(stand.capacity).toBe(10_000);
  });
});

it.each([[0], [7], [39]])(
  'has all others when all are refused for market %i, which is not named',
  async (bad) => {
    const stand = await upbit((socket, asked) => {
      if (!asked.includes(`KRW-C${bad}`)) return asked;
      socket.send('{"error":{"name":"INVALID_PARAM","message":"codes"}}');
      socket.close(1000);
      return [];
    }, codes(40));
    await until(() => stand.covered === 39, 'all others', 20_000);
    expect(stand.open).toBeLessThanOrEqual(10);
    expect(stand.host.refusals).toEqual([]);
  },
  30_000,
);

it('opens few sockets while everything is refused, and has all when nothing is', async () => {
  let out = true;
  const stand = await upbit((socket, asked) => {
    if (!out) return asked;
    socket.send('{"error":{"name":"INVALID_PARAM","message":"codes"}}');
    socket.close(1000);
    return [];
  }, codes(40));
  let most = 0;
  await until(
    () => {
      most = Math.max(most, stand.open);
      return stand.connects >= 25;
    },
    'many attempts',
    40_000,
  );
  expect(most).toBeLessThanOrEqual(4);
  out = false;
  await until(() => stand.covered === 40, 'all markets', 30_000);
  expect(stand.host.refusals).toEqual([]);
}, 90_000);

it('opens no storm of sockets while a server drops every connection, and few when it is back', async () => {
  let out = true;
  const stand = await upbit((socket, asked) => {
    if (!out) return asked;
    socket.terminate();
    return [];
  }, codes(855));
  await until(() => stand.connects >= 5, 'five attempts');
  expect(stand.open).toBeLessThanOrEqual(1);
  expect(stand.connects).toBeLessThanOrEqual(6);
  out = false;
  await until(() => stand.covered === 855, 'all markets', 25_000);
  expect(stand.connects).toBeLessThanOrEqual(20);
  expect(stand.host.refusals).toEqual([]);
}, 60_000);

it('keeps a single market of a socket that is closed again and again', async () => {
  const stand = await upbit(
    (socket) => {
      socket.terminate();
      return [];
    },
    ['BTC-KRW'],
  );
  await until(() => stand.connects >= 4, 'four attempts');
  expect(stand.host.refusals).toEqual([]);
});
