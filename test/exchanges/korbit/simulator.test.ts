import { afterEach, describe, expect, it } from '@jest/globals';
import {
  startKorbitSimulator,
  type KorbitOptions,
  type KorbitSimulator,
} from '../../../src/simulator/korbit/server.js';
import type { SentBook } from '../../../src/simulator/simulator.js';
import { RawClient, until, upgradeStatus } from '../../simulator/raw-client.js';

/** Forms of the frames (`korbit.book.*` in docs/exchanges), see {@link formOf}. */
const FORM = {
  snapshot:
    '{"symbol":"btc_krw","timestamp":MS,"type":"orderbook","snapshot":true,"data":{"timestamp":MS,"asks":[LEVELS],"bids":[LEVELS]}}',
  next: '{"symbol":"btc_krw","timestamp":MS,"type":"orderbook","data":{"timestamp":MS,"asks":[LEVELS],"bids":[LEVELS]}}',
  stopped:
    '{"symbol":"klay_krw","timestamp":MS,"type":"orderbook","snapshot":true,"data":{"timestamp":MS,"asks":[],"bids":[]}}',
};

interface Level {
  price: string;
  qty: string;
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
  it('says nothing on opening, then a snapshot and whole books in the form of the wire', async () => {
    await start();
    const client = await open();
    await client.settle();
    expect(client.frames).toEqual([]);
    client.send(subscribe(['btc_krw']));
    await client.take(1);
    simulator.step('BTC-KRW');
    const frames = await client.take(2);
    expect(formOf(frames[0]!.text)).toBe(FORM.snapshot);
    expect(formOf(frames[1]!.text)).toBe(FORM.next);
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
    expect(formOf(texts(client)[0]!)).toBe(FORM.stopped);
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
    expect(pings[0]!.at - client.startedAt).toBeGreaterThanOrEqual(55);
  });

  it('drops a client that leaves pings unanswered', async () => {
    await start({ timing: { pingMs: 30, pongTimeoutMs: 60 } });
    const deaf = await RawClient.open(simulator.wsUrl, { autoPong: false });
    const good = await open();
    expect((await deaf.close()).code).toBe(1006);
    expect(good.closed).toBeNull();
  });

  it('has no compression and only one path', async () => {
    await start();
    const { status, headers } = await upgradeStatus(simulator.wsUrl);
    expect(status).toBe(101);
    expect(headers['sec-websocket-extensions']).toBeUndefined();
    const wrong = simulator.wsUrl.replace('/v2/public', '/nope');
    expect((await upgradeStatus(wrong)).status).toBe(404);
  });

  it('can drop and duplicate frames', async () => {
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
  });

  it('refuses as captured', async () => {
    await start();
    const error = (code: number, message: string): string =>
      JSON.stringify({ success: false, error: { code, message } });
    const cases: [string, number, string][] = [
      ['/v2/orderbook', 400, error(400, 'BAD_REQUEST')],
      ['/v2/orderbook?symbol=nope_krw', 400, error(400, 'INVALID_CURRENCY_PAIR')],
      ['/v2/orderbook?symbol=BTC_KRW', 400, error(400, 'INVALID_CURRENCY_PAIR')],
      ['/v2/nope', 404, error(404, 'NOT_FOUND')],
    ];
    for (const [path, status, body] of cases) {
      const response = await get(path);
      expect([response.status, await response.text()]).toEqual([status, body]);
      expect(response.headers.has('ratelimit')).toBe(status !== 404);
    }
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

interface TradeFrame {
  symbol: string;
  timestamp: number;
  type: string;
  snapshot?: boolean;
  data: { timestamp: number; price: string; qty: string; isBuyerTaker: boolean; tradeId: number }[];
}

describe('Korbit simulator, trades', () => {
  /** A socket that has had the first frame of BTC and ETH trades. */
  async function following(): Promise<RawClient> {
    const client = await open();
    client.send([{ method: 'subscribe', type: 'trade', symbols: ['btc_krw', 'eth_krw'] }]);
    await client.take(2);
    return client;
  }
  const trades = (client: RawClient): TradeFrame[] =>
    client.json<TradeFrame>().filter(({ type }) => type === 'trade');

  it('begin with some known ones; then frames of one to five, not always in order', async () => {
    await start();
    const client = await following();
    const [first] = trades(client);
    expect(first!.snapshot).toBe(true);
    expect(texts(client)[0]).toMatch(
      /^\{"symbol":"btc_krw","timestamp":\d{13},"type":"trade","snapshot":true,"data":\[\{"timestamp":\d{13},"price":"\d+","qty":"[\d.]+","isBuyerTaker":(true|false),"tradeId":\d{8,10}\}/,
    );
    simulator.setBook('BTC-KRW', [['116439000', '300']], [['116438000', '1']]);
    simulator.burst('BTC-KRW', 100);
    simulator.trade('BTC-KRW', 'buy', ['0.0067']);
    const ledger = simulator.trades.of('BTC-KRW').filter(({ history }) => !history);
    const rows = (): TradeFrame['data'] =>
      trades(client)
        .filter(({ symbol, snapshot }) => symbol === 'btc_krw' && snapshot === undefined)
        .flatMap(({ data }) => data);
    await until(() => rows().length === 101, '101 trades');
    const ids = rows().map(({ tradeId }) => tradeId);
    const ordered = [...ids].sort((a, b) => a - b);
    expect(ordered.map(String)).toEqual(ledger.map(({ id }) => id));
    expect(ids).not.toEqual(ordered);
    expect(ordered.at(-1)! - ordered[0]!).toBeGreaterThan(100);
    expect(Math.max(...trades(client).map(({ data }) => data.length))).toBeGreaterThan(1);
    expect(rows().at(-1)).toMatchObject({ price: '116439000', qty: '0.0067', isBuyerTaker: true });
    expect(ledger.every(({ live }) => live === 1)).toBe(true);
    // Each pair counts its own.
    const eth = simulator.trades.of('ETH-KRW').map(({ id }) => id);
    expect(simulator.trades.of('BTC-KRW').some(({ id }) => eth.includes(id))).toBe(true);
  });

  it('add up with books, one bad symbol failing its own request only', async () => {
    await start();
    const client = await open();
    client.send([
      { requestId: 1, method: 'subscribe', type: 'trade', symbols: ['btc_krw'] },
      { requestId: 2, method: 'subscribe', type: 'trade', symbols: ['nope_krw'] },
      { requestId: 3, method: 'subscribe', type: 'orderbook', symbols: ['btc_krw'] },
    ]);
    await client.take(5);
    const before = client.frames.length;
    simulator.trade('BTC-KRW');
    await client.take(before + 2);
    const kinds = client.json<{ type?: string; status?: string }>();
    expect(kinds.map(({ type, status }) => type ?? status)).toEqual([
      ...['success', 'trade', 'fail', 'success', 'orderbook', 'trade', 'orderbook'],
    ]);
    client.send([{ method: 'unsubscribe', type: 'trade', symbols: ['btc_krw'] }]);
    await client.settle();
    simulator.trade('BTC-KRW');
    await client.take(before + 3);
    await client.settle();
    expect(client.frames).toHaveLength(before + 3);
  });

  it('are lost without a sign, and only the newest 500 are found by REST', async () => {
    await start();
    const client = await following();
    simulator.faults.dropFrames(1);
    simulator.setBook('BTC-KRW', [['116439000', '3000']], [['116438000', '1']]);
    simulator.burst('BTC-KRW', 600);
    simulator.faults.dropFrames(0);
    simulator.trade('BTC-KRW');
    await client.take(3);
    await client.settle();
    expect(client.frames).toHaveLength(3);
    const all = simulator.trades.of('BTC-KRW');
    expect(all.filter(({ live }) => live > 0)).toHaveLength(1);
    interface Rows {
      success: boolean;
      data: { tradeId?: number }[];
    }
    const rows = (await (await get('/v2/trades?symbol=btc_krw&limit=500')).json()) as Rows;
    expect(rows.data.map(({ tradeId }) => `${tradeId}`)).toEqual(
      all.slice(-500).map(({ restId }) => restId).reverse(), // prettier-ignore
    );
    for (const wrong of ['symbol=nope_krw', 'symbol=btc_krw&limit=501', '']) {
      expect((await get(`/v2/trades?${wrong}`)).status).toBe(400);
    }
  });
});
