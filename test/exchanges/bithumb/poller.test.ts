import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect } from '@jest/globals';
import type { Feed } from '../../../src/collector/feed.js';
import {
  type BithumbSimulator,
  startBithumbSimulator,
} from '../../../src/simulator/bithumb/server.js';
import { atOnce as it, closeAfterTest, inTurn } from '../../helpers/at-once.js';
import { feedOf, pair } from '../../helpers/feed.js';
import type { RecordingHost } from '../../helpers/recording-host.js';
import { until } from '../../helpers/wait.js';

/** A poller of a server at `restUrl`, that asks for nothing yet. */
function poller(restUrl: string, pollMs: number): { feed: Feed; host: RecordingHost } {
  const made = feedOf('BITHUMB', { restUrl }, { bithumbTransport: 'rest', bithumbPollMs: pollMs });
  closeAfterTest(() => made.feed.close());
  return made;
}

interface Polled {
  readonly simulator: BithumbSimulator;
  readonly feed: Feed;
  readonly host: RecordingHost;
}

async function start(
  pairs: readonly string[] | undefined,
  collected: readonly string[],
  pollMs = 20,
): Promise<Polled> {
  const simulator = await startBithumbSimulator({
    rate: 0,
    ...(pairs === undefined ? {} : { pairs }),
  });
  closeAfterTest(() => simulator.close());
  // Levels of size 0 are dropped when read, so they would hide how many were sent.
  simulator.faults.dust(false);
  const { feed, host } = poller(simulator.restUrl, pollMs);
  feed.add(collected.map(pair));
  return { simulator, feed, host };
}

/** An exchange that answers as `answer` does. @returns its address */
async function answered(answer: RequestListener): Promise<string> {
  const server = createServer(answer);
  closeAfterTest(() => {
    server.closeAllConnections();
    server.close();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const many = Array.from({ length: 14 }, (_, i) => `C${i}-KRW`);

describe('the Bithumb poller', () => {
  // It waits for 15 s: first, so that the others run meanwhile.
  it('does not take a pause for over, nor a market for covered, by an answer that was under way', async () => {
    // Answers wait for the test; the calls of the two lanes are under way together.
    const waiting: { code: string; answer: (status: number) => void }[] = [];
    const url = await answered((request, response) => {
      const code = request.url!.split('=')[1]!;
      const book = `[{"market":"${code}","timestamp":1,"orderbook_units":[{"ask_price":2,"bid_price":1,"ask_size":1,"bid_size":1}]}]`;
      const answer = (status: number): void => {
        response.writeHead(status).end(status === 200 ? book : '');
      };
      waiting.push({ code, answer });
    });
    const { feed, host } = poller(url, 10);
    feed.add([pair('BTC-KRW'), pair('ETH-KRW')]);
    await until(() => waiting.length === 2, 'two calls');
    const call = (code: string) => waiting.find((c) => c.code === code)!;
    call('KRW-BTC').answer(429);
    await until(() => host.downs.length === 2, 'both told');
    call('KRW-ETH').answer(200);
    await until(() => host.books.length === 1, 'the late book');
    await until(() => host.downs.length === 3, 'the pause told again');
    expect(host.downs[2]).toMatchObject({
      codes: ['ETH-KRW'],
      outage: { cause: 'RATE_LIMITED' },
    });
    expect(host.downs[2]!.outage.since).toBeGreaterThanOrEqual(host.books[0]!.receivedAt);
    await until(() => waiting.length >= 3, 'the one call after the pause', 8000);
    for (const { answer } of waiting.slice(2)) answer(429);
    const resumed = performance.now();
    const calls = waiting.length;
    await until(() => waiting.length > calls, 'the calls after the second pause', 15_000);
    // The waits double while there is no good answer to a call of after the refusal: 5 s, then 10.
    expect(performance.now() - resumed).toBeGreaterThan(9000);
  });

  it('asks for ten markets singly with 30 levels and for the rest together with 15', async () => {
    const { simulator, host } = await start(many, many);
    await until(() => many.every((code) => host.of(code).length > 0), 'a book of each');
    for (const code of many.slice(0, 10)) expect(host.of(code)[0]!.asks).toHaveLength(30);
    for (const code of many.slice(10)) expect(host.of(code)[0]!.asks).toHaveLength(15);
    const batch = simulator.requests.find((r) => r.url.includes(','))!;
    expect(batch.url).toBe('/v1/orderbook?markets=KRW-C10,KRW-C11,KRW-C12,KRW-C13');
  });

  it('counts books that it did not ask for', async () => {
    const { simulator, host } = await start(['BTC-KRW', 'ETH-KRW'], ['BTC-KRW']);
    const row = (code: string): string =>
      `{"market":"${code}","timestamp":${Date.now()},"orderbook_units":[]}`;
    simulator.faults.rest({ status: 200, body: `[${row('KRW-BTC')},${row('KRW-ETH')}]` });
    await until(() => host.unaskedBooks > 1, 'books of the other market');
    expect(host.books.every(({ code }) => code === 'BTC-KRW')).toBe(true);
  });

  it('keeps the depth of a market that is left alone in its batch', async () => {
    const { feed, host } = await start(many, many.slice(0, 12));
    await until(() => host.of('C11-KRW').length > 0, 'a book');
    feed.remove([pair('C10-KRW')]);
    const before = host.of('C11-KRW').length;
    await until(() => host.of('C11-KRW').length > before + 3, 'more books');
    expect(host.of('C11-KRW').at(-1)!.asks).toHaveLength(15);
  });

  it('never asks again before the last answer of a market has come', async () => {
    const simulator = await startBithumbSimulator({ rate: 0, timing: { restDelayMs: 120 } });
    closeAfterTest(() => simulator.close());
    const { feed, host } = poller(simulator.restUrl, 10);
    feed.add([pair('BTC-KRW')]);
    await until(() => host.books.length >= 4, 'four books');
    const times = simulator.requests.map((r) => r.at);
    for (let i = 1; i < times.length; i++)
      expect(times[i]! - times[i - 1]!).toBeGreaterThanOrEqual(100);
  });

  // By itself: an answer that waits 2 s for its neighbours is an outage.
  inTurn(
    'finds the one bad market of a batch, gives it up and goes on with the others',
    async () => {
      const collected = [...many.slice(0, 12), 'NOPE-KRW', 'C12-KRW', 'C13-KRW'];
      const { host } = await start(many, collected);
      await until(() => host.refusals.length === 1, 'the refusal');
      expect(host.refusals[0]).toEqual({ code: 'NOPE-KRW', reason: '404: Code not found' });
      await until(
        () => host.of('C13-KRW').length > 2 && host.of('C10-KRW').length > 2,
        'the others',
      );
      expect(host.downs).toEqual([]);
    },
  );

  it('gives up a single market that the exchange does not know', async () => {
    const { host } = await start(undefined, ['BTC-KRW', 'NOPE-KRW']);
    await until(
      () => host.refusals.length === 1 && host.of('BTC-KRW').length > 2,
      'refusal and books',
    );
  });

  inTurn('stays inside 150 calls a second', async () => {
    const { simulator } = await start(many, many, 10);
    await until(() => simulator.requests.length > 320, 'many calls', 20_000);
    const times = simulator.requests.map((r) => r.at);
    for (let i = 150; i < times.length; i++)
      // Requests that were under way for longer than the later ones come closer together; unlimited, it would be 100 ms.
      expect(times[i]! - times[i - 150]!).toBeGreaterThan(800);
    expect(simulator.requests.every((r) => r.status === 200)).toBe(true);
  });

  it.each([
    ['HTTP 500', { status: 500, body: 'oops' }, 'REFUSED'],
    ['an HTML page', { status: 200, body: '<html>' }, 'PARSE_FAILED'],
    ['maintenance', { status: 503, body: '' }, 'MAINTENANCE'],
  ] as const)('logs %s, opens a gap and goes on', async (_name, answer, cause) => {
    const { simulator, host } = await start(undefined, ['BTC-KRW']);
    await until(() => host.books.length > 0, 'a book');
    simulator.faults.rest(answer);
    await until(() => host.downs.length > 1, 'the gap');
    expect(host.downs[0]!.outage.cause).toBe(cause);
    expect(host.downs[0]!.outage.since).not.toBeNull();
    expect(host.events.filter((e) => e === 'POLLING_API_ERROR')).toHaveLength(1);
    simulator.faults.rest(null);
    const before = host.books.length;
    await until(() => host.books.length > before && host.reconnects > 0, 'books again');
  });

  it('pauses when it is told that it asks too often', async () => {
    const { simulator, host } = await start(undefined, ['BTC-KRW', 'ETH-KRW']);
    await until(() => host.books.length > 2, 'books');
    simulator.faults.rest({ status: 429 });
    await until(() => host.downs.some((d) => d.outage.cause === 'RATE_LIMITED'), 'the refusal');
    simulator.faults.rest(null);
    const calls = simulator.requests.length;
    // Ten seconds at least; half a second without a call shows that the pause holds.
    await expect(until(() => simulator.requests.length > calls + 1, 'none', 500)).rejects.toThrow();
  });

  it('takes refusals of one moment for one, and tells every lane that it is not covered', async () => {
    const { simulator, host } = await start(many, many);
    await until(() => many.every((code) => host.of(code).length > 0), 'a book of each');
    simulator.faults.rest({ status: 429 });
    await until(() => new Set(host.downs.flatMap((d) => d.codes)).size === many.length, 'all told');
    simulator.faults.rest(null);
    expect(host.downs.every((d) => d.outage.cause === 'RATE_LIMITED')).toBe(true);
    const before = host.books.length;
    // The first pause is 5 s with this jitter; each further refusal would double it.
    await until(() => host.books.length > before, 'books again', 8000);
  });

  it('drops an answer that waited while the program stood still, and asks again', async () => {
    const waiting: ((price: number) => void)[] = [];
    const url = await answered((_request, response) => {
      waiting.push((price) =>
        response.end(
          `[{"market":"KRW-BTC","timestamp":1,"orderbook_units":[{"ask_price":${price},"bid_price":1,"ask_size":1,"bid_size":1}]}]`,
        ),
      );
    });
    const { feed, host } = poller(url, 10);
    feed.add([pair('BTC-KRW')]);
    await until(() => waiting.length === 1, 'a call under way');
    feed.standstill();
    waiting[0]!(2);
    await until(() => waiting.length === 2, 'the next call');
    waiting[1]!(3);
    await until(() => host.books.length === 1, 'a book');
    expect(host.books[0]!.asks).toEqual([['3', '1']]);
    expect(host.downs).toEqual([]);
  });

  it('tells that a market is not covered when the answers leave it out', async () => {
    const { simulator, host } = await start(undefined, ['BTC-KRW']);
    await until(() => host.books.length > 0, 'a book');
    simulator.faults.rest({ status: 200, body: '[]' });
    await until(() => host.downs.length > 0, 'the gap');
    expect(host.downs[0]!.outage.detail).toBe('the answer leaves the market out');
  });

  it('hands on the good books of an answer in which one is broken', async () => {
    const { simulator, host } = await start(many, many);
    await until(() => host.of('C13-KRW').length > 0, 'books');
    const unit = '{"ask_price":2,"bid_price":1,"ask_size":1,"bid_size":1}';
    const broken = unit.replace('"ask_size":1', '"ask_size":"x"');
    const book = (code: string, text: string): string =>
      `{"market":"KRW-${code}","timestamp":1,"total_ask_size":1,"total_bid_size":1,"orderbook_units":[${text}]}`;
    simulator.faults.rest({ status: 200, body: `[${book('C10', broken)},${book('C11', unit)},7]` });
    await until(() => host.of('C11-KRW').some((b) => b.asks[0]![0] === '2'), 'the good book');
    expect(host.unreadables.some((u) => u.code === 'C10-KRW')).toBe(true);
  });
});
