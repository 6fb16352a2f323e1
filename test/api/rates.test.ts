import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { setTimeout as pause } from 'node:timers/promises';
import { LoggedBook, LoggedEvent } from '../../src/nats/logged-book.js';
import { bigBook, book, market, publish } from './helpers/books.js';
import { TRANSPORTS, valueOf } from './helpers/live.js';
import { stalledSse } from './helpers/raw.js';
import { codeOf, serve, type TestServer } from './helpers/server.js';
import { SseSubscription } from './helpers/sse.js';
import { turn, until } from './helpers/until.js';

const UPBIT = market('UPBIT');
const ETH = market('UPBIT', 'ETH');
const EVERY = 60;

let server: TestServer;
beforeEach(async () => {
  server = await serve();
});
afterEach(() => server.api.close());

describe.each(TRANSPORTS)('a rate by every over %s', (_name, subscribe) => {
  it('gives at most one book per market and time, ends on the newest, says what it left out', async () => {
    publish(server.bus, book(UPBIT, 1));
    const query = `subscription { orderbook(every: ${EVERY}) { symbol sequence skipped } }`;
    const live = await subscribe(server.url, query);
    expect(valueOf(await live.next())).toEqual({ symbol: 'BTC', sequence: '1', skipped: 0 });
    const began = performance.now();
    let deliveries = 0;

    const LAST = 241;
    const publisher = (async () => {
      for (let sequence = 2; sequence <= LAST; sequence++) {
        publish(server.bus, book(sequence % 2 === 0 ? UPBIT : ETH, sequence));
        if (sequence % 10 === 0) await pause(8);
      }
    })();
    const left = new Map([
      ['BTC', 120],
      ['ETH', 120],
    ]);
    const newest = new Map<unknown, unknown>();
    while ([...left.values()].some((count) => count > 0)) {
      const got = valueOf(await live.next()) as {
        symbol: string;
        sequence: string;
        skipped: number;
      };
      deliveries++;
      left.set(got.symbol, left.get(got.symbol)! - 1 - got.skipped);
      newest.set(got.symbol, got.sequence);
    }
    // Of two markets, the first and one at the end of each whole interval, and one may be on its way.
    const most = 2 * (Math.floor((performance.now() - began) / EVERY) + 2);
    expect(deliveries).toBeLessThanOrEqual(most);
    await publisher;
    expect(Object.fromEntries(left)).toEqual({ BTC: 0, ETH: 0 });
    expect(Object.fromEntries(newest)).toEqual({ BTC: '240', ETH: '241' });
    await live.leave();
  });

  it('counts for one who comes later only what that one has not had', async () => {
    const query =
      'subscription { orderbook(exchange: UPBIT, every: 500) { sequence skipped gapBefore { cause } } }';
    const first = await subscribe(server.url, query);
    await until('the first has begun', () => server.api.readers === 1);
    publish(server.bus, book(UPBIT, 1));
    expect(valueOf(await first.next())).toMatchObject({ sequence: '1', skipped: 0 });
    publish(server.bus, book(UPBIT, 2));
    publish(server.bus, book(UPBIT, 3));
    const late = await subscribe(server.url, query);
    expect(valueOf(await late.next())).toMatchObject({ sequence: '3', skipped: 0 });
    publish(server.bus, book(UPBIT, 4));
    publish(server.bus, book(UPBIT, 5));
    expect(valueOf(await first.next())).toMatchObject({ sequence: '5', skipped: 3 });
    expect(valueOf(await late.next())).toMatchObject({ sequence: '5', skipped: 1 });
    await first.leave();
    await late.leave();
  });

  it('gives whole books out of a log that stay text until they are read, also with what was left out', async () => {
    const logged = (sequence: number): void => {
      const { asks, bids, ...rest } = book(UPBIT, sequence);
      const texts = { asks: JSON.stringify(asks), bids: JSON.stringify(bids) };
      const stored = { wholeAt: null, ...texts };
      const about = { previous: null, afterGap: false, stored };
      server.bus.publishBook(new LoggedEvent(new LoggedBook(rest, texts), texts, about));
    };
    logged(1);
    const fields = 'symbol timestamp sequence skipped asks { price volume } bestBid { price }';
    const query = `subscription { orderbook(every: ${EVERY}) { ${fields} } }`;
    const live = await subscribe(server.url, query);
    const expected = (sequence: number, skipped: number): object => {
      const { timestamp, asks, bids } = book(UPBIT, sequence);
      return {
        symbol: 'BTC',
        timestamp: new Date(timestamp).toISOString(),
        sequence: `${sequence}`,
        skipped,
        asks: asks.map(([price, volume]) => ({ price, volume })),
        bestBid: { price: bids[0]![0] },
      };
    };
    expect(valueOf(await live.next())).toEqual(expected(1, 0));
    logged(2);
    logged(3);
    expect(valueOf(await live.next())).toEqual(expected(3, 1));
    await live.leave();
  });

  it.each([0, 9, -5, 3_600_001])('every: %i is BAD_USER_INPUT', async (every) => {
    const live = await subscribe(
      server.url,
      `subscription { orderbook(every: ${every}) { sequence } }`,
    );
    const result = (await live.next()) as never;
    expect(codeOf(result)).toBe('BAD_USER_INPUT');
    expect(JSON.stringify(result)).toContain('from 10 to 3600000');
    await live.leave();
  });
});

describe('many markets in one subscription', () => {
  const [, subscribe] = TRANSPORTS[0]!;

  it('takes a list, and a pattern as in COLLECT', async () => {
    publish(server.bus, book(UPBIT, 1));
    publish(server.bus, book(ETH, 2));
    publish(server.bus, book(market('KORBIT', 'XRP'), 3));
    const first = async (args: string, count: number): Promise<unknown[]> => {
      const live = await subscribe(
        server.url,
        `subscription { orderbooks(${args}) { exchange symbol } }`,
      );
      const got = [];
      for (let i = 0; i < count; i++) got.push(valueOf(await live.next()));
      await live.leave();
      return got;
    };
    const list =
      'markets: [{exchange: KORBIT, symbol: "xrp"}, {exchange: UPBIT, symbol: "ETH", currency: "KRW"}]';
    expect(await first(list, 2)).toEqual([
      { exchange: 'UPBIT', symbol: 'ETH' },
      { exchange: 'KORBIT', symbol: 'XRP' },
    ]);
    expect(await first('pattern: "upbit:*-krw"', 2)).toEqual([
      { exchange: 'UPBIT', symbol: 'BTC' },
      { exchange: 'UPBIT', symbol: 'ETH' },
    ]);
  });

  it.each([
    ['', 'give either markets or pattern'],
    ['pattern: "*-*", markets: []', 'give either markets or pattern'],
    ['markets: []', 'at least one market'],
    ['pattern: ""', 'must not be empty'],
    ['pattern: "BTC"', 'is not a market; write'],
    ['pattern: "BINANCE:BTC-KRW"', 'names an unknown exchange'],
  ])('orderbooks(%s) is BAD_USER_INPUT', async (args, words) => {
    const field = args === '' ? 'orderbooks' : `orderbooks(${args})`;
    const live = await subscribe(server.url, `subscription { ${field} { sequence } }`);
    const result = (await live.next()) as never;
    expect(codeOf(result)).toBe('BAD_USER_INPUT');
    expect(JSON.stringify(result)).toContain(words);
    await live.leave();
  });

  it('refuses a huge list', async () => {
    const markets = Array.from({ length: 501 }, (_, i) => ({ exchange: 'UPBIT', symbol: `C${i}` }));
    const live = await subscribe(
      server.url,
      'subscription ($markets: [MarketInput!]) { orderbooks(markets: $markets) { sequence } }',
      { markets },
    );
    const result = (await live.next()) as never;
    expect(codeOf(result)).toBe('BAD_USER_INPUT');
    expect(JSON.stringify(result)).toContain('at most 500 markets');
    await live.leave();
  });
});

describe('markets that no exchange lists', () => {
  const record = (symbol: string) => ({
    exchange: 'UPBIT' as const,
    symbol,
    currency: 'KRW',
    koreanName: null,
    englishName: null,
    listed: true,
    wanted: null,
    recording: false,
  });

  it.each([
    ['subscription { orderbook(exchange: UPBIT, symbol: "BTX", currency: "KRW") { sequence } }'],
    ['subscription { orderbooks(pattern: "UPBIT:BTX-KRW") { sequence } }'],
    ['subscription { replay(exchange: UPBIT, symbol: "BTX") { sequence } }'],
    ['query { orderbook(exchange: UPBIT, symbol: "BTX") { sequence } }'],
  ])('%s is UNKNOWN_MARKET with what is close', async (query) => {
    server.reader.marketList = [record('BTC'), record('XRP')];
    const [, subscribe] = TRANSPORTS[0]!;
    const live = await subscribe(server.url, query);
    const result = await live.next();
    expect(result?.errors).toMatchObject([
      { extensions: { code: 'UNKNOWN_MARKET', closeMatches: ['BTC-KRW'] } },
    ]);
    await live.leave();
  });

  it('are let in while the list was never fetched, when collected, or when stored', async () => {
    const ask = async (symbol: string) =>
      codeOf(await server.post(`{ orderbook(exchange: UPBIT, symbol: "${symbol}") { sequence } }`));
    expect(await ask('NEW')).toBeUndefined();
    server.reader.marketList = [record('BTC'), { ...record('OLD'), listed: false }];
    publish(server.bus, book(market('UPBIT', 'LIVE'), 1));
    expect(await Promise.all(['OLD', 'LIVE', 'BTC'].map(ask))).toEqual(Array(3).fill(undefined));
  });
});

describe('a reader that reads again after a while', () => {
  it('gets the newest of each market, and what it missed', async () => {
    const query =
      'subscription { orderbook { symbol sequence skipped asks { price volume } bids { price volume } } }';
    const socket = await stalledSse(server.url, query);
    await until('it has begun', () => server.api.readers === 1);
    const PUBLISHED = 6000;
    for (let sequence = 1; sequence <= PUBLISHED; sequence++) {
      publish(server.bus, bigBook(sequence % 2 === 1 ? UPBIT : ETH, sequence));
      if (sequence % 20 === 0) await turn();
    }
    let text = '';
    socket.on('data', (chunk: Buffer) => (text += chunk.toString('latin1')));
    socket.resume();
    const received = (): { symbol: string; sequence: string; skipped: number }[] =>
      [...text.matchAll(/"symbol":"(\w+)","sequence":"(\d+)","skipped":(\d+)/g)].map((found) => ({
        symbol: found[1]!,
        sequence: found[2]!,
        skipped: Number(found[3]),
      }));
    await until('the newest of both have come', () => {
      const got = received().map(({ sequence }) => Number(sequence));
      return got.includes(PUBLISHED) && got.includes(PUBLISHED - 1);
    });
    for (const symbol of ['BTC', 'ETH']) {
      const got = received().filter((one) => one.symbol === symbol);
      const missed = got.reduce((sum, { skipped }) => sum + skipped, 0);
      expect(missed).toBeGreaterThan(0);
      expect(got.length + missed).toBe(PUBLISHED / 2);
      const order = got.map(({ sequence }) => Number(sequence));
      expect(order).toEqual([...order].sort((a, b) => a - b));
    }
    socket.destroy();
    await until('it has left', () => server.api.readers === 0);
  });
});

describe('equal subscriptions', () => {
  const executions = async (): Promise<number> => {
    const text = await (await fetch(`${server.url}/metrics`)).text();
    return Number(/orderbook_api_executions_total (\d+)/.exec(text)?.[1]);
  };

  it('are executed once for all their readers, over both transports', async () => {
    const written = [
      'subscription { orderbook(exchange: UPBIT) { sequence bestAsk { price } } }',
      'subscription {\n  orderbook(exchange: UPBIT) { sequence, bestAsk { price } }\n}',
    ];
    const lives = [];
    for (let i = 0; i < 12; i++) {
      const [, subscribe] = TRANSPORTS[i % 2]!;
      lives.push(await subscribe(server.url, written[i % 2]!));
    }
    await until('all have begun', () => server.api.readers === 12);
    const before = await executions();
    for (let sequence = 1; sequence <= 5; sequence++) {
      publish(server.bus, book(UPBIT, sequence));
      for (const live of lives) {
        expect(valueOf(await live.next())).toEqual({
          sequence: String(sequence),
          bestAsk: { price: '101.5' },
        });
      }
    }
    expect((await executions()) - before).toBe(5);
    for (const live of lives) await live.leave();
  });

  it('differ by operation name and variables', async () => {
    const document =
      'subscription A($e: Exchange) { orderbook(exchange: $e) { sequence } } subscription B { orderbook { symbol } }';
    const open = async (operationName: string, variables: object): Promise<SseSubscription> =>
      SseSubscription.open(server.url, document, { ...variables }, operationName);
    const streams = [
      await open('A', { e: 'UPBIT' }),
      await open('A', { e: 'GOPAX' }),
      await open('B', {}),
    ];
    publish(server.bus, book(UPBIT, 1));
    publish(server.bus, book(market('GOPAX'), 2));
    expect(await streams[0]!.book()).toEqual({ sequence: '1' });
    expect(await streams[1]!.book()).toEqual({ sequence: '2' });
    expect(await streams[2]!.book()).toEqual({ symbol: 'BTC' });
    for (const stream of streams) stream.leave();
  });
});
