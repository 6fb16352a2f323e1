import { afterEach, describe, expect, it } from '@jest/globals';
import {
  gopaxSignature,
  SIMULATED_GOPAX_KEY,
  SIMULATED_GOPAX_SECRET,
} from '../../../src/simulator/gopax/auth.js';
import { jsNumberText, secondsText } from '../../../src/simulator/gopax/frames.js';
import {
  startGopaxSimulator,
  type GopaxOptions,
  type GopaxSimulator,
} from '../../../src/simulator/gopax/server.js';
import { WebSocket } from 'ws';
import { RawClient, until, upgradeStatus } from '../../simulator/raw-client.js';

/** Forms of the frames (`gopax.book.*` in docs/exchanges), see {@link formOf}. */
const FORM = {
  snapshot:
    '{"i":"BTC-KRW","n":"SubscribeToOrderBook","o":{"ask":[{"entryId":N,"price":N,"volume":N,"updatedAt":N}],"bid":[{"entryId":N,"price":N,"volume":N,"updatedAt":N}],"tradingPairName":"BTC-KRW","maxEntryId":N}}',
  askDelta:
    '{"i":N,"n":"OrderBookEvent","o":{"ask":[{"entryId":N,"price":N,"volume":N,"updatedAt":N}],"bid":[],"tradingPairName":"XRP-KRW"}}',
  bidDelta:
    '{"i":N,"n":"OrderBookEvent","o":{"ask":[],"bid":[{"entryId":N,"price":N,"volume":N,"updatedAt":N}],"tradingPairName":"BTC-KRW"}}',
};

interface Entry {
  entryId: number;
  price: number;
  volume: number;
  updatedAt: number;
}
interface Payload {
  ask: Entry[];
  bid: Entry[];
  tradingPairName: string;
  maxEntryId?: number;
}
interface Message {
  i?: unknown;
  n: string;
  o: Payload;
}

let simulator: GopaxSimulator;
const clients: RawClient[] = [];

async function start(options: GopaxOptions = {}): Promise<GopaxSimulator> {
  const timing = { snapshotDelayMs: 0, ...options.timing };
  simulator = await startGopaxSimulator({ rate: 0, ...options, timing });
  return simulator;
}

async function open(url = simulator.wsUrl): Promise<RawClient> {
  const client = await RawClient.open(url);
  clients.push(client);
  return client;
}

const subscribe = (pair: string, more: object = {}): object => ({
  i: pair,
  n: 'SubscribeToOrderBook',
  o: { tradingPairName: pair, ...more },
});

/** Numbers and level lists made alike, so that only the form is compared. */
const formOf = (text: string): string =>
  text.replace(/\},\{[^\]]*/g, '}').replace(/:-?[\d.]+(e-\d)?/g, ':N');

/** The book as `gopax.book.rules` keeps it, for one pair; also remembers removals. */
class Follower {
  #sides = { ask: new Map<number, Entry>(), bid: new Map<number, Entry>() };
  #max: number | null = null;
  #early: Payload[] = [];

  take(payload: Payload): void {
    if (payload.maxEntryId !== undefined) {
      for (const side of ['ask', 'bid'] as const) {
        this.#sides[side] = new Map(payload[side].map((entry) => [entry.price, entry]));
      }
      this.#max = payload.maxEntryId;
      for (const delta of this.#early.splice(0)) this.take(delta);
    } else if (this.#max === null) {
      this.#early.push(payload);
    } else {
      for (const side of ['ask', 'bid'] as const) {
        for (const entry of payload[side]) this.#entry(this.#sides[side], entry, this.#max);
      }
    }
  }

  #entry(levels: Map<number, Entry>, entry: Entry, max: number): void {
    if (entry.entryId <= max) return;
    const known = levels.get(entry.price);
    if (known !== undefined) {
      const order = known.updatedAt - entry.updatedAt || known.entryId - entry.entryId;
      if (order >= 0) return;
    }
    levels.set(entry.price, entry);
  }

  side(side: 'ask' | 'bid'): [number, number][] {
    return [...this.#sides[side].values()]
      .filter(({ volume }) => volume > 0)
      .sort((a, b) => (side === 'ask' ? a.price - b.price : b.price - a.price))
      .map(({ price, volume }) => [price, volume]);
  }
}

/** Messages about the book of one pair so far. */
function messages(client: RawClient, pair: string): Message[] {
  return client
    .json<Message>()
    .filter(({ n, o }) => o?.tradingPairName === pair && n !== 'PublicTradeEvent');
}

/** Checks that following all frames leads to the last book of the ledger. */
function expectLedger(client: RawClient, pair: string, connection = 1): void {
  const follower = new Follower();
  for (const { o } of messages(client, pair)) follower.take(o);
  const books = simulator.sent.filter(
    (book) => book.connection === connection && `${book.symbol}-${book.currency}` === pair,
  );
  const { asks, bids } = books[books.length - 1]!;
  const numbers = (levels: [string, string][]): [number, number][] =>
    levels.map(([price, volume]) => [Number(price), Number(volume)]);
  expect(follower.side('ask')).toEqual(numbers(asks));
  expect(follower.side('bid')).toEqual(numbers(bids));
}

const entriesOf = ({ o }: Message): Entry[] => [...o.ask, ...o.bid];

afterEach(async () => {
  for (const client of clients.splice(0)) client.ws.terminate();
  await simulator.close();
});

describe('GOPAX simulator, books', () => {
  it('answers a subscription by the whole book', async () => {
    await start();
    const client = await open();
    await client.settle();
    expect(client.frames).toEqual([]);
    client.send(subscribe('BTC-KRW'));
    const [frame] = await client.take(1);
    expect(formOf(frame!.text)).toBe(FORM.snapshot);
    expect(frame!.binary).toBe(false);
    const [{ o }] = messages(client, 'BTC-KRW') as [Message];
    expect([o.ask.length, o.bid.length]).toEqual([566, 422]);
    const asks = o.ask.map(({ price }) => price);
    const bids = o.bid.map(({ price }) => price);
    expect(asks).toEqual([...asks].sort((a, b) => a - b));
    expect(bids).toEqual([...bids].sort((a, b) => b - a));
    const ids = entriesOf({ n: '', o }).map(({ entryId }) => entryId);
    expect(new Set(ids).size).toBe(ids.length);
    expect(Math.max(...ids)).toBeLessThanOrEqual(o.maxEntryId!);
    for (const { updatedAt } of [...o.ask, ...o.bid]) {
      expect(updatedAt * 1000).toBeLessThanOrEqual(Date.now());
    }
    expectLedger(client, 'BTC-KRW');
    expect(simulator.sent[0]).toMatchObject({ exchangeTimestamp: null, via: 'ws', connection: 1 });
  });

  it('echoes the request id as it came, or leaves it out', async () => {
    await start();
    const client = await open();
    client.send({ i: 7, n: 'SubscribeToOrderBook', o: { tradingPairName: 'BTC-KRW' } });
    client.send({ n: 'SubscribeToOrderBook', o: { tradingPairName: 'ETH-KRW' } });
    const frames = await client.take(2);
    expect(frames[0]!.text.startsWith('{"i":7,"n":"SubscribeToOrderBook","o":{"ask":[')).toBe(true);
    expect(frames[1]!.text.startsWith('{"n":"SubscribeToOrderBook","o":{"ask":[')).toBe(true);
  });

  it('sends changed levels, mostly one a message, in the form of the wire', async () => {
    await start();
    const client = await open();
    client.send(subscribe('XRP-KRW'));
    await client.take(1);
    simulator.step('XRP-KRW', 40);
    await client.settle();
    const [snapshot, ...deltas] = messages(client, 'XRP-KRW') as [Message, ...Message[]];
    const single = client.frames
      .map(({ text }) => text)
      .filter((text, i) => i > 0 && text.includes('"bid":[]') && !text.includes('},{'));
    expect(formOf(single[0]!)).toBe(FORM.askDelta);
    expect(deltas.some((delta) => entriesOf(delta).some(({ volume }) => volume === 0))).toBe(true);
    expect(deltas.filter((delta) => entriesOf(delta).length === 1).length).toBeGreaterThan(
      deltas.length * 0.8,
    );
    const ids = deltas.flatMap(entriesOf).map(({ entryId }) => entryId);
    for (const delta of deltas) expect(entriesOf(delta).length).toBeGreaterThan(0);
    expect([...ids].sort((a, b) => a - b)).toEqual(
      ids.map((_, i) => snapshot.o.maxEntryId! + 1 + i),
    );
    expectLedger(client, 'XRP-KRW');
    const newest = Math.max(...entriesOf(deltas[deltas.length - 1]!).map((e) => e.updatedAt));
    const book = simulator.sent[simulator.sent.length - 1]!;
    expect(book.exchangeTimestamp).toBe(Math.round(newest * 1000));
    expect(simulator.sent).toHaveLength(1 + deltas.length);
  });

  it('removes a level by volume 0 and sends a book put in place as one delta', async () => {
    await start();
    const client = await open();
    client.send(subscribe('BTC-KRW'));
    await client.take(1);
    simulator.setBook('BTC-KRW', [['117020000', '0.00000001']], [['115010000', '0.00000858']]);
    await client.take(2);
    const { text } = client.frames[1]!;
    expect(text).toContain('"price":117020000,"volume":1e-8,');
    expect(text).toContain('"price":115010000,"volume":0.00000858,');
    simulator.setBook('BTC-KRW', [['117020000', '0.00000001']], []);
    await client.take(3);
    expect(formOf(client.frames[2]!.text)).toBe(FORM.bidDelta);
    expectLedger(client, 'BTC-KRW');
    expect(simulator.sent[2]).toMatchObject({ asks: [['117020000', '0.00000001']], bids: [] });
  });

  it('counts changes of all pairs with one counter, shared with REST', async () => {
    await start();
    const client = await open();
    client.send(subscribe('BTC-KRW'));
    client.send(subscribe('ETH-KRW'));
    await client.take(2);
    simulator.step('XRP-KRW', 3);
    client.send(subscribe('XRP-KRW'));
    await client.take(3);
    const [btc, eth, xrp] = client.json<Message>().map(({ o }) => o.maxEntryId!);
    expect(btc).toBe(eth);
    expect(xrp).toBeGreaterThan(eth!);
    const book = await fetch(`${simulator.restUrl}/trading-pairs/BTC-KRW/book?level=1`);
    expect(await book.json()).toMatchObject({ sequence: xrp });
  });

  it('lives by itself', async () => {
    await start({ rate: 200 });
    const client = await open();
    client.send(subscribe('BTC-KRW'));
    await client.take(200);
    simulator.faults.freeze(true);
    await client.settle();
    expectLedger(client, 'BTC-KRW');
  });

  it('spells numbers as JavaScript does', () => {
    for (const units of [1n, 10n, 12n, 85n, 99n, 100n, 858n, 100_000_000n, 19_650_812_855n]) {
      expect(jsNumberText(units)).toBe(
        units === 858n ? '0.00000858' : String(Number(units) / 100_000_000),
      );
    }
    expect(jsNumberText(0n)).toBe('0');
    for (const ms of [1790138983500, 1790130104340, 1790138983000, 1790130106866]) {
      expect(secondsText(ms)).toBe(String(ms / 1000));
    }
  });
});

describe('GOPAX simulator, refusals', () => {
  it('refuses as captured and stays open', async () => {
    await start();
    simulator.delist('DOGE-KRW');
    const client = await open();
    client.send(subscribe('BTC-KRW'));
    await client.take(1);
    const refusal = (i: string, code: number, data: string, n = 'SubscribeToOrderBook'): string =>
      `{"i":${i},"n":"${n}","o":{"result":false,"errCode":${code},"errData":"${data}"}}`;
    const cases: [object, string][] = [
      [{ ...subscribe('NOPE-KRW'), i: 3 }, refusal('3', 10058, 'NOPE')],
      [subscribe('btc-krw'), refusal('"btc-krw"', 10058, 'btc')],
      [subscribe('DOGE-KRW'), refusal('"DOGE-KRW"', 10059, 'DOGE-KRW')],
      [{ ...subscribe('BTC-KRW'), i: 4 }, refusal('4', 10325, 'Already subscribed')],
      [
        { i: 6, n: 'SubscribeToNothing', o: {} },
        refusal('6', 10001, 'No such endpoint', 'SubscribeToNothing'),
      ],
    ];
    for (const [request] of cases) client.send(request);
    await client.take(1 + cases.length);
    expect(client.frames.slice(1).map(({ text }) => text)).toEqual(cases.map(([, text]) => text));
    client.send('hello');
    client.send('[1]');
    simulator.step('BTC-KRW');
    await client.settle();
    expect(client.closed).toBeNull();
    expect(messages(client, 'BTC-KRW').length).toBeGreaterThan(1);
    expect(
      client
        .json<Message>()
        .slice(1 + cases.length)
        .every(({ i }) => i === -1),
    ).toBe(true);
  });

  it('refuses the 51st pair of a socket', async () => {
    const pairs = Array.from({ length: 51 }, (_, i) => `COIN${i}-KRW`);
    await start({ pairs });
    const client = await open();
    for (const pair of pairs) client.send(subscribe(pair));
    await client.take(51);
    const { i, o } = client.json<Message>()[50]!;
    expect(i).toBe('COIN50-KRW');
    expect(o).toEqual({
      result: false,
      errCode: 10321,
      errData: 'Too many order books are subscribed',
    });
  });
});

describe('GOPAX simulator, connections', () => {
  const signed = (more: Record<string, string> = {}, at = Date.now()): string => {
    const timestamp = `${at}`;
    const signature = gopaxSignature(SIMULATED_GOPAX_SECRET, timestamp);
    const query = { apiKey: SIMULATED_GOPAX_KEY, timestamp, signature, ...more };
    return `${simulator.wsUrl}?${new URLSearchParams(query).toString()}`;
  };

  it('signs as `gopax.auth.check-vector`', async () => {
    await start();
    expect(gopaxSignature(SIMULATED_GOPAX_SECRET, '1591318325140')).toBe(
      'vS3Z/+hp4rMPJ7U6o2tENk40IOlp0SQ+s4iWqAf4aYjNZ0KtbNXk9Ab1bP0yYd0RQzR5DeGiTHMSXg+UPA3esQ==',
    );
    expect(SIMULATED_GOPAX_KEY).toHaveLength(64);
  });

  it('accepts no key or a right signature, and refuses anything else', async () => {
    await start({ keys: { [SIMULATED_GOPAX_KEY]: SIMULATED_GOPAX_SECRET, short: 'AAAA' } });
    const status = async (url: string): Promise<number> => (await upgradeStatus(url)).status;
    expect(await status(simulator.wsUrl)).toBe(101);
    expect(await status(signed())).toBe(101);
    expect(await status(signed({}, Date.now() - 4000))).toBe(101);
    expect(await status(signed({}, Date.now() - 5500))).toBe(401);
    expect(await status(signed({}, Date.now() + 5500))).toBe(401);
    expect(await status(signed({ apiKey: 'short' }))).toBe(401);
    expect(await status(signed({ signature: 'AAAA' }))).toBe(401);
    expect(await status(`${simulator.wsUrl}?apiKey=${SIMULATED_GOPAX_KEY}`)).toBe(401);
    expect(await status(`${simulator.wsUrl}?timestamp=${Date.now()}`)).toBe(401);
  });

  it('tells why in a JSON body', async () => {
    await start();
    const bodyOf = async (url: string): Promise<unknown> => {
      const response = await new Promise<string>((resolve) => {
        const client = new RawClient(new WebSocket(url));
        client.ws.on('unexpected-response', (_request, answer) => {
          let text = '';
          answer.on('data', (part: Buffer) => (text += part.toString()));
          answer.on('end', () => resolve(text));
        });
      });
      return JSON.parse(response) as unknown;
    };
    expect(await bodyOf(signed({ apiKey: 'x'.repeat(64) }))).toEqual({
      errorMessage: 'Invalid API key',
      errorCode: 10155,
    });
    expect(await bodyOf(signed({ signature: 'AAAA' }))).toMatchObject({ errorCode: 10229 });
    expect(await bodyOf(signed({}, Date.now() - 6000))).toMatchObject({ errorCode: 10263 });
  });

  it('answers 429 above 20 sockets of one key or IP', async () => {
    await start();
    for (let i = 0; i < 20; i++) await open();
    expect((await upgradeStatus(simulator.wsUrl)).status).toBe(429);
    expect(simulator.connections()).toBe(20);
  });

  it('answers 429 above 20 openings a second', async () => {
    await start();
    const statuses: number[] = [];
    for (let i = 0; i < 25; i++) {
      const client = new RawClient(new WebSocket(simulator.wsUrl));
      client.ws.on('unexpected-response', (_request, answer) => statuses.push(answer.statusCode!));
      client.ws.on('open', () => {
        statuses.push(101);
        client.ws.terminate();
      });
    }
    await until(() => statuses.length === 25, 'all openings');
    // Five, unless the machine is so slow that the second is over before.
    const refused = statuses.filter((status) => status === 429).length;
    expect(refused).toBeGreaterThan(0);
    expect(refused).toBeLessThanOrEqual(5);
  });

  it('has one heartbeat for all sockets and closes who does not answer it', async () => {
    await start({ timing: { heartbeatMs: 100, pongTimeoutMs: 150 } });
    const mute = await open();
    const good = await open();
    good.ws.on('message', (data: Buffer) => {
      const text = data.toString();
      if (text.startsWith('"primus::ping::')) good.send(text.replace('ping', 'pong'));
    });
    const wrong = await open();
    wrong.ws.on('message', () => wrong.send('primus::pong::1'));
    mute.send(subscribe('BTC-KRW'));
    expect(await mute.close()).toMatchObject({ code: 1000, reason: '' });
    expect(await wrong.close()).toMatchObject({ code: 1000, reason: '' });
    await good.take(5);
    expect(good.closed).toBeNull();
    const [heartbeat] = good.frames;
    expect(heartbeat!.text).toMatch(/^"primus::ping::\d{13}"$/);
    expect(mute.frames.map(({ text }) => text)).toContain(heartbeat!.text);
  });

  it('can miss heartbeats', async () => {
    await start({ timing: { heartbeatMs: 20, pongTimeoutMs: 30 } });
    simulator.faults.missHeartbeats(true);
    const client = await open();
    const silent = Date.now() + 120;
    await until(() => Date.now() > silent, 'some heartbeats');
    expect([client.frames, client.closed]).toEqual([[], null]);
    simulator.faults.missHeartbeats(false);
    expect((await client.close()).code).toBe(1000);
  });

  it('closes old sockets', async () => {
    await start({ timing: { maxAgeMs: 50 } });
    const client = await open();
    expect((await client.close()).code).toBe(1001);
    expect(client.closed!.at - client.startedAt).toBeGreaterThanOrEqual(48);
  });

  it('has no compression', async () => {
    await start();
    const { headers } = await upgradeStatus(simulator.wsUrl);
    expect(headers['sec-websocket-extensions']).toBeUndefined();
  });
});

describe('GOPAX simulator, faults', () => {
  async function following(): Promise<RawClient> {
    await start();
    const client = await open();
    client.send(subscribe('BTC-KRW'));
    await client.take(1);
    return client;
  }

  it('sends deltas before the snapshot, some within it and some newer', async () => {
    await start();
    simulator.faults.deltaBeforeSnapshot(true);
    const client = await open();
    client.send(subscribe('BTC-KRW'));
    await until(() => client.json<Message>().some(({ i }) => i === 'BTC-KRW'), 'the snapshot');
    const all = client.json<Message>();
    const snapshot = all[all.length - 1]!;
    const ids = all
      .slice(0, -1)
      .flatMap(entriesOf)
      .map(({ entryId }) => entryId);
    expect(ids.some((id) => id <= snapshot.o.maxEntryId!)).toBe(true);
    expect(ids.some((id) => id > snapshot.o.maxEntryId!)).toBe(true);
    expectLedger(client, 'BTC-KRW');
    expect(simulator.sent[0]!.exchangeTimestamp).toBeNull();
    simulator.step('BTC-KRW');
    await client.settle();
    expectLedger(client, 'BTC-KRW');
  });

  it('repeats a delta', async () => {
    const client = await following();
    simulator.step('BTC-KRW');
    await client.settle();
    const books = simulator.sent.length;
    const { length } = client.frames;
    simulator.faults.duplicateDelta();
    await client.take(length + 1);
    expect(client.frames[length]!.text).toBe(client.frames[length - 1]!.text);
    expect(simulator.sent).toHaveLength(books);
    expectLedger(client, 'BTC-KRW');
  });

  it('sends a delta older than the snapshot', async () => {
    const client = await following();
    simulator.faults.staleDelta();
    await client.take(2);
    const [snapshot, stale] = client.json<Message>() as [Message, Message];
    for (const { entryId } of entriesOf(stale)) {
      expect(entryId).toBeLessThanOrEqual(snapshot.o.maxEntryId!);
    }
    expect(simulator.sent).toHaveLength(1);
    expectLedger(client, 'BTC-KRW');
  });

  it('loses deltas, which the ids do not show', async () => {
    const client = await following();
    simulator.faults.dropNextDelta(1);
    simulator.setBook('BTC-KRW', [['117020000', '1']], [['115010000', '1']]);
    simulator.step('BTC-KRW');
    await client.settle();
    expectLedger(client, 'BTC-KRW');
    const truth = (await (
      await fetch(`${simulator.restUrl}/trading-pairs/BTC-KRW/book`)
    ).json()) as { ask: unknown[] };
    expect(truth.ask.length).not.toBe(
      simulator.sent.filter(({ via }) => via === 'ws').pop()!.asks.length,
    );
  });

  it('swaps deltas', async () => {
    const client = await following();
    simulator.faults.reorderDeltas(true);
    simulator.step('BTC-KRW', 20);
    simulator.faults.reorderDeltas(false);
    await client.settle();
    const ids = messages(client, 'BTC-KRW')
      .slice(1)
      .map((message) => entriesOf(message)[0]!.entryId);
    expect(ids.some((id, i) => i > 0 && id < ids[i - 1]!)).toBe(true);
    expectLedger(client, 'BTC-KRW');
    // Nothing is lost: the book is the one that a new client gets.
    const other = await open();
    other.send(subscribe('BTC-KRW'));
    await other.take(1);
    const books = simulator.sent.slice(-2);
    expect(books[1]!.asks).toEqual(books[0]!.asks);
    expect(books[1]!.bids).toEqual(books[0]!.bids);
  });

  it('crosses a book for those who follow it, not for a new snapshot', async () => {
    const client = await following();
    simulator.faults.crossBook('BTC-KRW');
    simulator.step('BTC-KRW', 3);
    await client.settle();
    expectLedger(client, 'BTC-KRW');
    const crossed = simulator.sent[simulator.sent.length - 1]!;
    expect(Number(crossed.bids[0]![0])).toBeGreaterThan(Number(crossed.asks[0]![0]));
    const other = await open();
    other.send(subscribe('BTC-KRW'));
    await other.take(1);
    const fresh = simulator.sent[simulator.sent.length - 1]!;
    expect(Number(fresh.bids[0]![0])).toBeLessThan(Number(fresh.asks[0]![0]));
  });
});

describe('GOPAX simulator, REST', () => {
  it('lists the pairs, KRW and USDC, with the documented keys', async () => {
    await start();
    const response = await fetch(`${simulator.restUrl}/trading-pairs`);
    const rows = (await response.json()) as Record<string, unknown>[];
    expect(rows.map(({ name }) => name)).toEqual(simulator.pairs);
    expect(simulator.pairs.some((pair) => pair.endsWith('-USDC'))).toBe(true);
    expect(Object.keys(rows[0]!)).toEqual([
      'id',
      'name',
      'baseAsset',
      'quoteAsset',
      'baseAssetScale',
      'quoteAssetScale',
      'priceMin',
      'restApiOrderAmountMin',
      'makerFeePercent',
      'takerFeePercent',
    ]);
    expect(response.headers.get('x-gopax-ip-addr-used-weight')).toBe('1');
    expect(response.headers.get('x-gopax-ip-addr-left-weight')).toBe('19');
  });

  it.each([
    ['1', 1, 1],
    ['2', 50, 50],
    ['3', 566, 422],
    ['9', 566, 422],
  ])('gives the book at level %s', async (level, asks, bids) => {
    await start();
    const url = `${simulator.restUrl}/trading-pairs/BTC-KRW/book?level=${level}`;
    const text = await (await fetch(url)).text();
    expect(text).toMatch(
      /^\{"sequence":\d+,"bid":\[\["\d+",\d+,[\d.e-]+,"\d{13}"\].*\],"ask":\[\["\d+",\d+,[\d.e-]+,"\d{13}"\].*\]\}$/,
    );
    const book = JSON.parse(text) as { ask: unknown[]; bid: unknown[] };
    expect([book.ask.length, book.bid.length]).toEqual([asks, bids]);
    const again = await fetch(url);
    expect(again.status).toBe(429);
    expect(await again.json()).toMatchObject({ errorCode: 10105 });
  });

  it('refuses as captured', async () => {
    await start({ limits: false });
    const get = async (path: string): Promise<[number, string]> => {
      const response = await fetch(`${simulator.restUrl}${path}`);
      return [response.status, await response.text()];
    };
    const asset = (name: string): string =>
      `{"errorMessage":"Invalid asset code: ${name}","errorCode":10058,"errorData":"${name}"}`;
    expect(await get('/trading-pairs/NOPE-KRW/book?level=1')).toEqual([404, asset('NOPE')]);
    expect(await get('/trading-pairs/btc-krw/book?level=1')).toEqual([404, asset('btc')]);
    simulator.delist('DOGE-KRW');
    expect(await get('/trading-pairs/DOGE-KRW/book?level=1')).toEqual([
      404,
      '{"errorMessage":"Invalid trading pair: DOGE-KRW","errorCode":10059,"errorData":"DOGE-KRW"}',
    ]);
    const [status, page] = await get('/nope');
    expect(status).toBe(404);
    expect(page).toContain('Cannot GET /nope');
  });

  it('allows 20 calls in a moving second', async () => {
    await start();
    const calls = Array.from({ length: 25 }, () => fetch(`${simulator.restUrl}/trading-pairs`));
    const statuses = (await Promise.all(calls)).map(({ status }) => status);
    // Five, unless the machine is so slow that the second is over before.
    const refused = statuses.filter((status) => status === 429).length;
    expect(refused).toBeGreaterThan(0);
    expect(refused).toBeLessThanOrEqual(5);
  });
});

describe('GOPAX simulator, trades', () => {
  const follow = (pair: string): object => ({
    ...subscribe(pair),
    n: 'SubscribeToTradingPair',
  });
  interface TradeEvent {
    n: string;
    o: { tradeId: number; isBuy: boolean; occurredAt: number; price: number; baseAmount: number };
  }
  interface Row {
    id: number;
    date: number;
    time: string;
    price: number;
    amount: number;
    side: string;
  }
  const events = (client: RawClient): TradeEvent[] =>
    client.json<TradeEvent>().filter(({ n }) => n === 'PublicTradeEvent');
  const rows = async (query = ''): Promise<Row[]> =>
    (await (
      await fetch(`${simulator.restUrl}/trading-pairs/BTC-KRW/trades${query}`)
    ).json()) as Row[];

  it('come with the book and before its deltas, after a reply without trades', async () => {
    await start();
    const client = await open();
    client.send(follow('BTC-KRW'));
    await client.take(1);
    expect(formOf(client.frames[0]!.text)).toBe(
      FORM.snapshot.replace('SubscribeToOrderBook', 'SubscribeToTradingPair'),
    );
    const best = simulator.sent.at(-1)!.asks[0]!;
    simulator.trade('BTC-KRW', 'buy', ['0.00000097', '0.01']);
    await client.take(4);
    const names = client.json<TradeEvent>().map(({ n }) => n);
    expect(names.slice(1)).toEqual(['PublicTradeEvent', 'PublicTradeEvent', 'OrderBookEvent']);
    expect(formOf(client.frames[1]!.text)).toBe(
      '{"i":N,"n":"PublicTradeEvent","o":{"tradeId":N,"baseAmount":N,"quoteAmount":N,"price":N,"isBuy":true,"occurredAt":N,"tradingPairName":"BTC-KRW"}}',
    );
    expect(client.frames[1]!.text).toContain('"baseAmount":9.7e-7,');
    expect(events(client)[1]!.o).toMatchObject({ price: Number(best[0]), baseAmount: 0.01 });
    expectLedger(client, 'BTC-KRW');
  });

  it('go only to those who asked for them; a pair is subscribed once', async () => {
    await start();
    const client = await open();
    client.send(subscribe('BTC-KRW'));
    client.send(follow('BTC-KRW'));
    await client.take(2);
    expect(client.json<{ o: unknown }>()[1]!.o).toMatchObject({ result: false, errCode: 10325 });
    simulator.trade('BTC-KRW');
    await client.take(3);
    await client.settle();
    expect(events(client)).toHaveLength(0);
    expect(simulator.trades.of('BTC-KRW').at(-1)!.live).toBe(0);
  });

  it('count over the whole exchange, in whole seconds or finer', async () => {
    await start();
    const client = await open();
    client.send(follow('BTC-KRW'));
    client.send(follow('ETH-KRW'));
    await client.take(2);
    for (const form of ['seconds', 'fraction', 'ms'] as const) {
      simulator.faults.occurredAt(form);
      simulator.trade('BTC-KRW');
      simulator.trade('ETH-KRW');
    }
    await until(() => events(client).length === 6, 'six trades');
    const ids = events(client).map(({ o }) => o.tradeId);
    expect(ids.map((id) => id - ids[0]!)).toEqual([0, 1, 2, 3, 4, 5]);
    const times = events(client).map(({ o }) => o.occurredAt);
    expect(Number.isInteger(times[0])).toBe(true);
    expect(times[2]! < 1e12 && times[4]! > 1e12).toBe(true);
    expect(() => simulator.faults.occurredAt('weeks' as 'ms')).toThrow('occurredAt must be');
  });

  it('are paged by id by REST', async () => {
    await start();
    await rows();
    simulator.burst('BTC-KRW', 250);
    const all = simulator.trades.of('BTC-KRW').map(({ restId }) => Number(restId));
    const found: Row[] = await rows();
    expect(found).toHaveLength(100);
    while (found.at(-1)!.id !== all[0]) found.push(...(await rows(`?pastmax=${found.at(-1)!.id}`)));
    expect(found.map(({ id }) => id)).toEqual([...all].reverse());
    expect((await rows(`?latestmin=${all.at(-3)!}`)).map(({ id }) => id)).toEqual([
      ...[all.at(-1), all.at(-2)],
    ]);
    const [row] = found;
    expect(row!.time).toBe(new Date(row!.date * 1000).toISOString());
    expect(await rows(`?after=${row!.date}`)).toEqual([]);
    simulator.faults.otherRestIds(true);
    expect((await rows('?limit=1')).map(({ id }) => id)).not.toEqual([all.at(-1)]);
    const reply = await fetch(`${simulator.restUrl}/trading-pairs/NOPE-KRW/trades`);
    expect(reply.status).toBe(404);
  });

  it('add up to the minute candles', async () => {
    await start();
    simulator.trade('BTC-KRW', 'buy', ['0.00000097', '0.01']);
    const path = '/trading-pairs/BTC-KRW/candles?interval=1';
    const candles = (await (await fetch(simulator.restUrl + path)).json()) as number[][];
    const last = candles.at(-1)!;
    const of = simulator.trades.of('BTC-KRW').filter(({ ms }) => ms >= last[0]!);
    expect(last[5]).toBeCloseTo(of.reduce((sum, { volume }) => sum + Number(volume), 0), 8); // prettier-ignore
  });
});
