import { afterEach, describe, expect, it } from '@jest/globals';
import {
  startUpbitSimulator,
  type UpbitOptions,
  type UpbitSimulator,
} from '../../../src/simulator/upbit/server.js';
import { RawClient, until, upgradeStatus } from '../../simulator/raw-client.js';

/** Facts of docs/exchanges/upbit.md, checked from outside by a bare client. */

let running: UpbitSimulator[] = [];
let clients: RawClient[] = [];

async function start(options: UpbitOptions = {}): Promise<UpbitSimulator> {
  const simulator = await startUpbitSimulator({ rate: 0, ...options });
  running.push(simulator);
  return simulator;
}

async function open(simulator: UpbitSimulator, options = {}): Promise<RawClient> {
  const client = await RawClient.open(simulator.wsUrl, options);
  clients.push(client);
  return client;
}

afterEach(async () => {
  for (const client of clients) client.ws.terminate();
  await Promise.all(running.map((simulator) => simulator.close()));
  clients = [];
  running = [];
});

interface Unit {
  ask_price: number;
  bid_price: number;
  ask_size: number;
  bid_size: number;
}
interface Frame {
  type: string;
  code: string;
  timestamp: number;
  total_ask_size: number;
  total_bid_size: number;
  orderbook_units: Unit[];
  stream_type: string;
  level: number;
}

const ticket = { ticket: 'test' };
const subscribe = (codes: string[], more = {}): unknown[] => [
  ticket,
  { type: 'orderbook', codes, ...more },
];

describe('Upbit WebSocket', () => {
  it('answers a subscription by one SNAPSHOT per valid code in binary frames, nothing else', async () => {
    const upbit = await start();
    const client = await open(upbit);
    const codes = upbit.pairs.map((pair) => pair.split('-').reverse().join('-'));
    client.send(subscribe([...codes, 'krw-btc', 'KRW-NOPE', 'BTC-KRW']));
    const frames = await client.take(codes.length);
    expect(frames.every((frame) => frame.binary)).toBe(true);
    expect(client.json<Frame>().map((f) => f.code)).toEqual(codes);
    for (const frame of client.json<Frame>()) {
      expect(frame.stream_type).toBe('SNAPSHOT');
      expect(frame.orderbook_units).toHaveLength(30);
      expect(frame.timestamp).toBeLessThanOrEqual(Date.now());
      const sum = (key: 'ask_size' | 'bid_size'): number =>
        frame.orderbook_units.reduce((total, unit) => total + unit[key], 0);
      expect(frame.total_ask_size / sum('ask_size')).toBeCloseTo(1, 9);
      expect(frame.total_bid_size / sum('bid_size')).toBeCloseTo(1, 9);
    }
    const thin = client.json<Frame>().find((f) => f.code === 'KRW-USDS')!;
    expect(thin.orderbook_units[29]).toEqual({
      ask_price: 0,
      bid_price: 0,
      ask_size: 0,
      bid_size: 0,
    });
    expect(thin.orderbook_units[8]!.bid_price).toBe(0);
    expect(thin.orderbook_units[8]!.ask_price).toBeGreaterThan(0);
    await client.settle();
    expect(client.frames).toHaveLength(codes.length);
    expect(client.ws.readyState).toBe(client.ws.OPEN);
  });

  it('spells DEFAULT as captured in 2026', async () => {
    const upbit = await start();
    upbit.setBook('BTC-KRW', [['116539000', '0.02054761']], [['116538000', '0.08120946']]);
    const client = await open(upbit);
    client.send(subscribe(['KRW-BTC']));
    const [frame] = await client.take(1);
    expect(frame!.text).toMatch(
      /^\{"type":"orderbook","code":"KRW-BTC","timestamp":\d{13},"total_ask_size":0\.02054761,"total_bid_size":0\.08120946,"orderbook_units":\[\{"ask_price":1\.16539E8,"bid_price":1\.16538E8,"ask_size":0\.02054761,"bid_size":0\.08120946\},\{.*\}\],"stream_type":"SNAPSHOT","level":0\}$/,
    );
  });

  it('spells small and middle prices as Java does, and keeps some trailing zeros of sizes', async () => {
    const upbit = await start({ pairs: ['ETH-KRW', 'BERA-BTC', 'XRP-KRW'] });
    upbit.setBook('ETH-KRW', [['4407000', '1.509']], [['4403000', '155']]);
    upbit.setBook('BERA-BTC', [['0.00000099', '1']], [['0.00000098', '2']]);
    const client = await open(upbit);
    client.send(subscribe(['KRW-ETH', 'BTC-BERA', 'KRW-XRP']));
    const [eth, bera, xrp] = await client.take(3);
    expect(eth!.text).toContain('"ask_price":4407000.0,"bid_price":4403000.0,');
    expect(eth!.text).toMatch(/"ask_price":0,"bid_price":0,"ask_size":0,"bid_size":0/);
    expect(bera!.text).toContain('"ask_price":9.9E-7,"bid_price":9.8E-7,');
    expect(xrp!.text).toMatch(/"(ask|bid)_size":\d+\.\d{7}0[,}]/);
    expect(xrp!.text).toMatch(/"(ask|bid)_size":\d+(\.\d{0,7}[1-9])?[,}]/);
  });

  it('sends REALTIME frames only when the visible book has changed', async () => {
    const upbit = await start();
    const asks: [string, string][] = [
      ['116539000', '1'],
      ['116540000', '2'],
    ];
    const bids: [string, string][] = [['116538000', '1']];
    upbit.setBook('BTC-KRW', asks, bids);
    const whole = await open(upbit);
    whole.send(subscribe(['KRW-BTC']));
    await whole.take(1);
    upbit.setBook('BTC-KRW', asks, bids);
    upbit.setBook('BTC-KRW', [asks[0]!, ['116540000', '3']], bids);
    upbit.setBook('BTC-KRW', [['116539000', '5'], asks[1]!], bids);
    await whole.take(3);
    await whole.settle();
    expect(whole.json<Frame>().map((f) => f.stream_type)).toEqual([
      'SNAPSHOT',
      'REALTIME',
      'REALTIME',
    ]);
    const times = whole.json<Frame>().map((f) => f.timestamp);
    expect(times[1]).toBeLessThan(times[2]!);
  });

  it('publishes at most once per 100 ms, on the phase of the market', async () => {
    const upbit = await start({ rate: 1, pairs: ['XRP-KRW', 'BTC-KRW'] });
    const client = await open(upbit);
    client.send(subscribe(['KRW-XRP']));
    await client.take(9);
    const times = client.json<Frame>().map((f) => f.timestamp);
    const realtime = times.slice(1);
    expect(new Set(realtime.map((time) => time % 100)).size).toBe(1);
    realtime.forEach((time, i) => {
      if (i > 0) expect(time - realtime[i - 1]!).toBeGreaterThanOrEqual(100);
    });
    client.frames.slice(1).forEach((frame, i) => {
      expect(frame.at).toBeGreaterThanOrEqual(realtime[i]! - 2);
    });
  });

  it('keeps the time of the last change in a SNAPSHOT', async () => {
    const upbit = await start({ rate: 1, pairs: ['USDS-KRW'] });
    const client = await open(upbit);
    client.send(subscribe(['KRW-USDS']));
    await client.take(1);
    expect(client.json<Frame>()[0]!.timestamp).toBeLessThan(client.startedAt);
  });

  it('replaces the subscription by a second request', async () => {
    const upbit = await start();
    const client = await open(upbit);
    client.send(subscribe(['KRW-BTC', 'KRW-ETH']));
    await client.take(2);
    client.send(subscribe(['KRW-XRP', 'KRW-ETH']));
    await client.take(4);
    expect(
      client
        .json<Frame>()
        .slice(2)
        .map((f) => `${f.code} ${f.stream_type}`),
    ).toEqual(['KRW-XRP SNAPSHOT', 'KRW-ETH SNAPSHOT']);
    const before = client.frames.length;
    upbit.step('BTC-KRW');
    upbit.step('ETH-KRW');
    upbit.step('XRP-KRW');
    await client.take(before + 2);
    await client.settle();
    expect(
      client
        .json<Frame>()
        .slice(before)
        .map((f) => f.code),
    ).toEqual(['KRW-ETH', 'KRW-XRP']);
  });

  it.each([
    ['hello', '{"error":{"message":"Format 이 맞지 않습니다.","name":"WRONG_FORMAT"}}'],
    ['{"ticket":"x"}', '{"error":{"message":"Format 이 맞지 않습니다.","name":"WRONG_FORMAT"}}'],
    [
      '[{"type":"orderbook","codes":["KRW-BTC"]}]',
      '{"error":{"name":"NO_TICKET","message":"티켓이 존재하지 않거나, 유효하지 않습니다."}}',
    ],
    [
      '[{"ticket":"x"},{"codes":["KRW-BTC"]}]',
      '{"error":{"name":"NO_TYPE","message":"type 필드가 존재하지 않습니다."}}',
    ],
    [
      '[{"ticket":"x"},{"type":"orderbook"}]',
      '{"error":{"name":"NO_CODES","message":"codes 필드가 존재하지 않습니다."}}',
    ],
    [
      '[{"ticket":"x"},{"type":"orderbook","codes":[]}]',
      '{"error":{"name":"INVALID_PARAM","message":"codes 필드가 비어 있습니다."}}',
    ],
    [
      '[{"ticket":"x"},{"type":"nope","codes":["KRW-BTC"]}]',
      '{"error":{"message":"nope 은 지원하지 않는 타입입니다.","name":"INVALID_PARAM"}}',
    ],
  ])('refuses %s and closes with 1000 about 150 ms later', async (message, error) => {
    const upbit = await start();
    const client = await open(upbit);
    const sentAt = Date.now();
    client.send(message);
    const { code, at } = await client.close();
    expect(client.frames.map((frame) => frame.text)).toEqual([error]);
    expect(code).toBe(1000);
    expect(at - sentAt).toBeGreaterThanOrEqual(148);
  });

  it('sends UP after PING, pongs to pings, and drops an idle socket without a close frame', async () => {
    const upbit = await start({ timing: { idleDropMs: 1000, upFirstMs: 30, upIntervalMs: 100 } });
    const kept = await open(upbit);
    const pinging = await open(upbit);
    const idle = await open(upbit);
    kept.send('PING');
    const beat = setInterval(() => pinging.ws.ping('hi'), 30);
    const { code, at } = await idle.close();
    expect(code).toBe(1006);
    expect(at - idle.startedAt).toBeGreaterThanOrEqual(100);
    await kept.take(6);
    expect(new Set(kept.frames.map((frame) => frame.text))).toEqual(new Set(['{"status":"UP"}']));
    expect(kept.closed).toBeNull();
    expect(pinging.closed).toBeNull();
    expect(pinging.pongs).toContain('hi');
    clearInterval(beat);
    expect((await pinging.close()).code).toBe(1006);
  });

  it('drops a socket whose only traffic was a snapshot', async () => {
    const upbit = await start({ timing: { idleDropMs: 1000 } });
    const client = await open(upbit);
    client.send(subscribe(['KRW-BTC']));
    expect((await client.close()).code).toBe(1006);
    expect(client.frames).toHaveLength(1);
  });

  it('limits upgrades to five a second and tells what is left', async () => {
    const upbit = await start();
    // All of them must fall into one second of the clock.
    await until(() => Date.now() % 1000 < 300, 'the start of a second');
    const results = await Promise.all([1, 2, 3, 4, 5, 6].map(() => upgradeStatus(upbit.wsUrl)));
    const statuses = results.map((result) => result.status).sort();
    expect(statuses).toEqual([101, 101, 101, 101, 101, 429]);
    expect(results.map((r) => r.headers['remaining-req'])).toContain(
      'group=websocket; min=300; sec=3',
    );
    expect(results[0]!.headers['limit-by-ip']).toBe('Yes');
    expect(upbit.upgrades.map((upgrade) => upgrade.status).sort()).toEqual(statuses);
  });

  it('limits messages to five a second on one connection', async () => {
    const upbit = await start();
    const client = await open(upbit);
    for (let i = 0; i < 6; i++) client.send(subscribe(['KRW-BTC']));
    expect((await client.close()).code).toBe(1000);
    expect(client.frames.some(({ text }) => text.includes('Too Many Requests'))).toBe(true);
  });

  it('negotiates permessage-deflate only when offered', async () => {
    const upbit = await start();
    const plain = await open(upbit, { perMessageDeflate: false });
    const deflate = await open(upbit, { perMessageDeflate: true });
    expect(plain.ws.extensions).toBe('');
    expect(deflate.ws.extensions).toContain('permessage-deflate');
    deflate.send(subscribe(['KRW-BTC']));
    await deflate.take(1);
    expect(deflate.json<Frame>()[0]!.code).toBe('KRW-BTC');
  });

  it('keeps a delisted market silent', async () => {
    const upbit = await start();
    const client = await open(upbit);
    client.send(subscribe(['KRW-BTC', 'KRW-ETH']));
    await client.take(2);
    upbit.delist('BTC-KRW');
    upbit.list('NEW-KRW');
    upbit.step('BTC-KRW');
    upbit.step('ETH-KRW');
    await client.take(3);
    expect(client.json<Frame>()[2]!.code).toBe('KRW-ETH');
    const list = (await (await fetch(`${upbit.restUrl}/v1/market/all`)).json()) as {
      market: string;
    }[];
    expect(list.map((row) => row.market)).toContain('KRW-NEW');
    expect(list.map((row) => row.market)).not.toContain('KRW-BTC');
  });

  it('has a switch for timestamps of 16 digits', async () => {
    const upbit = await start();
    upbit.faults.microsecondTimestamps(true);
    const client = await open(upbit);
    client.send(subscribe(['KRW-BTC']));
    const [frame] = await client.take(1);
    expect(frame!.text).toMatch(/"timestamp":\d{13}000,/);
    const ms = Math.floor(client.json<Frame>()[0]!.timestamp / 1000);
    expect(upbit.sent.at(-1)!.exchangeTimestamp).toBe(ms);
  });
});

describe('Upbit REST', () => {
  const get = async (
    simulator: UpbitSimulator,
    path: string,
  ): Promise<{ status: number; text: string; headers: Headers }> => {
    const response = await fetch(`${simulator.restUrl}${path}`);
    return { status: response.status, text: await response.text(), headers: response.headers };
  };

  it('lists markets', async () => {
    const upbit = await start();
    const plain = await get(upbit, '/v1/market/all');
    expect(plain.text).toContain(
      '{"market":"KRW-BTC","korean_name":"비트코인","english_name":"Bitcoin"}',
    );
    expect(plain.headers.get('remaining-req')).toBe('group=market; min=600; sec=9');
  });

  it('gives the book of the newest frame, bid first, plain numbers', async () => {
    const upbit = await start();
    const client = await open(upbit);
    client.send(subscribe(['KRW-BTC', 'BTC-BERA']));
    await client.take(2);
    upbit.step('BTC-KRW', 3);
    await client.take(5);
    const reply = await get(upbit, '/v1/orderbook?markets=krw-btc,BTC-BERA');
    expect(reply.status).toBe(200);
    expect(reply.text).toMatch(
      /^\[\{"market":"KRW-BTC","timestamp":\d{13},"total_ask_size":[\d.]+,"total_bid_size":[\d.]+,"orderbook_units":\[\{"bid_price":\d+,"bid_size":[\d.]+,"ask_price":\d+,"ask_size":[\d.]+\}/,
    );
    expect(reply.text).toMatch(/"level":0\}\]$/);
    expect(reply.text).not.toMatch(/\dE/);
    const [btc, bera] = JSON.parse(reply.text) as Frame[];
    const frame = client.json<Frame>()[4]!;
    expect(btc!.timestamp).toBe(frame.timestamp);
    expect(btc!.orderbook_units).toEqual(frame.orderbook_units);
    expect(bera!.orderbook_units).toHaveLength(30);
    const headers = ['cache-control', 'content-type', 'remaining-req', 'limit-by-ip'];
    expect(headers.map((name) => reply.headers.get(name))).toEqual([
      'no-cache, no-store, max-age=0, must-revalidate',
      'application/json;charset=UTF-8',
      'group=orderbook; min=600; sec=9',
      'Yes',
    ]);
    expect(reply.headers.get('content-encoding')).toBe('gzip');
    const [sent] = upbit.sent.filter((book) => book.via === 'rest');
    expect(sent).toMatchObject({ symbol: 'BTC', currency: 'KRW', connection: 0 });
    expect(sent!.exchangeTimestamp).toBe(btc!.timestamp);
    expect(sent!.asks.map(([price, size]) => [Number(price), Number(size)])).toEqual(
      btc!.orderbook_units.map((unit) => [unit.ask_price, unit.ask_size]),
    );
  });

  it.each([
    ['/v1/orderbook?markets=KRW-NOPE', 404, '{"error":{"name":404,"message":"Code not found"}}'],
    [
      '/v1/orderbook?markets=KRW-BTC,KRW-NOPE',
      404,
      '{"error":{"name":404,"message":"Code not found"}}',
    ],
    [
      '/v1/orderbook',
      400,
      '{"error":{"name":400,"message":"Missing request parameter error. Check the required parameters!"}}',
    ],
    [
      '/v1/nope',
      404,
      '{"error":{"name":"not_found","message":"no Route matched with those values"}}',
    ],
  ])('%s: %i', async (path, status, body) => {
    const upbit = await start();
    const reply = await get(upbit, path);
    expect([reply.status, reply.text]).toEqual([status, body]);
  });

  it('answers 429 over ten a second and 418 to who goes on', async () => {
    const upbit = await start({ timing: { blockMs: 5000 } });
    await until(() => Date.now() % 1000 < 300, 'the start of a second');
    const replies = await Promise.all(
      Array.from({ length: 25 }, () => get(upbit, '/v1/orderbook?markets=KRW-BTC')),
    );
    const count = (status: number): number => replies.filter((r) => r.status === status).length;
    expect([count(200), count(429), count(418)]).toEqual([10, 10, 5]);
    expect(replies.find((r) => r.status === 429)!.text).toBe(
      '{"error":{"name":"too_many_requests"}}',
    );
    const remaining = replies.map((r) => r.headers.get('remaining-req'));
    expect(remaining).toContain('group=orderbook; min=600; sec=0');
    expect((await get(upbit, '/v1/market/all')).status).toBe(418);
  });
});

interface TradeFrame {
  sequential_id: string;
  trade_timestamp: number;
  timestamp: number;
  stream_type: string;
}

/** As JSON, with ids as text: they are above 2^53. */
function parseTrades(text: string): TradeFrame[] {
  return JSON.parse(text.replace(/"sequential_id":(\d+)/g, '"sequential_id":"$1"')) as TradeFrame[];
}

const trades = (codes: string[], more = {}): unknown[] => [
  ticket,
  { type: 'trade', codes, ...more },
];

/** A new request takes the place of the old one in the same moment. */
const AT_ONCE = { timing: { snapshotDelayMs: 0, replaceMs: 0 } };

describe('Upbit trades', () => {
  it('have the keys, the order and the ids of the captures of 2026', async () => {
    const upbit = await start();
    const client = await open(upbit);
    client.send(trades(['KRW-BTC', 'KRW-NOPE']));
    await client.take(1);
    upbit.burst('BTC-KRW', 40);
    for (let i = 0; i < 40; i++) {
      upbit.trade('BTC-KRW', i % 2 === 0 ? 'buy' : 'sell', ['0.00008428']);
      const now = Date.now();
      await until(() => Date.now() > now, 'the next ms');
    }
    const frames = await client.take(81);
    const number = String.raw`[\d.]+(?:e-\d\d)?`;
    const shape = new RegExp(
      String.raw`^\{"type":"trade","code":"KRW-BTC","timestamp":\d{13},"trade_date":"[-\d]{10}",` +
        String.raw`"trade_time":"[:\d]{8}","trade_timestamp":\d{13},"trade_price":${number},` +
        String.raw`"trade_volume":${number},"ask_bid":"(?:ASK|BID)","prev_closing_price":${number},` +
        String.raw`"change":"(?:RISE|FALL|EVEN)","change_price":${number},"sequential_id":\d{17},` +
        String.raw`(?:"best_ask_price":[\d.]+,"best_ask_size":[\d.]+,"best_bid_price":[\d.]+,` +
        String.raw`"best_bid_size":[\d.]+,)?"stream_type":"(?:SNAPSHOT|REALTIME)"\}$`,
    );
    for (const frame of frames) {
      expect(frame.binary).toBe(true);
      expect(frame.text).toMatch(shape);
      const [trade] = parseTrades(`[${frame.text}]`);
      expect(trade!.sequential_id.slice(0, 13)).toBe(`${trade!.trade_timestamp}`);
      if (trade!.stream_type === 'SNAPSHOT') continue;
      expect(trade!.timestamp - trade!.trade_timestamp).toBeGreaterThanOrEqual(35);
    }
    const counters = frames.slice(1, 41).map(({ text }) => /(\d{4}),"best|(\d{4}),"str/.exec(text));
    expect(counters.map((found) => Number(found?.[1] ?? found?.[2]))).toEqual(
      Array.from({ length: 40 }, (_, i) => i),
    );
    const all = frames.map(({ text }) => text).join('\n');
    expect(all).toMatch(/"trade_price":\d+\.0{8},"trade_volume":0\.00008428,/);
    expect(all).toMatch(/"trade_price":\d+\.0,"trade_volume":8\.428e-05,/);
    expect(all).toMatch(/"trade_price":\d+,"trade_volume":0\.00008428,/);
  });

  it('begin with the last trade again at each request, unless only what follows is wanted', async () => {
    const upbit = await start(AT_ONCE);
    const client = await open(upbit);
    client.send(trades(['KRW-BTC']));
    await client.take(1);
    client.send(trades(['KRW-BTC']));
    const [first, again] = await client.take(2);
    expect(again!.text.replace(/"timestamp":\d+/, '')).toBe(
      first!.text.replace(/"timestamp":\d+/, ''),
    );
    client.send(trades(['KRW-BTC'], { is_only_realtime: true }));
    await client.settle();
    upbit.trade('BTC-KRW');
    await client.take(3);
    expect(client.json<TradeFrame>().map((f) => f.stream_type)).toEqual([
      ...['SNAPSHOT', 'SNAPSHOT', 'REALTIME'],
    ]);
    expect(first!.text).toContain(upbit.trades.of('BTC-KRW').at(-2)!.id);
  });

  it('stand beside books in one request, and replace them in the next', async () => {
    const upbit = await start(AT_ONCE);
    const client = await open(upbit);
    client.send([...subscribe(['KRW-BTC']), { type: 'trade', codes: ['KRW-BTC'] }]);
    await client.take(2);
    upbit.trade('BTC-KRW');
    await client.take(4);
    expect(client.json<Frame>().map((f) => f.type)).toEqual([
      ...['orderbook', 'trade', 'trade', 'orderbook'],
    ]);
    client.send(trades(['KRW-BTC']));
    await client.take(5);
    await client.settle();
    upbit.trade('BTC-KRW');
    await client.settle();
    expect(client.json<Frame>().slice(4).map((f) => f.type)).toEqual(['trade', 'trade']); // prettier-ignore
  });

  it('are paged by REST back to a known one, across a page end within one ms', async () => {
    const upbit = await start({ limits: false });
    const page = async (query: string): Promise<TradeFrame[]> =>
      parseTrades(await (await fetch(`${upbit.restUrl}/v1/trades/ticks?${query}`)).text());
    await page('market=KRW-BTC');
    upbit.burst('BTC-KRW', 12);
    const found: string[] = [];
    let rows = await page('market=KRW-BTC&count=5');
    while (rows.length > 0) {
      found.push(...rows.map((row) => row.sequential_id));
      rows = await page(`market=KRW-BTC&count=5&cursor=${found.at(-1)!}`);
    }
    expect(found).toEqual(upbit.trades.of('BTC-KRW').map(({ id }) => id).reverse()); // prettier-ignore
    expect(await page('market=KRW-BTC')).toHaveLength(1);
    expect(await page('market=KRW-BTC&count=500&days_ago=7')).toHaveLength(0);
    const { status } = await fetch(`${upbit.restUrl}/v1/trades/ticks?market=KRW-NOPE`);
    expect(status).toBe(404);
    for (const wrong of ['count=501', 'days_ago=8', 'to=25', 'cursor=x']) {
      const reply = await fetch(`${upbit.restUrl}/v1/trades/ticks?market=KRW-BTC&${wrong}`);
      expect(reply.status).toBe(400);
    }
  });

  it('have a rate group of their own', async () => {
    const upbit = await start();
    const url = `${upbit.restUrl}/v1/trades/ticks?market=KRW-BTC`;
    const replies = await Promise.all(Array.from({ length: 25 }, () => fetch(url)));
    expect(replies.some(({ status }) => status === 429)).toBe(true);
    expect(replies[0]!.headers.get('remaining-req')).toContain('group=crix-trades');
  });

  it('add up to the minute candles', async () => {
    const upbit = await start();
    upbit.setBook('BTC-KRW', [['101000', '2']], [['100000', '3']]);
    upbit.trade('BTC-KRW', 'buy', ['0.3', '0.6', '0.00000001']);
    const reply = await fetch(`${upbit.restUrl}/v1/candles/minutes/1?market=KRW-BTC&count=200`);
    const candles = (await reply.json()) as Record<string, string | number>[];
    const ledger = upbit.trades.of('BTC-KRW');
    const minute = (ms: number): string => new Date(ms - (ms % 60_000)).toISOString().slice(0, 19);
    for (const candle of candles) {
      const of = ledger.filter(({ ms }) => minute(ms) === candle['candle_date_time_utc']);
      const sum = of.reduce((total, { volume }) => total + Number(volume), 0);
      expect(candle['candle_acc_trade_volume']).toBeCloseTo(sum, 8);
      expect(candle['trade_price']).toBe(Number(of.at(-1)!.price));
    }
    expect(candles[0]!['candle_date_time_utc']).toBe(minute(ledger.at(-1)!.ms));
  });
});
