import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Exchange } from '../../../src/market/exchange.js';
import { decimalFromWire } from '../../../src/market/decimal.js';
import { parseExactJson } from '../../../src/market/exact-json.js';
import { startSimulators, type Simulators } from '../../../src/simulator/simulators.js';
import { fixture, fixtureLines } from '../../helpers/fixtures.js';
import { RawClient, until } from '../raw-client.js';

/** A few markets of each kind: busy, cheap, thin, in every currency. */
const PAIRS = ['BTC-KRW', 'XRP-KRW', 'USDS-KRW', 'ETH-BTC', 'BERA-BTC', 'BTC-USDT', 'BTC-USDC'];

type Side = (readonly [price: string, volume: string])[];

/** A book as a client understands it. */
interface ClientBook {
  asks: Side;
  bids: Side;
  exchangeTimestamp: number | null;
}

type Json = Record<string, never>;

/** How to follow an exchange: what to send, and what a book frame says. */
interface Reading {
  readonly messages: (pairs: readonly string[]) => unknown[];
  /** Pair and book of a frame; null: no book. */
  readonly read: (frame: Json, before: ClientBook | undefined) => [string, ClientBook] | null;
}

/** Levels that are levels, in canonical text. */
function levels(side: readonly (readonly [string, string])[]): Side {
  return side
    .map(([price, volume]) => [decimalFromWire(price), decimalFromWire(volume)] as const)
    .filter(([price, volume]) => price !== '0' && volume !== '0');
}

const code = (pair: string): string => pair.split('-').reverse().join('-');

function ticket(toMs: (timestamp: string) => number): Reading {
  return {
    messages: (pairs) => [[{ ticket: 'x' }, { type: 'orderbook', codes: pairs.map(code) }]],
    read: (frame) => {
      const { orderbook_units: units } = frame as unknown as {
        orderbook_units: Record<string, string>[];
      };
      const side = (name: string): Side =>
        levels(units.map((unit) => [unit[`${name}_price`]!, unit[`${name}_size`]!] as const));
      const exchangeTimestamp = toMs(frame['timestamp']!);
      return [code(frame['code']!), { asks: side('ask'), bids: side('bid'), exchangeTimestamp }];
    },
  };
}

/** Changes a side as a GOPAX delta says; `sign` 1: lowest price first. */
function applied(side: Side, entries: Side, sign: number): Side {
  const book = new Map(side);
  for (const [price, volume] of entries) {
    if (volume === '0') book.delete(price);
    else book.set(price, volume);
  }
  return [...book].sort((a, b) => (Number(a[0]) - Number(b[0])) * sign);
}

const READINGS: Readonly<Partial<Record<Exchange, Reading>>> = {
  UPBIT: ticket(Number),
  BITHUMB: ticket((us) => Math.floor(Number(us) / 1000)),
  COINONE: {
    messages: (pairs) =>
      pairs.map((pair) => {
        const [target_currency, quote_currency] = pair.split('-');
        const topic = { quote_currency, target_currency };
        return { request_type: 'SUBSCRIBE', channel: 'ORDERBOOK', topic };
      }),
    read: (frame) => {
      if (frame['response_type'] !== 'DATA') return null;
      const data = frame['data'] as unknown as Record<string, string> & {
        asks: { price: string; qty: string }[];
        bids: { price: string; qty: string }[];
      };
      const side = (rows: { price: string; qty: string }[]): Side =>
        levels(rows.map(({ price, qty }) => [price, qty] as const));
      return [
        `${data['target_currency']}-${data['quote_currency']}`,
        {
          asks: side(data.asks).reverse(),
          bids: side(data.bids),
          exchangeTimestamp: Number(data['id']!.slice(0, -3)),
        },
      ];
    },
  },
  KORBIT: {
    messages: (pairs) => [
      [
        {
          method: 'subscribe',
          type: 'orderbook',
          symbols: pairs.map((pair) => pair.toLowerCase().replace('-', '_')),
        },
      ],
    ],
    read: (frame) => {
      const data = frame['data'] as unknown as {
        timestamp: string;
        asks: { price: string; qty: string }[];
        bids: { price: string; qty: string }[];
      };
      const side = (rows: { price: string; qty: string }[]): Side =>
        levels(rows.map(({ price, qty }) => [price, qty] as const));
      const pair = (frame as unknown as { symbol: string }).symbol.toUpperCase().replace('_', '-');
      const exchangeTimestamp = Number(data.timestamp);
      return [pair, { asks: side(data.asks), bids: side(data.bids), exchangeTimestamp }];
    },
  },
  GOPAX: {
    messages: (pairs) =>
      pairs.map((pair) => ({ i: pair, n: 'SubscribeToOrderBook', o: { tradingPairName: pair } })),
    read: (frame, before) => {
      type Entry = { price: string; volume: string; updatedAt: string };
      const o = frame['o'] as unknown as { ask: Entry[]; bid: Entry[]; tradingPairName: string };
      const side = (entries: Entry[]): Side =>
        entries.map(
          ({ price, volume }) => [decimalFromWire(price), decimalFromWire(volume)] as const,
        );
      if (frame['n'] !== 'OrderBookEvent') {
        const book = { asks: side(o.ask), bids: side(o.bid), exchangeTimestamp: null };
        return [o.tradingPairName, book];
      }
      const times = [...o.ask, ...o.bid].map(({ updatedAt }) =>
        Math.round(Number(updatedAt) * 1000),
      );
      const book = {
        asks: applied(before!.asks, side(o.ask), 1),
        bids: applied(before!.bids, side(o.bid), -1),
        exchangeTimestamp: Math.max(...times),
      };
      return [o.tradingPairName, book];
    },
  },
};

const READ = Object.keys(READINGS) as Exchange[];

/** What the client has got of one market, in the form of the ledger. */
interface Received {
  frames: number;
  changed: number;
  last: ClientBook;
}

/** A client that follows some markets of one exchange. */
class Follower {
  readonly markets = new Map<string, Received>();
  readonly client: RawClient;
  readonly #reading: Reading;
  #read = 0;

  constructor(exchange: Exchange, client: RawClient, pairs: readonly string[]) {
    this.client = client;
    this.#reading = READINGS[exchange]!;
    for (const message of this.#reading.messages(pairs)) client.send(message);
  }

  /** Takes in the frames that have come; throws at one that is no JSON or no sound book. */
  get books(): number {
    for (; this.#read < this.client.frames.length; this.#read++) {
      const frame = parseExactJson(this.client.frames[this.#read]!.text) as Json;
      const { pair, book } = this.#understand(frame);
      if (book !== undefined) this.#take(pair, book);
    }
    return [...this.markets.values()].reduce((sum, { frames }) => sum + frames, 0);
  }

  #understand(frame: Json): { pair: string; book?: ClientBook } {
    const { o } = frame as unknown as { o?: { tradingPairName: string } };
    const found = this.#reading.read(frame, this.markets.get(o?.tradingPairName ?? '')?.last);
    return found === null ? { pair: '' } : { pair: found[0], book: found[1] };
  }

  #take(pair: string, book: ClientBook): void {
    expectSound(book);
    const before = this.markets.get(pair);
    const same =
      before !== undefined &&
      JSON.stringify([before.last.asks, before.last.bids]) ===
        JSON.stringify([book.asks, book.bids]);
    const { frames = 0, changed = 0 } = before ?? {};
    this.markets.set(pair, {
      frames: frames + 1,
      changed: same ? changed : changed + 1,
      last: same ? { ...book, exchangeTimestamp: before.last.exchangeTimestamp } : book,
    });
  }
}

function expectSound({ asks, bids }: ClientBook): void {
  for (const [side, sign] of [
    [asks, 1],
    [bids, -1],
  ] as const) {
    for (let i = 1; i < side.length; i++) {
      if ((Number(side[i]![0]) - Number(side[i - 1]![0])) * sign <= 0)
        throw new Error('out of order');
    }
  }
  if (Number(bids[0]?.[0] ?? 0) >= Number(asks[0]?.[0] ?? Infinity)) throw new Error('crossed');
}

let simulators: Simulators;
let clients: RawClient[] = [];

beforeEach(async () => {
  simulators = await startSimulators({ market: 'full', pairs: PAIRS, rate: 30, control: true });
});

afterEach(async () => {
  for (const client of clients) client.ws.terminate();
  clients = [];
  await simulators.close();
});

async function follow(exchange: Exchange): Promise<Follower> {
  const simulator = simulators.all.find((one) => one.exchange === exchange)!;
  const client = await RawClient.open(simulator.wsUrl);
  clients.push(client);
  return new Follower(exchange, client, simulator.pairs);
}

async function setRate(rate: number): Promise<void> {
  const url = `${simulators.controlUrl}/rate`;
  const reply = await fetch(url, { method: 'POST', body: JSON.stringify([rate]) });
  expect(await reply.json()).toEqual({ rate });
}

type Ledger = Record<string, Record<string, Received>>;

async function ledger(): Promise<Ledger> {
  return (await (await fetch(`${simulators.controlUrl}/ledger`)).json()) as Ledger;
}

/** Keys, their order and what stands for what: all digits are `0`, equal neighbours are one. */
function shape(text: string): string {
  return text
    .replace(/:"[A-Za-z]+[-_][A-Za-z]+"/g, ':"pair"')
    .replace(/"(quote_currency|target_currency)":"[A-Z]+"/g, '"$1":"coin"')
    .replace(/"(SNAPSHOT|REALTIME)"/, '"stream"')
    .replace(/\d+(\.\d+)?(E-?\d+)?(e-\d+)?/g, '0')
    .replace(/(\{[^{}]*\})(,\1)+/g, '$1');
}

describe('frames of the full market', () => {
  const samples: Readonly<Partial<Record<Exchange, () => string[]>>> = {
    UPBIT: () => fixtureLines('upbit/session.jsonl'),
    BITHUMB: () => fixtureLines('bithumb/session.jsonl'),
    COINONE: () => [
      ...fixtureLines('coinone/session.jsonl'),
      fixture('coinone/xrp-default.json').trim(),
    ],
    KORBIT: () => fixtureLines('korbit/books.jsonl'),
    GOPAX: () => fixtureLines('gopax/session.jsonl'),
  };

  it.each(READ)('%s: in the shape of the recorded ones', async (exchange) => {
    const known = new Set(samples[exchange]!().map(shape));
    const follower = await follow(exchange);
    await until(() => follower.books >= 60, '60 books');
    const unknown = follower.client.frames
      .filter(({ text }) => !text.includes('"SUBSCRIBED"') && !text.includes('"CONNECTED"'))
      .map(({ text }) => shape(text))
      // The recorded deltas of GOPAX happen to be of asks.
      .filter((text) => !known.has(text) && !text.includes('"ask":[]'));
    expect([...new Set(unknown)]).toEqual([]);
    const binary = ['UPBIT', 'BITHUMB'].includes(exchange);
    expect(follower.client.frames.at(-1)!.binary).toBe(binary);
  });

  it('spell prices as each exchange does, and carry the time of now', async () => {
    const upbit = await follow('UPBIT');
    const bithumb = await follow('BITHUMB');
    await until(() => upbit.books >= 60 && bithumb.books >= 60, '60 books each');
    const of = ({ client }: Follower, name: string): string =>
      client.frames.filter(({ text }) => text.includes(`"${name}"`)).at(-1)!.text;
    expect(of(upbit, 'KRW-BTC')).toMatch(/"ask_price":1\.\d+E8,/);
    expect(of(upbit, 'KRW-XRP')).toMatch(/"ask_price":2\d\d\d\.0,/);
    expect(of(bithumb, 'KRW-BTC')).toMatch(/"ask_price":1\d{8},/);
    // Thin sides are padded.
    expect(of(upbit, 'KRW-USDS')).toContain('"bid_price":0,');
    expect(of(upbit, 'KRW-USDS').match(/ask_price/g)).toHaveLength(30);
    const time = Number(/"timestamp":(\d+)/.exec(of(bithumb, 'KRW-XRP'))![1]);
    expect(Math.abs(time / 1000 - Date.now())).toBeLessThan(60_000);
  });

  it('come as repeats as often as measured', async () => {
    const share = async (exchange: Exchange): Promise<number> => {
      const follower = await follow(exchange);
      await until(() => follower.books >= 500, '500 books', 15_000);
      const markets = [...follower.markets.values()];
      const changed = markets.reduce((sum, market) => sum + market.changed, 0);
      return 1 - changed / follower.books;
    };
    const [bithumb, coinone, upbit] = await Promise.all(
      (['BITHUMB', 'COINONE', 'UPBIT'] as const).map(share),
    );
    expect(bithumb).toBeGreaterThan(0.4);
    expect(bithumb).toBeLessThan(0.6);
    expect(coinone).toBeGreaterThan(0.1);
    expect(coinone).toBeLessThan(0.3);
    expect(upbit).toBe(0);
  }, 30_000);
});

describe('the ledger of the full market', () => {
  it('agrees with what clients got, to the digit, once the rate is 0', async () => {
    const followers = await Promise.all(READ.map(follow));
    await until(() => followers.every(({ books }) => books >= 100), '100 books each', 20_000);
    await setRate(0);
    const first = await ledger();
    await Promise.all(followers.map(({ client }) => client.settle()));
    for (const [i, exchange] of READ.entries()) {
      const { markets, books } = followers[i]!;
      expect(books).toBeGreaterThanOrEqual(100);
      expect(Object.fromEntries(markets)).toEqual(first[exchange]);
    }
    // Nothing has gone out meanwhile.
    expect(await ledger()).toEqual(first);
    await setRate(30);
    const [follower] = followers;
    const before = follower!.books;
    await until(() => follower!.books > before, 'a book after the pause');
  }, 30_000);

  it('leaves out the books when asked to', async () => {
    const follower = await follow('KORBIT');
    await until(() => follower.books >= 10, '10 books');
    const reply = await fetch(`${simulators.controlUrl}/ledger?last=false`);
    const { KORBIT } = (await reply.json()) as Ledger;
    expect(Object.keys(KORBIT!['BTC-KRW']!)).toEqual(['frames', 'changed']);
  });

  it('sums up what several clients got', async () => {
    const [one, two] = [await follow('KORBIT'), await follow('KORBIT')];
    await until(() => one.books >= 20 && two.books >= 20, '20 books each');
    await setRate(0);
    const { KORBIT } = await ledger();
    await Promise.all([one.client.settle(), two.client.settle()]);
    expect(one.books + two.books).toBeGreaterThanOrEqual(40);
    for (const [pair, { frames, changed, last }] of Object.entries(KORBIT!)) {
      const [a, b] = [one.markets.get(pair)!, two.markets.get(pair)!];
      expect(frames).toBe(a.frames + b.frames);
      expect(changed).toBe(a.changed + b.changed);
      expect(last).toEqual(a.last);
    }
  });
});

describe('the control of the full market', () => {
  it.each(READ)('%s: garbles every frame, and makes whole ones again', async (exchange) => {
    const follower = await follow(exchange);
    const { client } = follower;
    await until(() => follower.books >= 20, '20 books');
    const call = (on: boolean): Promise<unknown> =>
      fetch(`${simulators.controlUrl}/${exchange.toLowerCase()}/garble`, {
        method: 'POST',
        body: JSON.stringify([on]),
      });
    await call(true);
    await client.settle();
    const [from] = [client.frames.length];
    const counted = (await ledger())[exchange];
    await until(() => client.frames.length >= from + 10, 'ten more frames');
    expect((await ledger())[exchange]).toEqual(counted);
    for (const { text } of client.frames.slice(from)) {
      expect(() => parseExactJson(text)).toThrow();
    }
    await call(false);
    await client.settle();
    const to = client.frames.length;
    await until(() => client.frames.length > to, 'a frame');
    expect(() => parseExactJson(client.frames.at(-1)!.text)).not.toThrow();
  });

  it('freezes and drops as it does the small market', async () => {
    const follower = await follow('UPBIT');
    await until(() => follower.books >= 10, '10 books');
    simulators.upbit.faults.freeze(true);
    await follower.client.settle();
    const frozen = follower.client.frames.length;
    await until(() => simulators.korbit.tally.frames === 0, 'no client elsewhere');
    await follower.client.settle();
    expect(follower.client.frames).toHaveLength(frozen);
    simulators.upbit.faults.freeze(false);
    await until(() => follower.client.frames.length > frozen, 'a frame');
    simulators.upbit.faults.dropConnections();
    expect((await follower.client.close()).code).toBe(1006);
  });

  it.each([
    ['rate', '["fast"]', 'one number from 0 to 1000'],
    ['rate', '[-1]', 'one number from 0 to 1000'],
    ['rate', '[1, 2]', 'one number from 0 to 1000'],
    ['trade-rate', '["5"]', 'tradeRate takes a JSON array of one number'],
  ])('POST /%s %s is refused', async (path, body, message) => {
    const reply = await fetch(`${simulators.controlUrl}/${path}`, { method: 'POST', body });
    expect(reply.status).toBe(400);
    expect(((await reply.json()) as { error: string }).error).toContain(message);
    expect(await (await fetch(`${simulators.controlUrl}/rate`)).json()).toEqual({ rate: 30 });
  });

  it('makes as many trades as asked, and no others', async () => {
    const { upbit, controlUrl } = simulators;
    const count = (): number => upbit.trades.markets().get('BTC-KRW')?.count ?? 0;
    await setRate(0);
    upbit.step('BTC-KRW', 100);
    expect(count()).toBe(0);
    upbit.faults.forgetTrades('BTC-KRW');
    const made: number[] = [];
    for (const rate of [1, 5, 0]) {
      const body = JSON.stringify([rate]);
      const reply = await fetch(`${controlUrl}/trade-rate`, { method: 'POST', body });
      expect(await reply.json()).toEqual({ tradeRate: rate });
      const before = count();
      upbit.step('BTC-KRW', 1000);
      made.push(count() - before);
    }
    const [once, fivefold, none] = made as [number, number, number];
    expect(once).toBeGreaterThan(100);
    expect(fivefold / once).toBeGreaterThan(3);
    expect(fivefold / once).toBeLessThan(7);
    expect(none).toBe(0);
    expect(upbit.trades.of('BTC-KRW').length).toBeLessThanOrEqual(500);
  });

  it('gives a market that is listed again frames, too', async () => {
    const { korbit } = simulators;
    korbit.delist('BTC-KRW');
    korbit.list('BTC-KRW');
    korbit.list('NEW-KRW');
    const follower = await follow('KORBIT');
    const frames = (pair: string): number => follower.markets.get(pair)?.frames ?? 0;
    await until(() => {
      void follower.books;
      return frames('BTC-KRW') > 2 && frames('NEW-KRW') > 2;
    }, 'frames of both');
  });
});

describe('a slow client of the full market', () => {
  it('gets every frame whole, however late it reads', async () => {
    const follower = await follow('UPBIT');
    await until(() => follower.books >= 10, '10 books');
    follower.client.ws.pause();
    await setRate(100);
    const { upbit } = simulators;
    // More than the kernel and the socket's own memory hold.
    const before = upbit.tally.frames;
    await until(() => upbit.tally.frames > before + 6000, '6,000 frames', 30_000);
    await setRate(0);
    follower.client.ws.resume();
    await follower.client.settle();
    expect(follower.books).toBe(upbit.tally.frames);
    expect(Object.fromEntries(follower.markets)).toEqual(Object.fromEntries(upbit.tally.markets()));
  }, 60_000);
});
