import { afterEach, describe, expect, it } from '@jest/globals';
import {
  startKorbitSimulator,
  type KorbitOptions,
  type KorbitSimulator,
} from '../../src/simulator/korbit.js';
import type { SentBook } from '../../src/simulator/simulator.js';
import { RawClient, until, upgradeStatus } from './raw-client.js';

// Captured on 2026-09-23 (exchanges/samples/korbit), levels cut where the recorder cut them.
const CAPTURED = {
  snapshot:
    '{"symbol":"btc_krw","timestamp":1790134242857,"type":"orderbook","snapshot":true,"data":{"timestamp":1790134242563,"asks":[{"price":"116506000","qty":"0.27522"},{"price":"116538000","qty":"0.00665633"},{"price":"116542000","qty":"0.03897506"}],"bids":[{"price":"116455000","qty":"0.00499"},{"price":"116453000","qty":"0.01919775"},{"price":"116451000","qty":"0.00059"}]}}',
  next: '{"symbol":"btc_krw","timestamp":1790134243081,"type":"orderbook","data":{"timestamp":1790134243067,"asks":[{"price":"116506000","qty":"0.27522"},{"price":"116507000","qty":"0.0321"},{"price":"116538000","qty":"0.00665633"}],"bids":[{"price":"116455000","qty":"0.00499"},{"price":"116453000","qty":"0.01919775"},{"price":"116451000","qty":"0.00059"}]}}',
  stopped:
    '{"symbol":"klay_krw","timestamp":1790134242857,"type":"orderbook","snapshot":true,"data":{"timestamp":1789456789897,"asks":[],"bids":[]}}',
};

interface Level {
  price: string;
  qty: string;
  quoteVolume?: string;
  amt?: string;
}
interface Book {
  timestamp: number;
  asks: Level[];
  bids: Level[];
}
interface Frame {
  status?: string;
  symbol: string;
  timestamp: number;
  type: string;
  snapshot?: boolean;
  data: Book;
}

let simulator: KorbitSimulator;
const clients: RawClient[] = [];

async function start(options: KorbitOptions = {}): Promise<KorbitSimulator> {
  simulator = await startKorbitSimulator({ rate: 0, ...options });
  return simulator;
}

async function open(): Promise<RawClient> {
  const client = await RawClient.open(simulator.wsUrl);
  clients.push(client);
  return client;
}

const subscribe = (symbols: string[], more: object = {}): object[] => [
  { method: 'subscribe', type: 'orderbook', symbols, ...more },
];
const pairs = (levels: Level[]): [string, string][] => levels.map(({ price, qty }) => [price, qty]);
const lastSent = (): SentBook => simulator.sent[simulator.sent.length - 1]!;
const texts = (client: RawClient): string[] => client.frames.map(({ text }) => text);

/** A text with all its numbers and level lists made alike, so that only its form is compared. */
const formOf = (text: string): string =>
  text.replace(/\[\{.*?\}\]/g, '[LEVELS]').replace(/"timestamp":\d{13}/g, '"timestamp":MS');

async function get(path: string): Promise<Response> {
  return fetch(`${simulator.restUrl}${path}`);
}

afterEach(async () => {
  for (const client of clients.splice(0)) client.ws.terminate();
  await simulator.close();
});

describe('Korbit simulator, WebSocket', () => {
  it('says nothing on opening, then a snapshot and whole books in the captured form', async () => {
    await start();
    const client = await open();
    await client.settle();
    expect(client.frames).toEqual([]);
    client.send(subscribe(['btc_krw']));
    await client.take(1);
    simulator.step('BTC-KRW');
    const frames = await client.take(2);
    expect(formOf(frames[0]!.text)).toBe(formOf(CAPTURED.snapshot));
    expect(formOf(frames[1]!.text)).toBe(formOf(CAPTURED.next));
    expect(frames.every(({ binary }) => !binary)).toBe(true);
    for (const { timestamp, data } of client.json<Frame>()) {
      expect([data.asks.length, data.bids.length]).toEqual([30, 30]);
      expect(data.timestamp).toBeLessThanOrEqual(timestamp);
      const asks = data.asks.map(({ price }) => Number(price));
      const bids = data.bids.map(({ price }) => Number(price));
      expect(asks).toEqual([...asks].sort((a, b) => a - b));
      expect(bids).toEqual([...bids].sort((a, b) => b - a));
      expect(asks[0]! > bids[0]!).toBe(true);
      for (const { price, qty } of [...data.asks, ...data.bids]) {
        expect(price).toMatch(/^\d+(\.\d*[1-9])?$/);
        expect(qty).toMatch(/^\d+(\.\d{0,7}[1-9])?$/);
      }
    }
    const { data } = client.json<Frame>()[1]!;
    expect(lastSent()).toMatchObject({ symbol: 'BTC', currency: 'KRW', connection: 1 });
    expect(lastSent().exchangeTimestamp).toBe(data.timestamp);
    expect(lastSent().asks).toEqual(pairs(data.asks));
    expect(lastSent().bids).toEqual(pairs(data.bids));
  });

  it('acknowledges once per request object, and only with a requestId', async () => {
    await start();
    const client = await open();
    client.send([
      { requestId: 1, method: 'subscribe', type: 'orderbook', symbols: ['btc_krw', 'eth_krw'] },
      { method: 'subscribe', type: 'orderbook', symbols: ['xrp_krw'] },
    ]);
    await client.take(4);
    await client.settle();
    expect(texts(client)[0]).toBe('{"status":"success","requestId":1}');
    const symbols = client.json<Frame>().map(({ symbol }) => symbol);
    expect(symbols.slice(1)).toEqual(['btc_krw', 'eth_krw', 'xrp_krw']);
  });

  it('refuses as captured and stays open', async () => {
    await start();
    const client = await open();
    const one = (request: object): string => JSON.stringify([request]);
    const book = { method: 'subscribe', type: 'orderbook' };
    const cases: [string, string][] = [
      [
        one({ requestId: 2, ...book, symbols: ['nope_krw'] }),
        '{"status":"fail","code":"INVALID_SYMBOL","message":"The symbol does not exist (nope_krw)","requestId":2}',
      ],
      [
        one({ ...book, symbols: ['btc_krw', 'nope2_krw', 'eth_krw'] }),
        '{"status":"fail","code":"INVALID_SYMBOL","message":"The symbol does not exist (nope2_krw)"}',
      ],
      [
        one({ ...book, symbols: ['BTC_KRW'] }),
        '{"status":"fail","code":"INVALID_SYMBOL","message":"The symbol does not exist (BTC_KRW)"}',
      ],
      [
        one({ ...book, type: 'nope', symbols: ['btc_krw'], requestId: 4 }),
        '{"status":"fail","code":"INVALID_REQUEST","message":"unknown_type","requestId":4}',
      ],
      [
        one({ ...book, symbols: ['btc_krw'], level: '7', requestId: 11 }),
        '{"status":"fail","code":"INVALID_REQUEST","message":"invalid_level","requestId":11}',
      ],
      [
        JSON.stringify({ requestId: 5, ...book, symbols: ['btc_krw'] }),
        '{"status":"fail","message":"invalid_format"}',
      ],
      ['hello', '{"status":"fail","message":"invalid_format"}'],
    ];
    for (const [request] of cases) client.send(request);
    await client.take(cases.length);
    await client.settle();
    expect(texts(client)).toEqual(cases.map(([, answer]) => answer));
    expect(client.closed).toBeNull();
  });

  it('sends one empty snapshot of a stopped pair', async () => {
    await start();
    expect(simulator.stopped).toContain('KLAY-KRW');
    expect(simulator.pairs).not.toContain('KLAY-KRW');
    const client = await open();
    client.send(subscribe(['klay_krw']));
    await client.take(1);
    expect(formOf(texts(client)[0]!)).toBe(formOf(CAPTURED.stopped));
    const [{ data }] = client.json<Frame>() as [Frame];
    expect(Date.now() - data.timestamp).toBeGreaterThan(86_400_000);
    simulator.step('KLAY-KRW');
    await client.settle();
    expect(client.frames).toHaveLength(1);
    simulator.list('KLAY-KRW');
    simulator.step('KLAY-KRW');
    await client.take(2);
    expect(client.json<Frame>()[1]!.data.asks).toHaveLength(30);
  });

  it('empties a pair that is stopped later, without a frame', async () => {
    await start();
    const client = await open();
    client.send(subscribe(['xrp_krw']));
    await client.take(1);
    simulator.stop('XRP-KRW');
    simulator.step('XRP-KRW');
    client.send(subscribe(['xrp_krw']));
    await client.take(2);
    expect(client.json<Frame>()[1]!.data.asks).toEqual([]);
  });

  it('unsubscribes', async () => {
    await start();
    const client = await open();
    client.send(subscribe(['btc_krw', 'eth_krw']));
    await client.take(2);
    client.send([{ requestId: 9, method: 'unsubscribe', type: 'orderbook', symbols: ['btc_krw'] }]);
    await client.take(3);
    simulator.step('BTC-KRW');
    simulator.step('ETH-KRW');
    await client.settle();
    expect(texts(client)[2]).toBe('{"status":"success","requestId":9}');
    expect(
      client
        .json<Frame>()
        .slice(3)
        .map(({ symbol }) => symbol),
    ).toEqual(['eth_krw']);
  });

  it('does not double a repeated subscription', async () => {
    await start();
    const client = await open();
    client.send(subscribe(['btc_krw']));
    client.send(subscribe(['btc_krw'], { requestId: 2 }));
    await client.take(3);
    simulator.step('BTC-KRW');
    await client.settle();
    expect(client.frames).toHaveLength(4);
  });

  it('groups by an offered level, with quoteVolume', async () => {
    await start();
    simulator.setBook(
      'BTC-KRW',
      [
        ['116506000', '0.2'],
        ['116510000', '0.3'],
        ['116511000', '1'],
      ],
      [['116505000', '0.1']],
    );
    const client = await open();
    client.send(subscribe(['btc_krw'], { level: '10000' }));
    await client.take(1);
    expect(client.json<Frame>()[0]!.data).toMatchObject({
      asks: [
        { price: '116510000', qty: '0.5', quoteVolume: '58254200' },
        { price: '116520000', qty: '1', quoteVolume: '116511000' },
      ],
      bids: [{ price: '116500000', qty: '0.1', quoteVolume: '11650500' }],
    });
    // Grouped books are no books of the market, so they are not in the ledger.
    expect(simulator.sent).toEqual([]);
  });

  it('publishes a pair at most every 100 ms when it lives by itself, and only changes', async () => {
    await start({ rate: 1, seed: 2 });
    const client = await open();
    client.send(subscribe(['btc_krw']));
    await client.take(1);
    simulator.step('BTC-KRW', 30);
    simulator.step('BTC-KRW', 30);
    await client.take(3, 10_000);
    const frames = client.json<Frame>();
    for (let i = 2; i < frames.length; i++) {
      const gap = frames[i]!.timestamp - frames[i - 1]!.timestamp;
      expect(gap).toBeGreaterThanOrEqual(99);
      expect(frames[i]!.data.asks.concat(frames[i]!.data.bids)).not.toEqual(
        frames[i - 1]!.data.asks.concat(frames[i - 1]!.data.bids),
      );
    }
  });

  it('publishes nothing for a book that is as before', async () => {
    await start();
    const client = await open();
    client.send(subscribe(['btc_krw']));
    await client.take(1);
    const { data } = client.json<Frame>()[0]!;
    const book = (): void => simulator.setBook('BTC-KRW', pairs(data.asks), pairs(data.bids));
    book();
    await client.settle();
    expect(client.frames).toHaveLength(1);
  });

  it('pings every socket with the payload "ping", from its own opening', async () => {
    await start({ timing: { pingMs: 60, pongTimeoutMs: 1000 } });
    const client = await open();
    const pings: { payload: string; at: number }[] = [];
    client.ws.on('ping', (data: Buffer) =>
      pings.push({ payload: data.toString(), at: Date.now() }),
    );
    await until(() => pings.length >= 2, 'two pings');
    expect(pings.map(({ payload }) => payload)).toEqual(['ping', 'ping']);
    expect(pings[0]!.at - client.openedAt).toBeGreaterThanOrEqual(55);
  });

  it('drops a client that leaves pings unanswered', async () => {
    await start({ timing: { pingMs: 30, pongTimeoutMs: 60 } });
    const deaf = await RawClient.open(simulator.wsUrl, { autoPong: false });
    const good = await open();
    expect((await deaf.close()).code).toBe(1006);
    expect(good.closed).toBeNull();
    simulator.faults.missPings(true);
    const later = await RawClient.open(simulator.wsUrl, { autoPong: false });
    clients.push(later);
    await good.settle();
    expect(later.closed).toBeNull();
  });

  it('has no compression and only one path', async () => {
    await start();
    const { status, headers } = await upgradeStatus(simulator.wsUrl);
    expect(status).toBe(101);
    expect(headers['sec-websocket-extensions']).toBeUndefined();
    const wrong = simulator.wsUrl.replace('/v2/public', '/nope');
    expect((await upgradeStatus(wrong)).status).toBe(404);
  });

  it('can drop, duplicate and delay frames', async () => {
    await start();
    const client = await open();
    client.send(subscribe(['btc_krw']));
    await client.take(1);
    simulator.faults.dropFrames(1);
    simulator.step('BTC-KRW');
    simulator.faults.dropFrames(0);
    simulator.step('BTC-KRW');
    simulator.faults.duplicateFrame('BTC-KRW');
    const frames = await client.take(3);
    expect(frames[2]!.text).toBe(frames[1]!.text);
    expect(simulator.sent).toHaveLength(3);
    simulator.faults.delay(50);
    simulator.step('BTC-KRW');
    await client.take(4);
    const { timestamp } = client.json<Frame>()[3]!;
    expect(client.frames[3]!.at - timestamp).toBeGreaterThanOrEqual(45);
  });
});

describe('Korbit simulator, REST', () => {
  it('lists launched and stopped pairs', async () => {
    await start();
    const response = await get('/v2/currencyPairs');
    expect(response.headers.get('cache-control')).toBe('public, max-age=60');
    const { success, data } = (await response.json()) as { success: boolean; data: object[] };
    expect(success).toBe(true);
    expect(data[0]).toEqual({
      symbol: 'btc_krw',
      status: 'launched',
      baseCurrency: 'btc',
      quoteCurrency: 'krw',
      minOrderValue: '5000',
      maxOrderValue: '1000000000',
    });
    expect(data).toContainEqual(expect.objectContaining({ symbol: 'klay_krw', status: 'stopped' }));
    simulator.delist('BTC-KRW');
    expect(await (await get('/v2/currencyPairs')).text()).not.toContain('btc_krw');
  });

  it('gives the same book as the WebSocket, with the rate headers', async () => {
    await start();
    const client = await open();
    client.send(subscribe(['btc_krw']));
    await client.take(1);
    const response = await get('/v2/orderbook?symbol=btc_krw&limit=5');
    const text = await response.text();
    expect(formOf(text)).toBe(
      '{"success":true,"data":{"timestamp":MS,"bids":[LEVELS],"asks":[LEVELS]}}',
    );
    expect((JSON.parse(text) as { data: Book }).data).toEqual(client.json<Frame>()[0]!.data);
    expect(response.headers.get('ratelimit')).toBe('limit=50, remaining=49, reset=1');
    expect(response.headers.get('ratelimit-policy')).toBe('50;w=1');
    expect(lastSent()).toMatchObject({ via: 'rest', connection: 0 });
    const grouped = await (await get('/v2/orderbook?symbol=btc_krw&level=100000')).text();
    expect(grouped).toContain('"amt":"');
  });

  it('refuses as captured', async () => {
    await start();
    const error = (code: number, message: string): string =>
      JSON.stringify({ success: false, error: { code, message } });
    const cases: [string, number, string][] = [
      ['/v2/orderbook', 400, error(400, 'BAD_REQUEST')],
      ['/v2/orderbook?symbol=nope_krw', 400, error(400, 'INVALID_CURRENCY_PAIR')],
      ['/v2/orderbook?symbol=BTC_KRW', 400, error(400, 'INVALID_CURRENCY_PAIR')],
      ['/v2/orderbook?symbol=btc_krw&level=7', 400, error(400, 'BAD_REQUEST')],
      ['/v2/nope', 404, error(404, 'NOT_FOUND')],
      ['/v2/tickers?symbol=nope_krw', 200, '{"success":true,"data":[]}'],
      ['/v2/tradingFeePolicy', 400, error(400, 'NO_TIMESTAMP')],
    ];
    for (const [path, status, body] of cases) {
      const response = await get(path);
      expect([response.status, await response.text()]).toEqual([status, body]);
      expect(response.headers.has('ratelimit')).toBe(status !== 404);
    }
    const time = await get('/v2/time');
    expect(await time.text()).toMatch(/^\{"success":true,"data":\{"time":\d{13}\}\}$/);
    expect(time.headers.has('ratelimit')).toBe(false);
  });

  it('allows 50 calls a second', async () => {
    await start();
    let responses: Response[] = [];
    const refused = (): Response | undefined => responses.find(({ status }) => status === 429);
    // A burst may straddle two seconds of the clock, so more than two of them are taken.
    for (let i = 0; i < 5 && refused() === undefined; i++) {
      responses = await Promise.all(
        Array.from({ length: 110 }, () => get('/v2/orderbook?symbol=klay_krw')),
      );
    }
    expect(refused()?.headers.get('retry-after')).toBe('1');
  });
});
