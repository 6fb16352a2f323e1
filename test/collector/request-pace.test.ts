import { describe, expect } from '@jest/globals';
import {
  COINONE_PROFILE,
  CoinoneController,
} from '../../src/collector/exchanges/coinone/controller.js';
import { GOPAX_PROFILE } from '../../src/collector/exchanges/gopax/controller.js';
import { GopaxHandover } from '../../src/collector/exchanges/gopax/handover.js';
import {
  KORBIT_PROFILE,
  KorbitController,
} from '../../src/collector/exchanges/korbit/controller.js';
import { RateLimiter } from '../../src/collector/limits/rate-limiter.js';
import { WSFeed } from '../../src/collector/socket/ws-feed.js';
import { atOnce as it } from '../helpers/at-once.js';
import { pair } from '../helpers/feed.js';
import { codes, FeedStandIn } from '../helpers/feed-stand-in.js';
import { until } from '../helpers/wait.js';

/** A Coinone that serves what `takes` says of the messages of one socket. */
async function coinone(
  takes: (times: readonly number[]) => boolean,
  count: number,
): Promise<FeedStandIn> {
  const stand = new FeedStandIn();
  const context = await stand.listen((socket) => {
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
  stand.feed = new WSFeed(
    () => new CoinoneController({ ...context, exchange: 'COINONE' }, profile, limiter),
    stand.limits.socketCapacity(profile.maxPairs),
  );
  stand.feed.add(codes(count).map(pair));
  return stand;
}

it('asks Coinone again, more slowly, for what it leaves out of too many messages a second', async () => {
  const stand = await coinone(
    (times) => times.length <= 30 || times.at(-1)! - times.at(-31)! >= 1000,
    150,
  );
  await until(() => stand.covered === 150, 'all 150 markets', 60_000);
  expect(stand.connects).toBe(1);
}, 90_000);

it('asks Coinone again for the one request of many that it left out', async () => {
  // The fifth request is lost; its pair has no book unless it is asked for again.
  const stand = await coinone((times) => times.length !== 5, 12);
  await until(() => stand.covered === 12, 'all 12 markets');
  expect(stand.connects).toBe(1);
  expect(stand.host.missing).toHaveLength(1);
});

it('has on other sockets what Coinone leaves out at any pace', async () => {
  const stand = await coinone((times) => times.length <= 30, 70);
  await until(() => stand.covered === 70, 'all 70 markets', 60_000);
  expect(stand.capacity).toBe(30);
}, 90_000);

it('asks Coinone more slowly when it closes after too many messages in a second', async () => {
  const stand = new FeedStandIn();
  const context = await stand.listen((socket) => {
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
  stand.feed = new WSFeed(
    () => new CoinoneController({ ...context, exchange: 'COINONE' }, COINONE_PROFILE, limiter),
    stand.limits.socketCapacity(COINONE_PROFILE.maxPairs),
  );
  stand.feed.add(codes(120).map(pair));
  await until(() => stand.covered === 120, 'all 120 markets', 40_000);
  expect(stand.connects).toBeLessThanOrEqual(10);
  expect(stand.host.refusals).toEqual([]);
}, 60_000);

describe('GOPAX', () => {
  /** A GOPAX that answers a subscription with what `refusal` says, null = with the book. */
  async function gopax(
    refusal: (name: string, served: number) => string | null,
    count: number,
  ): Promise<{ stand: FeedStandIn; refused: () => number }> {
    const stand = new FeedStandIn();
    let refusals = 0;
    const context = await stand.listen((socket) => {
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
    const limiter = new RateLimiter([]);
    stand.feed = new WSFeed(
      () => new GopaxHandover({ ...context, exchange: 'GOPAX' }, GOPAX_PROFILE, limiter),
      stand.limits.socketCapacity(GOPAX_PROFILE.maxPairs),
    );
    stand.feed.add(codes(count).map(pair));
    return { stand, refused: () => refusals };
  }

  it('has the others on further sockets when it takes fewer pairs on each, and asks once', async () => {
    const { stand, refused } = await gopax((_name, served) => (served < 10 ? null : '10321'), 60);
    await until(() => stand.covered === 60, 'all 60 markets', 10_000);
    expect(refused()).toBeLessThan(80);
    expect(stand.capacity).toBe(10);
  }, 20_000);

  it.each([[0], [5]])(
    'keeps all others when it refuses pair %i in words of its own',
    async (bad) => {
      const { stand, refused } = await gopax(
        (name) => (name === `C${bad}-KRW` ? '10999' : null),
        50,
      );
      await until(() => stand.covered === 49, 'the others', 10_000);
      await until(() => refused() >= 3, 'further tries', 20_000);
      expect(stand.open).toBeLessThanOrEqual(2);
      expect(stand.host.refusals).toEqual([]);
    },
    30_000,
  );

  it('opens few sockets while it refuses every pair, and has all when it does not', async () => {
    let out = true;
    const { stand } = await gopax(() => (out ? '10999' : null), 60);
    await until(() => stand.connects >= 4, 'some tries', 20_000);
    expect(stand.open).toBeLessThanOrEqual(4);
    expect(stand.connects).toBeLessThanOrEqual(12);
    out = false;
    await until(() => stand.covered === 60, 'all markets', 30_000);
  }, 60_000);
});

it('has on other sockets what Korbit refuses as too many on one', async () => {
  const stand = new FeedStandIn();
  const context = await stand.listen((socket) => {
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
  stand.feed = new WSFeed(
    () => new KorbitController({ ...context, exchange: 'KORBIT' }, profile, limiter),
    stand.limits.socketCapacity(profile.maxPairs),
  );
  stand.feed.add(codes(50).map(pair));
  await until(() => stand.covered === 50, 'all 50 markets', 25_000);
  expect(stand.host.refusals).toEqual([]);
  expect(stand.connects).toBeLessThanOrEqual(5);
}, 30_000);
