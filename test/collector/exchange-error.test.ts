import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import {
  ExchangeError,
  type ExchangeFault,
  aboutPair,
} from '../../src/collector/exchange-error.js';
import type { Feed } from '../../src/collector/feed.js';
import { LimitBoard } from '../../src/collector/limits/limit-board.js';
import { RestClient } from '../../src/collector/rest/rest-client.js';
import { fetchBody } from '../../src/collector/rest/rest-books.js';
import { MARKET_ALL } from '../../src/collector/exchanges/upbit-protocol/messages.js';
import type { GapCause } from '../../src/market/gap.js';
import { feedOf, pair } from '../helpers/feed.js';
import { type FrameServer, frameServer } from '../helpers/frame-server.js';
import type { RecordingHost } from '../helpers/recording-host.js';
import { until } from '../helpers/wait.js';

let feed: Feed | undefined;
let close: (() => unknown) | undefined;

afterEach(async () => {
  await feed?.close();
  await close?.();
  feed = undefined;
  close = undefined;
});

/** What a REST server says, which fault that is, and what the poller of Bithumb does about it. */
type Row = [
  says: string,
  status: number,
  body: string,
  fault: ExchangeFault,
  gap: GapCause,
  narrows: 'REST_RATE' | 'REST_BATCH' | null,
];

const refusal = (name: string | number, message: string): string =>
  JSON.stringify({ error: { name, message } });

const REST: Row[] = [
  ['429', 429, '', 'RATE', 'RATE_LIMITED', 'REST_RATE'],
  [
    'its words in a 200',
    200,
    refusal('x', 'Too many requests'),
    'RATE',
    'RATE_LIMITED',
    'REST_RATE',
  ],
  ['503', 503, '', 'MAINTENANCE', 'MAINTENANCE', 'REST_RATE'],
  ['503 in a 200', 200, refusal(503, 'later'), 'MAINTENANCE', 'MAINTENANCE', 'REST_RATE'],
  ['403', 403, 'no', 'OTHER', 'REFUSED', 'REST_RATE'],
  ['no JSON', 200, '<html>', 'UNREADABLE', 'PARSE_FAILED', 'REST_RATE'],
  ['413', 413, '', 'SIZE', 'REFUSED', 'REST_BATCH'],
  ['400', 400, '', 'UNSURE', 'REFUSED', null],
  ['an unknown market', 200, refusal(404, 'Code not found'), 'MEMBER', 'REFUSED', null],
];

async function server(status: number, body: string): Promise<string> {
  const http: Server = createServer((_request, response) => {
    response.writeHead(status).end(body);
  });
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  close = () => {
    http.closeAllConnections();
    http.close();
  };
  return `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
}

describe('What each fault of an exchange does when polling', () => {
  it.each(REST)('%s', async (_says, status, body, fault, gap, narrows) => {
    const limits = new LimitBoard();
    let host: RecordingHost;
    ({ feed, host } = feedOf(
      'BITHUMB',
      { restUrl: await server(status, body) },
      { bithumbTransport: 'rest', limits },
    ));
    const count = fault === 'SIZE' || fault === 'UNSURE' ? 14 : 4;
    feed.add(Array.from({ length: count }, (_, i) => pair(`C${i}-KRW`)));
    if (fault === 'MEMBER') await until(() => host.refusals.length === 4, 'the refusals');
    else await until(() => host.downs.some((down) => down.outage.cause === gap), 'the gap');
    expect(host.refusals).toHaveLength(fault === 'MEMBER' ? 4 : 0);
    const narrowed = (): string[] =>
      limits.states.filter((limit) => limit.refusals > 0).map((limit) => limit.name);
    if (narrows !== null) await until(() => narrowed().includes(narrows), `${narrows} narrowed`);
    else expect(narrowed().filter((name) => name !== 'REST_RATE')).toEqual([]);
  });

  it.each(REST)('the market list says the same of %s', async (_says, status, body, fault) => {
    const rest = new RestClient(await server(status, body));
    const call = fetchBody(rest, MARKET_ALL.path, (answer) => MARKET_ALL.rows(answer));
    const error = await call.catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ExchangeError);
    // A list is asked for as a whole: what the body of a 200 says is only shown.
    expect((error as ExchangeError).fault).toBe(status === 200 ? 'UNREADABLE' : fault);
    expect((error as ExchangeError).message).not.toContain('\n');
  });
});

describe('What each fault of an exchange does on a socket', () => {
  let frames: FrameServer;

  async function connect(verify?: number): Promise<RecordingHost> {
    frames = await frameServer(
      undefined,
      verify === undefined ? {} : { verifyClient: (_info, done) => done(false, verify) },
    );
    close = () => frames.close();
    const made = feedOf('UPBIT', { wsUrl: frames.url });
    feed = made.feed;
    feed.add([pair('BTC-KRW')]);
    return made.host;
  }

  it.each<[number, GapCause, string]>([
    [429, 'RATE_LIMITED', 'long'],
    [418, 'RATE_LIMITED', 'long'],
    [401, 'REFUSED', 'long'],
    [403, 'REFUSED', 'long'],
    [503, 'MAINTENANCE', 'short'],
    [404, 'CONNECT_FAILED', 'short'],
    [500, 'CONNECT_FAILED', 'short'],
  ])('a handshake refused with %d reconnects: %s, after a %s wait', async (status, cause, wait) => {
    const host = await connect(status);
    await until(() => host.events.includes('RECONNECTING'), 'the wait');
    expect(host.downs[0]!.outage.cause).toBe(cause);
    const { waitMs } = host.logs.find((log) => log.event === 'RECONNECTING')!.params as {
      waitMs: number;
    };
    expect(waitMs).toBe(wait === 'long' ? 5000 : 500);
  });

  it.each([
    ['no JSON', 'nonsense', null],
    ['a book without units', '{"type":"orderbook","code":"KRW-BTC","timestamp":1}', 'BTC-KRW'],
    [
      'a price that is no number',
      '{"type":"orderbook","code":"KRW-BTC","timestamp":1,"orderbook_units":[{"ask_price":"x","bid_price":1,"ask_size":1,"bid_size":1}]}',
      'BTC-KRW',
    ],
  ])('%s is counted, and the connection stays', async (_what, frame, code) => {
    const host = await connect();
    await until(() => frames.received.length === 1, 'the subscription');
    frames.send(frame, true);
    await until(() => host.unreadables.length === 1, 'the message');
    expect(host.unreadables[0]!.code).toBe(code);
    expect(host.downs).toEqual([]);
  });

  it('a refusal of the pace reconnects, one of nothing else does not', async () => {
    const host = await connect();
    await until(() => frames.received.length === 1, 'the subscription');
    frames.send(refusal('x', 'no reason'));
    frames.send(refusal('x', 'Too many requests'));
    await until(() => host.downs.length === 1, 'the reconnect');
    expect(host.downs[0]!.outage.cause).toBe('RATE_LIMITED');
    expect(host.events.filter((event) => event === 'EXCHANGE_ERROR')).toHaveLength(2);
  });
});

describe('aboutPair', () => {
  it('names the pair without another error around the first', () => {
    const first = new ExchangeError('SIZE', 'too many');
    const fail = (): never => {
      throw first;
    };
    expect(() => aboutPair(pair('BTC-KRW'), () => aboutPair(pair('ETH-KRW'), fail))).toThrow(first);
    expect(first.pair).toEqual(pair('ETH-KRW'));
  });

  it('makes any other error one that cannot be read', () => {
    const cause = new TypeError('x is null');
    const fail = (): never => {
      throw cause;
    };
    const expected = expect.objectContaining({ fault: 'UNREADABLE', cause, message: 'x is null' });
    expect(() => aboutPair(pair('BTC-KRW'), fail)).toThrow(expected);
  });
});
