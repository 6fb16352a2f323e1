import { createServer } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { OddThings } from '../../src/collector/odd-things.js';
import type { Feed } from '../../src/collector/feed.js';
import { EXCHANGES } from '../../src/market/exchange.js';
import { RestClient } from '../../src/collector/rest/rest-client.js';
import { feedOf, pair } from '../helpers/feed.js';
import { type FrameServer, frameServer } from '../helpers/frame-server.js';
import type { RecordingHost } from '../helpers/recording-host.js';
import { until } from '../helpers/wait.js';

const UNIT = '{"ask_price":2.0,"bid_price":1.0,"ask_size":1,"bid_size":1}';
const padding = (count: number): string =>
  Array.from(
    { length: count },
    () => '{"ask_price":0,"bid_price":0,"ask_size":0,"bid_size":0}',
  ).join();
const frame = (time = '1790134742106', units = UNIT, more = ''): string =>
  `{"type":"orderbook","code":"KRW-BTC","timestamp":${time},"total_ask_size":1,"total_bid_size":1,"orderbook_units":[${units}],"stream_type":"SNAPSHOT","level":0${more}}`;
const SIMPLE =
  '{"ty":"orderbook","cd":"KRW-BTC","tms":1790134773006,"obu":[{"ap":2,"bp":1,"as":1,"bs":1}],"st":"SNAPSHOT"}';

describe('what is not known of Upbit', () => {
  let server: FrameServer;
  let feed: Feed;
  let host: RecordingHost;

  beforeEach(async () => {
    server = await frameServer();
    ({ feed, host } = feedOf('UPBIT', { wsUrl: server.url }));
    feed.add([pair('BTC-KRW')]);
    await until(() => server.received.length > 0, 'the subscription');
  });
  afterEach(async () => {
    await feed.close();
    await server.close();
  });

  it.each([
    ['nothing', frame(), []],
    ['a member', frame(undefined, undefined, ',"seq":7'), ['UNKNOWN_KEY seq']],
    ['the digits of a time', frame('1790134742106000'), ['TIME_DIGITS timestamp 16']],
    ['more levels', frame(undefined, `${UNIT},${padding(30)}`), ['LEVEL_COUNT orderbook_units 31']],
  ])('%s is reported, and the book is taken', async (_what, text, odd) => {
    server.send(text, true);
    await until(() => host.books.length === 1, 'the book');
    expect(host.oddities).toEqual(odd);
  });

  it('a book that the fast reader leaves is reported', async () => {
    server.send(SIMPLE, true);
    await until(() => host.books.length === 1, 'the book');
    expect(host.oddities).toContain('SLOW_FRAME ');
  });

  it('a kind of message is reported, and UP is not', async () => {
    server.send('{"status":"UP"}', true);
    server.send('{"type":"news"}', true);
    await until(() => host.oddities.length > 0, 'it');
    expect(host.oddities).toEqual(['UNKNOWN_MESSAGE "news"']);
  });

  it('a connection that ends as soon as it is subscribed is reported', async () => {
    server.sockets[0]!.close(1000);
    await until(() => host.oddities.length > 0, 'it');
    expect(host.oddities).toEqual(['SHORT_CONNECTION 1000']);
  });
});

it('each thing is reported once, counted each time, and kept as it was first met', () => {
  const reported: string[] = [];
  let now = 1000;
  const odd = new OddThings({
    report: (kind, text) => reported.push(`${kind} ${text}`),
    hide: (text) => text.replaceAll('s3cret', '***'),
    clock: () => now++,
  });
  expect(odd.tallies).toEqual([]);
  for (let i = 0; i < 3; i++) odd.note('UNKNOWN_KEY', 'seq', `seq: ${i}`);
  odd.note('UNKNOWN_KEY', 'v', 'v: s3cret');
  expect(odd.tallies).toEqual([
    {
      kind: 'UNKNOWN_KEY',
      count: 4,
      lastText: 'v: ***',
      lastAt: 1003,
      things: [
        { what: 'seq', text: 'seq: 0', at: 1000 },
        { what: 'v', text: 'v: ***', at: 1003 },
      ],
    },
  ]);
  for (let i = 0; i < 200; i++) odd.note('REFUSAL', `${i}`, 'x');
  expect(reported.slice(0, 2)).toEqual(['UNKNOWN_KEY seq: 0', 'UNKNOWN_KEY v: ***']);
  expect(reported).toHaveLength(100);
  expect(odd.tallies[1]).toMatchObject({ kind: 'REFUSAL', count: 200 });
});

it('a refusal by REST is handed on whole', async () => {
  const body = `{"error":{"name":"x","message":"${'a'.repeat(2000)}"}}`;
  const server = createServer((_request, response) => response.writeHead(418).end(body));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const heard: [number, string][] = [];
  const { port } = server.address() as AddressInfo;
  const client = new RestClient(`http://127.0.0.1:${port}`, 2000, (...one) => heard.push(one));
  await client.get('/');
  expect(heard).toEqual([[418, body]]);
  await new Promise((resolve) => server.close(resolve));
});

describe.each(EXCHANGES)('a handshake that %s refuses', (exchange) => {
  /** Refuses each upgrade by what `answer` writes to its socket. */
  async function refusing(answer: (socket: Socket) => void) {
    const server = createServer();
    const sockets: Socket[] = [];
    server.on('upgrade', (_request, socket: Socket) => {
      sockets.push(socket);
      socket.on('error', () => undefined);
      answer(socket);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const { feed, host } = feedOf(exchange, { wsUrl: `ws://127.0.0.1:${port}` });
    feed.add([pair('BTC-KRW')]);
    await until(() => host.downs.length > 0, 'the refusal');
    await feed.close();
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
    return host;
  }

  it('is handed on whole, with its status', async () => {
    const body = `<html>${'차단'.repeat(3000)}</html>`;
    const host = await refusing((socket) =>
      socket.end(
        `HTTP/1.1 403 Forbidden\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
      ),
    );
    expect(host.oddities).toEqual(['REFUSAL WebSocket 403']);
    expect(host.oddTexts).toEqual([`WebSocket HTTP 403 ${body}`]);
    expect(host.downs[0]!.outage.cause).toBe('REFUSED');
  });

  it.each([
    ['has no body', 'content-length: 0\r\n\r\n', ''],
    ['breaks in the midst', 'content-length: 900\r\n\r\nBad gat', 'Bad gat'],
  ])('that %s is known by its status', async (_what, rest, text) => {
    const host = await refusing((socket) => socket.end(`HTTP/1.1 502 Bad Gateway\r\n${rest}`));
    expect(host.oddTexts).toEqual([`WebSocket HTTP 502 ${text}`.trimEnd()]);
    expect(host.downs[0]!.outage).toMatchObject({
      cause: 'CONNECT_FAILED',
      detail: 'the connection was refused with HTTP 502',
    });
  });

  it('is read no further than 64 KiB', async () => {
    const host = await refusing((socket) => {
      socket.write('HTTP/1.1 500 Oops\r\ncontent-length: 10000000\r\n\r\n');
      socket.write('x'.repeat(1_000_000));
    });
    expect(host.oddTexts).toEqual([`WebSocket HTTP 500 ${'x'.repeat(65_536)}`]);
  });

  it('whose body never ends is not waited for', async () => {
    const real = setTimeout;
    const spy = jest
      .spyOn(globalThis, 'setTimeout')
      .mockImplementation(((run: () => void, ms?: number, ...rest: unknown[]) =>
        real(run, ms === 3000 ? 50 : ms, ...rest)) as typeof setTimeout);
    try {
      const host = await refusing((socket) =>
        socket.write('HTTP/1.1 500 Oops\r\ncontent-length: 900\r\n\r\nslow'),
      );
      expect(host.oddTexts).toEqual(['WebSocket HTTP 500 slow']);
    } finally {
      spy.mockRestore();
    }
  });
});
