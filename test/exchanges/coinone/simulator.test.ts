import { afterEach, describe, expect, it } from '@jest/globals';
import {
  startCoinoneSimulator,
  type CoinoneOptions,
  type CoinoneSimulator,
} from '../../../src/simulator/coinone/server.js';
import type { SentBook } from '../../../src/simulator/simulator.js';
import { RawClient, until, upgradeStatus } from '../../simulator/raw-client.js';

/** Keys in the order of the wire (`coinone.*` in docs/exchanges). */
const KEYS = {
  book: 'response_type channel data quote_currency target_currency timestamp id asks price qty bids',
  market:
    'quote_currency target_currency price_unit qty_unit max_order_amount max_price max_qty ' +
    'min_order_amount min_price min_qty order_book_units maintenance_status trade_status order_types',
  rest: 'result error_code timestamp id quote_currency target_currency order_book_unit bids asks',
};

interface Level {
  price: string;
  qty: string;
}
interface Data {
  timestamp: number;
  id: string;
  asks: Level[];
  bids: Level[];
}
interface Frame {
  response_type: string;
  data: Data;
}

const SUBSCRIBE = '{"request_type":"SUBSCRIBE","channel":"ORDERBOOK","topic":';
const topic = (base: string): string => `{"quote_currency":"KRW","target_currency":"${base}"}`;
const subscribe = (base: string): string => `${SUBSCRIBE}${topic(base)}}`;

let simulator: CoinoneSimulator;
const clients: RawClient[] = [];

async function start(options: CoinoneOptions = {}): Promise<CoinoneSimulator> {
  const timing = { snapshotDelayMs: 0, ...options.timing };
  simulator = await startCoinoneSimulator({ rate: 0, ...options, timing });
  return simulator;
}

/** A socket that has had its CONNECTED frame. */
async function open(options = {}): Promise<RawClient> {
  const client = await RawClient.open(simulator.wsUrl, options);
  clients.push(client);
  await client.take(1);
  return client;
}

/** The DATA frames so far. */
function books(client: RawClient): Data[] {
  return client
    .json<Frame>()
    .filter((frame) => frame.response_type === 'DATA')
    .map(({ data }) => data);
}

async function get(path: string): Promise<{ response: Response; body: unknown }> {
  const response = await fetch(`${simulator.restUrl}/public/v2/${path}`);
  return { response, body: await response.json() };
}

const keysOf = (text: string): string[] => [...text.matchAll(/"(\w+)":/g)].map(([, key]) => key!);
const pairs = (levels: Level[]): [string, string][] => levels.map(({ price, qty }) => [price, qty]);
const lastSent = (): SentBook => simulator.sent[simulator.sent.length - 1]!;

afterEach(async () => {
  for (const client of clients.splice(0)) client.ws.terminate();
  await simulator.close();
});

describe('Coinone simulator, WebSocket', () => {
  it('greets, acknowledges with the topic as sent, then sends the whole book', async () => {
    await start();
    const client = await open();
    client.send(`${SUBSCRIBE}{"target_currency":"btc","quote_currency":"krw"}}`);
    const [hello, ack, book] = await client.take(3);
    expect(hello!.text).toMatch(
      /^\{"response_type":"CONNECTED","data":\{"session_id":"[0-9a-f-]{36}"\}\}$/,
    );
    expect(ack!.text).toBe(
      '{"response_type":"SUBSCRIBED","channel":"ORDERBOOK","data":{"target_currency":"btc","quote_currency":"krw"}}',
    );
    expect(book!.text).toContain('"quote_currency":"KRW","target_currency":"BTC"');
    expect(book!.binary).toBe(false);
    expect([...new Set(keysOf(book!.text))].join(' ')).toBe(KEYS.book);
    const [data] = books(client);
    expect(data!.asks).toHaveLength(16);
    expect(data!.bids).toHaveLength(16);
    for (const { price, qty } of [...data!.asks, ...data!.bids]) {
      expect(price).toMatch(/^\d+(\.\d*[1-9])?$/);
      expect(qty).toMatch(/^\d+(\.\d{0,7}[1-9])?$/);
    }
  });

  it('lists asks worst first and bids best first', async () => {
    await start();
    const client = await open();
    client.send(subscribe('XRP'));
    await client.take(3);
    const [data] = books(client);
    const falling = [...data!.asks, ...data!.bids].map(({ price }) => Number(price));
    expect(falling).toEqual([...falling].sort((a, b) => b - a));
    expect(lastSent().asks).toEqual(pairs(data!.asks).reverse());
    expect(lastSent().bids).toEqual(pairs(data!.bids));
  });

  it('starts with a timestamp ten seconds old, later ones are the time part of the id', async () => {
    await start();
    const client = await open();
    client.send(subscribe('BTC'));
    const frames = await client.take(3);
    simulator.step('BTC-KRW', 3);
    await client.take(6);
    const [first, ...rest] = books(client);
    const age = frames[2]!.at - first!.timestamp;
    expect(age).toBeGreaterThanOrEqual(10_000);
    expect(age).toBeLessThan(11_000);
    for (const { timestamp, id } of rest) {
      expect(id).toMatch(/^\d{16}$/);
      expect(timestamp).toBe(Number(id.slice(0, 13)));
    }
    const ids = [first!, ...rest].map(({ id }) => BigInt(id));
    for (let i = 1; i < ids.length; i++) expect(ids[i]! > ids[i - 1]!).toBe(true);
    const stamps = simulator.sent.map(({ exchangeTimestamp }) => exchangeTimestamp);
    expect(stamps).toEqual([first!, ...rest].map(({ id }) => Number(id.slice(0, 13))));
  });

  it('repeats the last book with its id on a second SUBSCRIBE, without doubling the stream', async () => {
    await start();
    const client = await open();
    client.send(subscribe('BTC'));
    await client.take(3);
    client.send(subscribe('BTC'));
    await client.take(5);
    simulator.step('BTC-KRW');
    await client.take(6);
    await client.settle();
    const [first, repeat, next, ...more] = books(client);
    expect(repeat!.id).toBe(first!.id);
    expect(repeat!.asks).toEqual(first!.asks);
    expect(next!.id).not.toBe(first!.id);
    expect(more).toEqual([]);
  });

  it('stops after UNSUBSCRIBE', async () => {
    await start();
    const client = await open();
    client.send(subscribe('BTC'));
    client.send(subscribe('XRP'));
    await client.take(5);
    client.send(subscribe('XRP').replace('SUBSCRIBE', 'UNSUBSCRIBE'));
    const frames = await client.take(6);
    expect(frames[5]!.text).toBe(
      '{"response_type":"UNSUBSCRIBED","channel":"ORDERBOOK","data":{"quote_currency":"KRW","target_currency":"XRP"}}',
    );
    simulator.step('XRP-KRW');
    simulator.step('BTC-KRW');
    await client.settle();
    expect(client.frames).toHaveLength(7);
  });

  it('acknowledges an unknown pair and only then refuses it', async () => {
    await start();
    const client = await open();
    client.send(subscribe('NOPE'));
    const frames = await client.take(3);
    expect(frames.slice(1).map(({ text }) => text)).toEqual([
      `{"response_type":"SUBSCRIBED","channel":"ORDERBOOK","data":${topic('NOPE')}}`,
      '{"response_type":"ERROR","error_code":160012,"message":"Invalid Topic"}',
    ]);
    await client.settle();
    expect(client.closed).toBeNull();
  });

  it('answers mistakes by 160010 and 160011 and stays open', async () => {
    await start();
    const client = await open();
    const wrongField = (field: string): string =>
      `{"response_type":"ERROR","error_code":160011,"message":"Invalid Type","field":"${field}"}`;
    const invalid = '{"response_type":"ERROR","error_code":160010,"message":"Invalid Request"}';
    const cases: [string, string][] = [
      ['hello', invalid],
      ['[]', invalid],
      ['{"request_type":"SUBSCRIBE","channel":"ORDERBOOK"}', invalid],
      [subscribe('BTC').replace('SUBSCRIBE', 'subscribe'), wrongField('request_type')],
      [subscribe('BTC').replace('ORDERBOOK', 'orderbook'), wrongField('channel')],
      [`${SUBSCRIBE}${topic('BTC')},"format":"short"}`, wrongField('format')],
    ];
    for (const [request] of cases) client.send(request);
    const frames = await client.take(1 + cases.length);
    expect(frames.slice(1).map(({ text }) => text)).toEqual(cases.map(([, answer]) => answer));
    await client.settle();
    expect(client.closed).toBeNull();
  });

  it('answers PING', async () => {
    await start();
    const client = await open();
    client.send('{"request_type":"PING"}');
    expect((await client.take(2))[1]!.text).toBe('{"response_type":"PONG"}');
  });

  it('drops a mute socket without a close frame, but not one that has spoken', async () => {
    await start({ timing: { muteDropMs: 100 } });
    const mute = await open();
    const speaking = await open();
    speaking.send(subscribe('BTC'));
    expect((await mute.close()).code).toBe(1006);
    expect(speaking.closed).toBeNull();
  });

  it('drops a socket long after its last PING', async () => {
    await start({ timing: { idleDropMs: 150 } });
    const client = await open();
    client.send('{"request_type":"PING"}');
    expect((await client.close()).code).toBe(1006);
    expect(client.closed!.at - client.startedAt).toBeGreaterThanOrEqual(140);
  });

  it('closes the 21st connection with 4290', async () => {
    await start();
    for (let i = 0; i < 20; i++) await open();
    const refused = await RawClient.open(simulator.wsUrl);
    expect((await refused.close()).code).toBe(4290);
    expect(simulator.connections()).toBe(20);
  });

  it('ignores an offered compression', async () => {
    await start();
    const { headers } = await upgradeStatus(simulator.wsUrl, { perMessageDeflate: true });
    expect(headers['sec-websocket-extensions']).toBeUndefined();
  });

  it('can repeat the visible levels under a new id, and send an outdated frame', async () => {
    await start();
    const client = await open();
    client.send(subscribe('BTC'));
    await client.take(3);
    simulator.faults.repeatLevels('BTC-KRW');
    simulator.step('BTC-KRW');
    simulator.faults.outdatedFrame('BTC-KRW');
    await client.take(6);
    const [first, repeat, next, outdated] = books(client);
    expect([repeat!.asks, repeat!.bids]).toEqual([first!.asks, first!.bids]);
    expect(repeat!.id > first!.id).toBe(true);
    expect(outdated!.id).toBe(repeat!.id);
    expect(outdated!.id < next!.id).toBe(true);
    // A correct client drops the outdated one, so it is not in the ledger.
    expect(simulator.sent).toHaveLength(3);
  });

  it('lives by itself, and repeats the visible levels now and then', async () => {
    await start({ rate: 20, seed: 3 });
    const client = await open();
    client.send(subscribe('BTC'));
    const repeats = (): number => {
      const seen = books(client).map(({ asks, bids }) => JSON.stringify([asks, bids]));
      return seen.filter((text, i) => i > 1 && text === seen[i - 1]).length;
    };
    await until(() => repeats() > 2 && books(client).length > 20, 'repeats');
    expect(repeats()).toBeLessThan(books(client).length / 2);
  });

  it('falls silent for a delisted pair and refuses it', async () => {
    await start();
    const client = await open();
    client.send(subscribe('BTC'));
    await client.take(3);
    simulator.delist('BTC-KRW');
    simulator.step('BTC-KRW');
    client.send(subscribe('BTC'));
    const frames = await client.take(5);
    expect(frames[4]!.text).toContain('160012');
    expect((await get('orderbook/KRW/BTC')).body).toMatchObject({ error_code: '108' });
  });
});

describe('Coinone simulator, REST', () => {
  it('has the market list of `coinone.market-list.shape`', async () => {
    await start();
    simulator.faults.maintenance('XRP-KRW', true);
    const { body } = await get('markets/KRW');
    const { markets, ...head } = body as { markets: Record<string, unknown>[] };
    expect(Object.keys(head)).toEqual(['result', 'error_code', 'server_time']);
    expect(Object.keys(markets[0]!).join(' ')).toBe(KEYS.market);
    expect(markets[0]).toMatchObject({ target_currency: 'BTC', price_unit: '10000.0' });
    expect(markets.map((row) => `${row['target_currency'] as string}-KRW`)).toEqual(
      simulator.pairs,
    );
    expect(markets.find((row) => row['target_currency'] === 'XRP')).toMatchObject({
      maintenance_status: 1,
    });
    expect((await get('markets/USDT')).body).toMatchObject({ result: 'success', markets: [] });
  });

  it('gives the same book as the WebSocket, best first, in four sizes', async () => {
    await start();
    const client = await open();
    client.send(subscribe('BTC'));
    await client.take(3);
    const { body, response } = await get('orderbook/krw/btc?size=16');
    const book = body as Data;
    const [shown] = books(client);
    expect(Object.keys(book).join(' ')).toBe(KEYS.rest);
    expect(book.id).toBe(shown!.id);
    expect(`${book.timestamp}`).toBe(book.id.slice(0, 13));
    expect(book.asks).toEqual([...shown!.asks].reverse());
    expect(book.bids).toEqual(shown!.bids);
    expect(response.headers.get('public-ratelimit-remaining')).toBe('1199');
    expect(response.headers.get('public-ratelimit-replenish-rate')).toBe('20');
    expect(response.headers.get('public-ratelimit-burst-capacity')).toBe('1200');
    expect(lastSent()).toMatchObject({ via: 'rest', connection: 0, asks: pairs(book.asks) });
    for (const [query, size] of [
      ['?size=5', 5],
      ['?size=10', 10],
      ['', 15],
    ] as const) {
      expect(((await get(`orderbook/KRW/BTC${query}`)).body as Data).asks).toHaveLength(size);
    }
  });

  it('reports errors with status 200', async () => {
    await start();
    const cases: [string, string][] = [
      [
        'orderbook/KRW/NOPE',
        '{"result":"error","error_code":"108","error_msg":"Unknown CryptoCurrency"}',
      ],
      [
        'orderbook/KRW/BTC?size=20',
        '{"result":"error","error_code":"107","error_msg":"Parameter value is wrong"}',
      ],
    ];
    for (const [path, text] of cases) {
      const { response, body } = await get(path);
      expect(response.status).toBe(200);
      expect(JSON.stringify(body)).toBe(text);
    }
    const page = await fetch(`${simulator.restUrl}/nope`);
    expect([page.status, page.headers.get('content-type')]).toEqual([
      200,
      'text/html; charset=utf-8',
    ]);
  });

  it('has a bucket of 1,200 calls', async () => {
    await start();
    const call = async (): Promise<string> => JSON.stringify((await get('markets/USDT')).body);
    let answers: string[] = [];
    const blocked = (): boolean => answers.some((text) => text.includes('Blocked user access'));
    for (let i = 0; i < 30 && !blocked(); i++) {
      answers = await Promise.all(Array.from({ length: 100 }, call));
    }
    expect(blocked()).toBe(true);
    expect(simulator.requests.length).toBeGreaterThan(1200);
  });
});

describe('Coinone trades', () => {
  const request = (type: string, channel: string): string =>
    `{"request_type":"${type}","channel":"${channel}","topic":${topic('BTC')}}`;

  it('come after the acknowledgement, in the form and with the side of the proof of 2026', async () => {
    await start();
    simulator.setBook('BTC-KRW', [['116460000', '0.0232']], [['116450000', '0.0118']]);
    const client = await open();
    client.send(request('SUBSCRIBE', 'TRADE'));
    await client.take(2);
    await client.settle();
    expect(client.frames).toHaveLength(2);
    simulator.trade('BTC-KRW', 'buy', ['0.00483595', '0.001']);
    simulator.trade('BTC-KRW', 'sell', ['0.0008']);
    const texts = (await client.take(5)).slice(2).map(({ text }) => text);
    const form = (price: string, qty: string, maker: boolean): RegExp =>
      new RegExp(
        `^\\{"response_type":"DATA","channel":"TRADE","data":\\{"quote_currency":"KRW","target_currency":"BTC","id":"\\d{16}","timestamp":\\d{13},"price":"${price}","qty":"${qty}","is_seller_maker":${maker}\\}\\}$`,
      );
    expect(texts[0]).toMatch(form('116460000', '0.00483595', true));
    expect(texts[1]).toMatch(form('116460000', '0.001', true));
    expect(texts[2]).toMatch(form('116450000', '0.0008', false));
    const ids = books(client).map(({ id, timestamp }) => [id.slice(0, 13) === `${timestamp}`, id.slice(13)]); // prettier-ignore
    expect(ids.slice(0, 2)).toEqual([[true, '001'], [true, '002']]); // prettier-ignore
    expect(simulator.trades.of('BTC-KRW').at(-1)).toMatchObject({ side: 'sell', live: 1 });
  });

  it('stand beside the books, and end without them', async () => {
    await start();
    const client = await open();
    client.send(request('SUBSCRIBE', 'ORDERBOOK'));
    client.send(request('SUBSCRIBE', 'TRADE'));
    client.send(request('SUBSCRIBE', 'TRADE'));
    await client.take(5);
    simulator.trade('BTC-KRW');
    await client.take(7);
    client.send(request('UNSUBSCRIBE', 'TRADE'));
    await client.take(8);
    simulator.trade('BTC-KRW');
    await client.take(9);
    const channels = client.json<{ channel?: string }>().map(({ channel }) => channel);
    expect(channels.slice(5)).toEqual(['TRADE', 'ORDERBOOK', 'TRADE', 'ORDERBOOK']);
  });

  it('are the last 200 by REST, whatever happened before', async () => {
    await start();
    await get('trades/KRW/BTC');
    simulator.setBook('BTC-KRW', [['116460000', '300']], [['116450000', '1']]);
    simulator.burst('BTC-KRW', 250);
    interface Rows {
      transactions: { id: string }[];
    }
    const { body } = await get('trades/KRW/BTC');
    const ids = (body as Rows).transactions.map(({ id }) => id);
    const all = simulator.trades.of('BTC-KRW');
    expect(ids).toEqual(all.slice(-200).map(({ restId }) => restId).reverse()); // prettier-ignore
    expect(((await get('trades/KRW/BTC?size=10')).body as Rows).transactions).toHaveLength(10);
    for (const [path, code] of [
      ['BTC?size=20', '107'],
      ['NOPE', '108'],
    ] as const) {
      // prettier-ignore
      const { response, body: refusal } = await get(`trades/KRW/${path}`);
      expect(response.status).toBe(200);
      expect(refusal).toMatchObject({ result: 'error', error_code: code });
    }
  });
});
