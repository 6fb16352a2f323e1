import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { OddThings } from '../../src/collector/odd-things.js';
import type { Feed } from '../../src/collector/feed.js';
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
  ])('%s is told of, and the book is taken', async (_what, text, odd) => {
    server.send(text, true);
    await until(() => host.books.length === 1, 'the book');
    expect(host.oddities).toEqual(odd);
  });

  it('a book that the fast reader leaves is told of', async () => {
    server.send(SIMPLE, true);
    await until(() => host.books.length === 1, 'the book');
    expect(host.oddities).toContain('SLOW_FRAME ');
  });

  it('a kind of message is told of, and UP is not', async () => {
    server.send('{"status":"UP"}', true);
    server.send('{"type":"news"}', true);
    await until(() => host.oddities.length > 0, 'it');
    expect(host.oddities).toEqual(['UNKNOWN_MESSAGE "news"']);
  });

  it('a connection that ends as soon as it is subscribed is told of', async () => {
    server.sockets[0]!.close(1000);
    await until(() => host.oddities.length > 0, 'it');
    expect(host.oddities).toEqual(['SHORT_CONNECTION 1000']);
  });
});

it('each thing is told of once, and counted each time', () => {
  const told: string[] = [];
  const odd = new OddThings((kind, detail) => told.push(`${kind} ${detail}`));
  for (let i = 0; i < 3; i++) odd.note('UNKNOWN_KEY', 'seq', 'seq: 7');
  odd.note('UNKNOWN_KEY', 'v', 'v: 1');
  for (let i = 0; i < 200; i++) odd.note('REFUSAL', `${i}`, 'x');
  expect(told.slice(0, 2)).toEqual(['UNKNOWN_KEY seq: 7', 'UNKNOWN_KEY v: 1']);
  expect(told).toHaveLength(100);
  expect(odd.counts).toMatchObject({ UNKNOWN_KEY: 4, REFUSAL: 200, SLOW_FRAME: 0 });
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
