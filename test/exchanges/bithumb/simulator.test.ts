import { afterEach, describe, expect, it } from '@jest/globals';
import {
  startBithumbSimulator,
  type BithumbOptions,
  type BithumbSimulator,
} from '../../../src/simulator/bithumb/server.js';
import { plainText, unitsFromText } from '../../../src/simulator/book/number-text.js';
import { RawClient, until, upgradeStatus } from '../../simulator/raw-client.js';

/** Facts of docs/exchanges/bithumb.md (generation 2), checked from outside by a bare client. */

let running: BithumbSimulator[] = [];
let clients: RawClient[] = [];

async function start(options: BithumbOptions = {}): Promise<BithumbSimulator> {
  const simulator = await startBithumbSimulator({ rate: 0, ...options });
  running.push(simulator);
  return simulator;
}

async function open(simulator: BithumbSimulator): Promise<RawClient> {
  const client = await RawClient.open(simulator.wsUrl);
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
  code: string;
  market: string;
  timestamp: number;
  total_ask_size: number;
  orderbook_units: Unit[];
  stream_type: string;
  level: number;
}

const ticket = { ticket: 'test' };
const subscribe = (codes: string[], more = {}): unknown[] => [
  ticket,
  { type: 'orderbook', codes, ...more },
];

describe('Bithumb WebSocket', () => {
  it('answers by one binary SNAPSHOT of 15 levels per valid code, in plain spelling', async () => {
    const bithumb = await start();
    bithumb.setBook('ETH-KRW', [['3715000', '8.4592']], [['3714000', '3.012']]);
    bithumb.setBook('USDC-BTC', [['0.00001687', '155']], [['0.0000168', '41.6666']]);
    const client = await open(bithumb);
    client.send(subscribe(['KRW-ETH', 'BTC-USDC', 'krw-btc', 'BTC-KRW', 'BTC_KRW', 'KRW-NOPE']));
    const [eth, usdc] = await client.take(2);
    expect(eth!.text).toMatch(
      /^\{"type":"orderbook","code":"KRW-ETH","total_ask_size":8\.4592,"total_bid_size":3\.012,"orderbook_units":\[\{"ask_price":3715000,"bid_price":3714000,"ask_size":8\.4592,"bid_size":3\.012\},\{.*\}\],"level":1,"timestamp":\d{16},"stream_type":"SNAPSHOT"\}$/,
    );
    expect(usdc!.text).toContain(
      '[{"ask_price":0.00001687,"bid_price":0.0000168,"ask_size":155,"bid_size":41.6666},{"ask_price":0,"bid_price":0,"ask_size":0,"bid_size":0},',
    );
    expect(client.json<Frame>()[1]!.orderbook_units).toHaveLength(15);
    expect(client.frames.every((frame) => frame.binary)).toBe(true);
    await client.settle();
    expect(client.frames).toHaveLength(2);
    expect(client.ws.readyState).toBe(client.ws.OPEN);
  });

  const WRONG_FORMAT = '{"error":{"name":"WRONG_FORMAT","message":"Format 이 맞지 않습니다."}}';
  it.each([
    ['hello', WRONG_FORMAT],
    ['{"ticket":"x"}', WRONG_FORMAT],
    ['[{"ticket":"x"},{"codes":["KRW-BTC"]}]', WRONG_FORMAT],
    [
      '[{"type":"orderbook","codes":["KRW-BTC"]}]',
      '{"error":{"name":"NO_TICKET","message":"티켓이 존재하지 않거나, 유효하지 않습니다."}}',
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
      '{"error":{"name":"INVALID_PARAM","message":"nope 은 지원하지 않는 타입입니다."}}',
    ],
  ])('refuses %s and closes with 1000', async (message, error) => {
    const bithumb = await start();
    const client = await open(bithumb);
    client.send(message);
    expect((await client.close()).code).toBe(1000);
    expect(client.frames.map((frame) => frame.text)).toEqual([error]);
  });

  it('replaces the subscription by a second request', async () => {
    const bithumb = await start();
    const client = await open(bithumb);
    client.send(subscribe(['KRW-XRP']));
    await client.take(1);
    client.send(subscribe(['KRW-ETH']));
    await client.take(2);
    bithumb.step('XRP-KRW');
    bithumb.step('ETH-KRW');
    await client.take(3);
    await client.settle();
    expect(client.json<Frame>().map((f) => f.code)).toEqual(['KRW-XRP', 'KRW-ETH', 'KRW-ETH']);
  });

  it('repeats books with a fresh timestamp, about half of the frames', async () => {
    const bithumb = await start();
    bithumb.faults.repeats(0.5);
    const client = await open(bithumb);
    client.send(subscribe(['KRW-XRP']));
    await client.take(1);
    bithumb.step('XRP-KRW', 300);
    await until(() => client.frames.length > 400, 'repeats');
    const frames = client.json<Frame>();
    const repeats = frames.filter(
      (frame, i) =>
        i > 0 &&
        JSON.stringify(frame.orderbook_units) === JSON.stringify(frames[i - 1]!.orderbook_units),
    );
    expect(repeats.length / frames.length).toBeGreaterThan(0.35);
    expect(repeats.length / frames.length).toBeLessThan(0.65);
    frames.forEach((frame, i) => {
      if (i > 0) expect(frame.timestamp).toBeGreaterThan(frames[i - 1]!.timestamp);
    });
  });

  it('lives at about 85 ms a frame when busy', async () => {
    const bithumb = await start({ rate: 1, pairs: ['XRP-KRW'] });
    const client = await open(bithumb);
    client.send(subscribe(['KRW-XRP']));
    await client.take(12);
    const gaps = client
      .json<Frame>()
      .slice(2)
      .map((frame, i) => (frame.timestamp - client.json<Frame>()[i + 1]!.timestamp) / 1000);
    for (const gap of gaps) expect(gap).toBeGreaterThan(50);
  });

  it('shows dust as size 0 at a real price, at times at the touch; the ledger leaves it out', async () => {
    const bithumb = await start();
    const client = await open(bithumb);
    client.send(subscribe(['KRW-BTC']));
    await client.take(1);
    bithumb.step('BTC-KRW', 400);
    await until(() => client.frames.length > 300, 'frames');
    await client.settle();
    const dust = (unit: Unit): boolean =>
      (unit.ask_price > 0 && unit.ask_size === 0) || (unit.bid_price > 0 && unit.bid_size === 0);
    const frames = client.json<Frame>();
    expect(frames.some((frame) => frame.orderbook_units.some(dust))).toBe(true);
    expect(frames.some((frame) => dust(frame.orderbook_units[0]!))).toBe(true);
    expect(bithumb.sent).toHaveLength(frames.length);
    frames.forEach((frame, i) => {
      const real = frame.orderbook_units.filter((unit) => unit.ask_price > 0 && unit.ask_size > 0);
      expect(bithumb.sent[i]!.asks.map(([price, size]) => [Number(price), Number(size)])).toEqual(
        real.map((unit) => [unit.ask_price, unit.ask_size]),
      );
      expect(bithumb.sent[i]!.exchangeTimestamp).toBe(Math.floor(frame.timestamp / 1000));
    });
    for (const frame of client.frames) expect(frame.text).not.toMatch(/_size":\d+\.\d{5}/);
    bithumb.faults.dust(false);
    bithumb.step('BTC-KRW', 20);
    await client.take(frames.length + 20);
    expect(client.json<Frame>().at(-1)!.orderbook_units.some(dust)).toBe(false);
  });

  it('writes the timestamp in three forms', async () => {
    const bithumb = await start();
    for (const [form, pattern] of [
      ['us-string', /"timestamp":"\d{16}"/],
      ['ms', /"timestamp":\d{13},/],
      ['us', /"timestamp":\d{16},/],
    ] as const) {
      bithumb.faults.timestampForm(form);
      const client = await open(bithumb);
      client.send(subscribe(['KRW-BTC']));
      const [frame] = await client.take(1);
      expect(frame!.text).toMatch(pattern);
    }
  });

  it('can send a REALTIME before the SNAPSHOT', async () => {
    const bithumb = await start();
    bithumb.faults.realtimeBeforeSnapshot(true);
    const client = await open(bithumb);
    client.send(subscribe(['KRW-BTC']));
    await client.take(2);
    expect(client.json<Frame>().map((f) => f.stream_type)).toEqual(['REALTIME', 'SNAPSHOT']);
  });

  it('sends UP after PING and drops an idle socket without a close frame', async () => {
    const bithumb = await start({ timing: { idleDropMs: 1000, upFirstMs: 20, upIntervalMs: 100 } });
    const kept = await open(bithumb);
    const idle = await open(bithumb);
    kept.send('PING');
    expect((await idle.close()).code).toBe(1006);
    await kept.take(4);
    expect(new Set(kept.frames.map((frame) => frame.text))).toEqual(new Set(['{"status":"UP"}']));
  });

  it('refuses the eleventh connection within a second, and blocks who persists', async () => {
    const bithumb = await start({ timing: { blockMs: 60_000 } });
    const open = async (n: number): Promise<number[]> =>
      (await Promise.all(Array.from({ length: n }, () => upgradeStatus(bithumb.wsUrl)))).map(
        (r) => r.status,
      );
    expect((await open(11)).sort((a, b) => a - b)).toEqual([...Array<number>(10).fill(101), 429]);
    await open(6);
    // Long after the second has passed, the block still holds.
    const end = Date.now() + 1100;
    await until(() => Date.now() > end, 'the second');
    expect(await open(1)).toEqual([429]);
  });
});

describe('Bithumb REST', () => {
  const get = async (
    simulator: BithumbSimulator,
    path: string,
  ): Promise<{ status: number; text: string; headers: Headers }> => {
    const response = await fetch(`${simulator.restUrl}${path}`);
    return { status: response.status, text: await response.text(), headers: response.headers };
  };

  it('lists markets, with warnings when asked', async () => {
    const bithumb = await start();
    const plain = await get(bithumb, '/v1/market/all');
    expect(plain.text).toContain(
      '{"market":"KRW-BTC","korean_name":"비트코인","english_name":"Bitcoin"}',
    );
    const details = await get(bithumb, '/v1/market/all?isDetails=true');
    expect(details.text).toContain('"english_name":"Bitcoin","market_warning":"NONE"}');
  });

  it('gives 30 levels for one market, 15 for several, and counts them as sent', async () => {
    const bithumb = await start();
    const one = await get(bithumb, '/v1/orderbook?markets=krw-btc');
    const [btc] = JSON.parse(one.text) as Frame[];
    expect(btc!.orderbook_units).toHaveLength(30);
    expect(one.text).toMatch(
      /^\[\{"market":"KRW-BTC","timestamp":\d{13},"total_ask_size":[\d.]+,"total_bid_size":[\d.]+,"orderbook_units":\[\{"ask_price":\d+,"bid_price":\d+,"ask_size":[\d.]+,"bid_size":[\d.]+\}/,
    );
    const several = await get(bithumb, '/v1/orderbook?markets=KRW-ETH,BTC-ETH');
    const books = JSON.parse(several.text) as Frame[];
    expect(books.map((book) => `${book.market} ${book.orderbook_units.length}`)).toEqual([
      'KRW-ETH 15',
      'BTC-ETH 15',
    ]);
    expect(bithumb.sent.map((book) => `${book.via} ${book.symbol}-${book.currency}`)).toEqual([
      'rest BTC-KRW',
      'rest ETH-KRW',
      'rest ETH-BTC',
    ]);
    const limits = ['remaining', 'requested-tokens', 'burst-capacity', 'replenish-rate'];
    expect(limits.map((name) => one.headers.get(`x-ratelimit-${name}`))).toEqual([
      '149',
      '1',
      '150',
      '150',
    ]);
  });

  it.each([
    ['/v1/orderbook?markets=KRW-NOPE', 200, '{"error":{"name":404,"message":"Code not found"}}'],
    [
      '/v1/orderbook?markets=KRW-BTC,KRW-NOPE',
      200,
      '{"error":{"name":404,"message":"Code not found"}}',
    ],
    [
      '/v1/orderbook',
      200,
      '{"error":{"name":400,"message":"Missing request parameter error. Check the required parameters!"}}',
    ],
    ['/v1/nope', 404, '{"name":"not_found","message":"No Route matched with those values"}'],
    [`/v1/orderbook?markets=${'KRW-BTC,'.repeat(600)}`, 414, ''],
  ])('%.40s: %i', async (path, status, body) => {
    const bithumb = await start();
    const reply = await get(bithumb, path);
    expect([reply.status, reply.text]).toEqual([status, body]);
  });
});

interface TradeRow {
  trade_date: string;
  trade_time: string;
  trade_timestamp: number;
  timestamp: number;
  sequential_id: string;
  ask_bid: string;
  stream_type: string;
}

/** As JSON, with ids as text: they are above 2^53. */
function parseTrades(text: string): TradeRow[] {
  return JSON.parse(text.replace(/"sequential_id":(\d+)/g, '"sequential_id":"$1"')) as TradeRow[];
}

describe('Bithumb trades', () => {
  const trades = (more = {}): unknown[] => [
    ticket,
    { type: 'trade', codes: ['KRW-BTC', 'KRW-NOPE'], ...more },
  ];
  const page = async (bithumb: BithumbSimulator, query: string): Promise<TradeRow[]> =>
    parseTrades(await (await fetch(`${bithumb.restUrl}/v1/trades/ticks?${query}`)).text());

  it('have the keys of the captures, Korean clocks and ids that hold the ms', async () => {
    const bithumb = await start();
    bithumb.setBook('BTC-KRW', [['95540000', '2']], [['95539000', '1']]);
    const client = await open(bithumb);
    client.send(trades());
    await client.take(1);
    bithumb.trade('BTC-KRW', 'sell', ['0.00022664', '0.1']);
    const [, frame] = await client.take(3);
    expect(frame!.binary).toBe(true);
    expect(frame!.text).toMatch(
      /^\{"type":"trade","code":"KRW-BTC","trade_price":95539000,"trade_volume":0\.00022664,"ask_bid":"ASK","prev_closing_price":\d+,"change":"FALL","change_price":\d+,"trade_date":"[-\d]{10}","trade_time":"[:\d]{8}","trade_timestamp":\d{13},"sequential_id":\d{18,19},"timestamp":\d{13},"stream_type":"REALTIME"\}$/,
    );
    const [first, second] = parseTrades(`[${client.frames.slice(1).map(({ text }) => text).join()}]`); // prettier-ignore
    const clock = new Date(`${first!.trade_date}T${first!.trade_time}+09:00`).getTime();
    expect(clock).toBe(first!.trade_timestamp - (first!.trade_timestamp % 1000));
    const msOf = (id: string): number => Number(BigInt(id) >> 25n) + 1_757_948_400_000;
    expect(msOf(first!.sequential_id)).toBe(first!.trade_timestamp);
    expect(second!.trade_timestamp).toBe(first!.trade_timestamp);
    expect(second!.sequential_id).not.toBe(first!.sequential_id);
    expect(first!.timestamp - first!.trade_timestamp).toBeGreaterThanOrEqual(260);
  });

  it('begin with the last one again, at times after a REALTIME; snake case options say nothing', async () => {
    const bithumb = await start();
    bithumb.faults.realtimeBeforeSnapshot(true);
    const client = await open(bithumb);
    client.send(trades({ is_only_realtime: true }));
    await client.take(2);
    bithumb.faults.realtimeBeforeSnapshot(false);
    client.send(trades({ isOnlySnapshot: true }));
    const frames = await client.take(3);
    expect(parseTrades(`[${frames.map(({ text }) => text).join()}]`)).toMatchObject([
      { stream_type: 'REALTIME' },
      { stream_type: 'SNAPSHOT' },
      { stream_type: 'SNAPSHOT' },
    ]);
    expect(new Set(frames.map(({ text }) => /"sequential_id":\d+/.exec(text)![0])).size).toBe(1);
  });

  it('share one id by REST within a ms, so that a cursor skips what a page end cuts off', async () => {
    const bithumb = await start();
    await page(bithumb, 'market=KRW-BTC');
    bithumb.burst('BTC-KRW', 8);
    const ledger = bithumb.trades.of('BTC-KRW');
    const [newest, next] = await page(bithumb, 'market=KRW-BTC&count=2');
    expect(newest!.sequential_id).toBe(`${ledger.at(-1)!.ms}0000`);
    expect(next!.sequential_id).toBe(newest!.sequential_id);
    expect(bithumb.trades.of('BTC-KRW').at(-1)!.rest).toBe(true);
    const older = await page(bithumb, `market=KRW-BTC&count=500&cursor=${newest!.sequential_id}`);
    expect(older).toHaveLength(30);
    // Overlapping by the second after the newest finds them all.
    const after = new Date(ledger.at(-1)!.ms + 1000 + 9 * 3_600_000).toISOString().slice(11, 19);
    const overlap = await page(bithumb, `market=KRW-BTC&count=500&to=${after}`);
    // Just after midnight in Korea `to` is of the new day, and the old one another page.
    expect(overlap.length === 38 || after < '00:10:00').toBe(true);
    expect(await page(bithumb, 'market=KRW-BTC&count=500&daysAgo=5')).toHaveLength(0);
  });

  it('are refused with HTTP 200, and spelled with exponents by REST', async () => {
    const bithumb = await start();
    bithumb.setBook('USDC-BTC', [['0.00000099', '50000']], [['0.00000098', '1']]);
    bithumb.trade('USDC-BTC', 'buy', ['0.0000005']);
    const row = await fetch(`${bithumb.restUrl}/v1/trades/ticks?market=BTC-USDC`);
    expect(await row.text()).toMatch(/"trade_price":9\.9E-7,"trade_volume":5E-7,/);
    for (const [query, name] of [
      ['market=KRW-NOPE', 404],
      ['', 400],
      ['market=KRW-BTC&count=0', 400],
    ] as const) {
      // prettier-ignore
      const reply = await fetch(`${bithumb.restUrl}/v1/trades/ticks?${query}`);
      expect(reply.status).toBe(200);
      expect(await reply.json()).toMatchObject({ error: { name } });
    }
    const candles = await fetch(`${bithumb.restUrl}/v1/candles/minutes/1?market=BTC-USDC`);
    const [, minute, sum] = /utc":"(.{19})".*volume":(.*?),"unit":1\}/.exec(await candles.text())!;
    const since = Date.parse(`${minute}Z`);
    const traded = bithumb.trades.of('USDC-BTC').filter(({ ms }) => ms >= since);
    const exact = traded.reduce((total, { volume }) => total + unitsFromText(volume), 0n);
    expect(sum).toBe(plainText(exact));
  });
});
