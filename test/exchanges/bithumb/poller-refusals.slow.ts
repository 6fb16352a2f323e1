import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, jest } from '@jest/globals';
import { LimitBoard } from '../../../src/collector/limits/limit-board.js';
import { atOnce as it, closeAfterTest } from '../../helpers/at-once.js';
import { feedOf, pair } from '../../helpers/feed.js';
import type { RecordingHost } from '../../helpers/recording-host.js';
import { until } from '../../helpers/wait.js';

// Each wait of a test may take its whole patience.
jest.setTimeout(250_000);
const PATIENCE_MS = 100_000;

/** A poller, and the server that it asks. */
interface Polled {
  readonly names: string[];
  readonly host: RecordingHost;
  readonly limits: LimitBoard;
  /** Calls that came in, by their markets. */
  readonly calls: string[][];
}

type Answer = (response: ServerResponse, codes: string[]) => boolean;

const unit = '{"ask_price":2,"bid_price":1,"ask_size":1,"bid_size":1}';
const books = (codes: string[]): string =>
  `[${codes.map((c) => `{"market":"${c}","timestamp":1,"orderbook_units":[${unit}]}`).join(',')}]`;

/** How often a poller asks that shows how fast it may, ms. */
const FAST_MS = 50;

/** A Bithumb that answers with books unless `refuse` does it, and a poller of `count` markets. */
async function start(count: number, refuse: Answer, everyMs = 500): Promise<Polled> {
  const calls: string[][] = [];
  const server = createServer((request, response) => {
    const codes = request.url!.split('=')[1]!.split(',');
    calls.push(codes);
    if (!refuse(response, codes)) response.end(books(codes));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closeAfterTest(() => {
    server.closeAllConnections();
    server.close();
  });
  const limits = new LimitBoard();
  const { feed, host } = feedOf(
    'BITHUMB',
    { restUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}` },
    { bithumbTransport: 'rest', bithumbPollMs: everyMs, limits },
  );
  closeAfterTest(() => feed.close());
  const names = Array.from({ length: count }, (_, i) => `C${i}-KRW`);
  feed.add(names.map(pair));
  return { names, host, limits, calls };
}

const reply =
  (status: number, body = '', headers: Record<string, string> = {}) =>
  (response: ServerResponse): true => {
    response.writeHead(status, headers).end(body);
    return true;
  };

describe('a refusal about the size', () => {
  const words = (most: number) =>
    `{"error":{"name":"400","message":"Parameter 'markets' must be less than or equal to ${most} items."}}`;
  it.each([
    [493, 100, (most: number) => reply(400, words(most))],
    [493, 50, (most: number) => reply(200, words(most))],
    [493, 20, () => reply(414)],
    [200, 20, () => reply(413, '<html>')],
    [200, 10, () => reply(400)],
    [50, 1, () => reply(422, '{}')],
  ])('covers all %d markets where %d a call are allowed', async (count, most, refusal) => {
    const refuse = refusal(most);
    const { names, host, limits, calls } = await start(
      count,
      (response, codes) => codes.length > most && refuse(response),
    );
    await until(() => host.covered.size === count, 'all', PATIENCE_MS);
    expect(host.refusals).toEqual([]);
    const batch = limits.states.find((limit) => limit.name === 'REST_BATCH')!;
    expect(batch.value).toBeLessThanOrEqual(Math.max(1, most));
    expect(batch.reason).not.toBeNull();
    // What worked is remembered: no further refusal in the rounds that follow.
    const before = calls.length;
    const last = names.at(-1)!;
    const seen = host.of(last).length;
    await until(() => host.of(last).length > seen + 1, 'another round', PATIENCE_MS);
    expect(calls.slice(before).filter((codes) => codes.length > most)).toEqual([]);
  });

  it.each([
    ['the first thirty', (codes: string[]) => codes.slice(0, 30)],
    ['none', () => []],
  ])('is seen where an answer to more than 30 has %s', async (_what, part) => {
    const { host, limits } = await start(200, (response, codes) => {
      if (codes.length <= 30) return false;
      response.end(books(part(codes)));
      return true;
    });
    await until(() => host.covered.size === 200, 'all', PATIENCE_MS);
    const batch = limits.states.find((limit) => limit.name === 'REST_BATCH')!;
    expect(batch.value).toBeLessThanOrEqual(30);
    expect(host.refusals).toEqual([]);
  });

  it('is seen though the call for those left out fails once', async () => {
    let large = 0;
    const { host } = await start(200, (response, codes) => {
      if (codes.length <= 30) return false;
      return ++large === 2
        ? reply(503)(response)
        : response.end(books(codes.slice(0, 30))) !== undefined;
    });
    // Within less than the time after which they are sought again in any case.
    await until(() => host.covered.size === 200, 'all', 40_000);
  });

  it('is not taken for one when an answer leaves out what it leaves out alone, too', async () => {
    const dead = new Set(Array.from({ length: 15 }, (_, i) => `KRW-C${i + 20}`));
    const { limits, calls } = await start(60, (response, codes) => {
      response.end(books(codes.filter((code) => !dead.has(code))));
      return true;
    });
    await until(
      () => calls.filter((codes) => codes.length > 40).length > 5,
      'some rounds',
      PATIENCE_MS,
    );
    expect(limits.states.find((limit) => limit.name === 'REST_BATCH')!.value).toBe(200);
    expect(calls.filter((codes) => codes.every((code) => dead.has(code))).length).toBeLessThan(8);
  });

  it('is seen in a server that cuts the connection of big calls', async () => {
    const { host } = await start(40, (response, codes) => {
      if (codes.length <= 8) return false;
      response.destroy();
      return true;
    });
    await until(() => host.covered.size === 40, 'all', PATIENCE_MS);
  });
});

describe('a refusal about a market', () => {
  it.each([
    ['404', () => reply(404)],
    ['unknown words', () => reply(400, '{"error":{"name":"x","message":"그런 것은 없음"}}')],
    ['200 with an error', () => reply(200, '{"error":{"name":404,"message":"Code not found"}}')],
  ])('costs only that market: %s', async (_name, refusal) => {
    const bad = new Set(['KRW-C3', 'KRW-C20', 'KRW-C33']);
    const { host, calls } = await start(
      40,
      (response, codes) => codes.some((c) => bad.has(c)) && refusal()(response),
    );
    await until(() => host.covered.size === 37, 'the others', PATIENCE_MS);
    await until(() => host.refusals.length === 3, 'the three', PATIENCE_MS);
    // Calls about the other markets go on as long as this test waits.
    expect(calls.filter((codes) => codes.some((c) => bad.has(c))).length).toBeLessThan(100);
  });
});

describe('a refusal of everything', () => {
  it.each([
    ['429', reply(429)],
    ['418', reply(418)],
    ['403', reply(403, 'Forbidden')],
    ['503', reply(503)],
    [
      '200 with an error',
      reply(200, '{"error":{"name":"too_many","message":"Too many requests"}}'),
    ],
    ['200 with other words', reply(200, '{"error":{"name":"x","message":"no"}}')],
    ['200 with no error', reply(200, '{"status":"5600"}')],
    [
      'a cut connection',
      (response: ServerResponse): true => {
        response.destroy();
        return true;
      },
    ],
  ])('is a handful of calls, and lowers the rate: %s', async (_name, refuse) => {
    let refusing = false;
    const { host, limits, calls } = await start(
      30,
      (response) => refusing && refuse(response),
      FAST_MS,
    );
    await until(() => host.covered.size === 30, 'all');
    refusing = true;
    const before = calls.length;
    const began = performance.now();
    await until(() => performance.now() - began > 1500, 'some time', 6000);
    // One a lane was under way, and then one after each pause.
    expect(calls.length - before).toBeLessThan(30);
    const rate = limits.states.find((limit) => limit.name === 'REST_RATE')!;
    expect(rate.value).toBeLessThanOrEqual(98);
    expect(rate.refusals).toBeGreaterThan(0);
    refusing = false;
    const got = host.books.length;
    await until(() => host.books.length > got + 30, 'books again', PATIENCE_MS);
    expect(host.refusals).toEqual([]);
  });
});

it('asks again for a market that was served before and is refused alone, and goes on with the others', async () => {
  let refused = false;
  const { names, host } = await start(
    30,
    (response, codes) => refused && codes.includes('KRW-C20') && reply(400, '{}')(response),
  );
  await until(() => names.every((name) => host.of(name).length > 0), 'a book of each');
  refused = true;
  await until(() => host.downs.some((down) => down.codes.includes('C20-KRW')), 'the gap');
  const seen = host.of('C25-KRW').length;
  await until(() => host.of('C25-KRW').length > seen + 3, 'the others');
  refused = false;
  const before = host.of('C20-KRW').length;
  await until(() => host.of('C20-KRW').length > before, 'its books again');
  expect(host.refusals).toEqual([]);
});

it('does not take a refused pace, in any words, for a refused size', async () => {
  let second = 0;
  let count = 0;
  const { limits } = await start(
    60,
    (response) => {
      const now = Math.floor(Date.now() / 1000);
      count = now === second ? count + 1 : 1;
      second = now;
      if (count <= 20) return false;
      return reply(200, '{"error":{"name":"x","message":"blocked"}}')(response);
    },
    FAST_MS,
  );
  await until(
    () => limits.states.some((l) => l.name === 'REST_RATE' && l.refusals > 3),
    'refusals',
    PATIENCE_MS,
  );
  expect(limits.states.find((limit) => limit.name === 'REST_BATCH')!.value).toBe(200);
});
