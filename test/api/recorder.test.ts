import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Gap } from '../../src/market/gap.js';
import { book, market, publish } from './helpers/books.js';
import { statusOf } from './helpers/memory-control.js';
import { codeOf, serve, type TestServer } from './helpers/server.js';
import { until } from './helpers/until.js';
import { answers, wsClient } from './helpers/ws.js';

let server: TestServer;
beforeEach(async () => {
  server = await serve();
});
afterEach(() => server.api.close());

const upbit = market('UPBIT');
const gap = (end: number | null): Gap => ({
  market: upbit,
  start: 1_700_000_000_000,
  end,
  cause: 'DISCONNECTED',
  detail: null,
  attempts: 0,
});

describe('recorder', () => {
  it('gives rates, states, queue and open gaps', async () => {
    server.control.put(statusOf(upbit, { books: 100 }));
    server.control.put(statusOf(market('GOPAX'), { state: 'STALE' }));
    server.stats.queuedBooks = 7;
    server.stats.lastFlushMs = 12.5;
    server.bus.gaps.publish(gap(null));
    publish(server.bus, book(upbit, 1));
    const text = `{ recorder {
      version queuedBooks lastFlushMs openGaps databaseBytes daysUntilFull storeFailure
      framesPerSecond exchanges { exchange framesPerSecond changedPerSecond states { state count } }
    } }`;
    type Recorder = { framesPerSecond: number; exchanges: { exchange: string }[] };
    const ask = async () => (await server.post(text)).data!['recorder'] as Recorder;
    let recorder = await ask();
    expect(recorder).toMatchObject({
      version: '1.2.3',
      queuedBooks: 7,
      lastFlushMs: 12.5,
      openGaps: 1,
      databaseBytes: '4096',
      daysUntilFull: null,
      storeFailure: null,
    });
    await until('a rate', async () => {
      recorder = await ask();
      return recorder.framesPerSecond > 0;
    });
    const of = (name: string) => recorder.exchanges.find(({ exchange }) => exchange === name);
    expect(of('UPBIT')).toMatchObject({ states: [{ state: 'LIVE', count: 1 }] });
    expect(of('UPBIT')).not.toMatchObject({ changedPerSecond: 0 });
    expect(of('GOPAX')).toMatchObject({ states: [{ state: 'STALE', count: 1 }] });
    server.bus.gaps.publish(gap(1_700_000_000_001));
    expect(await ask()).toMatchObject({ openGaps: 0 });
  });

  it('comes again and again as a subscription, as often as asked', async () => {
    const client = wsClient(server.url);
    const figures = answers(client, 'subscription { recorder(every: 10) { timestamp } }');
    const times: string[] = [];
    for (let i = 0; i < 3; i++) {
      const result = await figures.next();
      const { data } = result.value as { data: { recorder: { timestamp: string } } };
      times.push(data.recorder.timestamp);
    }
    expect([...times].sort()).toEqual(times);
    await client.dispose();
    expect(codeOf(await server.post('subscription { recorder(every: 1) { version } }'))).toBe(
      'BAD_USER_INPUT',
    );
  });
});

describe('collectorActivity', () => {
  it('gives all collectors, then those that changed, with what is missing', async () => {
    server.control.put(statusOf(upbit, { books: 1 }));
    server.control.put(statusOf(market('KORBIT'), { books: 1 }));
    const client = wsClient(server.url);
    const lists = answers(
      client,
      'subscription { collectorActivity(every: 20) { collector { exchange books } openGap { cause } } }',
    );
    const next = async () =>
      ((await lists.next()).value as { data: { collectorActivity: unknown[] } }).data
        .collectorActivity;
    expect(await next()).toHaveLength(2);
    server.bus.gaps.publish(gap(null));
    expect(await next()).toEqual([
      { collector: { exchange: 'UPBIT', books: '1' }, openGap: { cause: 'DISCONNECTED' } },
    ]);
    server.control.put(statusOf(market('KORBIT'), { books: 2 }));
    expect(await next()).toEqual([
      { collector: { exchange: 'KORBIT', books: '2' }, openGap: null },
    ]);
    await client.dispose();
    await until('no reader', () => server.api.readers === 0);
  });
});

describe('log', () => {
  it('gives the entries that match as they happen', async () => {
    const client = wsClient(server.url);
    const entries = answers(
      client,
      'subscription { log(exchange: UPBIT, level: WARN, symbol: "btc") { event level symbol } }',
    );
    const first = entries.next();
    await until('a reader', () => server.api.readers === 1);
    const record = { timestamp: 1, message: 'text', pair: { symbol: 'BTC', currency: 'KRW' } };
    const { logs } = server.bus;
    logs.publish({ ...record, level: 'info', event: 'A', exchange: 'UPBIT' });
    logs.publish({ ...record, level: 'error', event: 'B', exchange: 'KORBIT' });
    logs.publish({ ...record, level: 'error', event: 'C', exchange: 'UPBIT', pair: null });
    logs.publish({ ...record, level: 'error', event: 'D', exchange: 'UPBIT' });
    logs.publish({ ...record, level: 'warn', event: 'E', exchange: 'UPBIT' });
    expect((await first).value).toEqual({
      data: { log: { event: 'D', level: 'ERROR', symbol: 'BTC' } },
    });
    expect((await entries.next()).value).toMatchObject({ data: { log: { event: 'E' } } });
    await client.dispose();
  });
});

describe('priceHistory', () => {
  const T = 1_700_000_000_000;
  const ask = (args: string) =>
    server.post(`{ priceHistory(exchange: UPBIT, ${args}) { timestamp bestAsk midPrice } }`);

  it('gives exact prices at even moments, none before the first book and in a gap', async () => {
    const at = (timestamp: number, price: string) =>
      book(upbit, timestamp, { timestamp, asks: [[price, '1']], bids: [['100.00000001', '1']] });
    server.reader.stored = [at(T + 1_500, '100.00000002'), at(T + 3_500, '100.5')];
    server.reader.allGaps = [{ ...gap(T + 3_500), start: T + 2_500 }];
    const { data } = await ask(`from: ${T + 1_000}, to: ${T + 4_000}, points: 4`);
    const none = { timestamp: null, bestAsk: null, midPrice: null };
    expect(data!['priceHistory']).toEqual([
      none,
      {
        timestamp: new Date(T + 1_500).toISOString(),
        bestAsk: '100.00000002',
        midPrice: '100.000000015',
      },
      none,
      {
        timestamp: new Date(T + 3_500).toISOString(),
        bestAsk: '100.5',
        midPrice: '100.250000005',
      },
    ]);
  });

  it('gives none from a stop of recording until the next book, nor in a gap that lasts', async () => {
    const at = (timestamp: number) => book(upbit, timestamp, { timestamp });
    server.reader.stored = [at(T + 10), at(T + 60)];
    server.reader.stops.push(T + 30);
    server.reader.allGaps = [{ ...gap(0), start: T + 80, end: null }];
    const known = async (from: number, to: number) => {
      const points = (to - from) / 10 + 1;
      const { data } = await ask(`from: ${T + from}, to: ${T + to}, points: ${points}`);
      return (data!['priceHistory'] as { timestamp: unknown }[]).map((each) =>
        each.timestamp === null ? '-' : '+',
      );
    };
    expect((await known(0, 100)).join('')).toBe('-+++--+++--');
    // It was stopped before the window began.
    expect((await known(40, 70)).join('')).toBe('--++');
  });

  it('refuses windows and numbers of points that cannot be', async () => {
    for (const [args, message] of [
      [`from: ${T + 2}, to: ${T + 1}`, 'to: must be after from'],
      [`from: ${T}, to: ${T + 9}, points: 1`, 'points: must be from 2 to 300; was 1'],
      [`from: ${T}, to: ${T + 9}, points: 301`, 'points: must be from 2 to 300; was 301'],
    ] as const) {
      const result = await ask(args);
      expect([codeOf(result), result.errors![0]!.message]).toEqual(['BAD_USER_INPUT', message]);
    }
  });
});
