import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Feed } from '../../../src/collector/feed.js';
import { feedOf, pair } from '../../helpers/feed.js';
import { fixture, fixtureLines } from '../../helpers/fixtures.js';
import { type FrameServer, frameServer } from '../../helpers/frame-server.js';
import type { RecordingHost } from '../../helpers/recording-host.js';
import { until } from '../../helpers/wait.js';

const recorded = fixtureLines('coinone/session.jsonl');
const connected = recorded[0]!;

describe('Coinone frames', () => {
  let server: FrameServer;
  let feed: Feed;
  let host: RecordingHost;

  beforeEach(async () => {
    server = await frameServer(connected);
    ({ feed, host } = feedOf('COINONE', { wsUrl: server.url }));
    feed.add([pair('BTC-KRW'), pair('XRP-KRW')]);
    await until(() => server.received.length === 2, 'the subscriptions');
  });
  afterEach(async () => {
    await feed.close();
    await server.close();
  });

  it('are asked for by one SUBSCRIBE a pair, after CONNECTED', () => {
    expect(server.received.map((r) => JSON.parse(r) as unknown)).toEqual(
      ['BTC', 'XRP'].map((target) => ({
        request_type: 'SUBSCRIBE',
        channel: 'ORDERBOOK',
        topic: { quote_currency: 'KRW', target_currency: target },
        format: 'DEFAULT',
      })),
    );
  });

  it('list asks worst first and are kept best first', async () => {
    server.send(fixture('coinone/xrp-default.json').trim());
    server.send(
      fixture('coinone/xrp-short.json')
        .trim()
        .replace(/"i":"\d+"/, '"i":"9990134177753001"'),
    );
    await until(() => host.books.length === 2, 'both books');
    for (const book of host.books) {
      expect(book.code).toBe('XRP-KRW');
      expect(book.asks).toHaveLength(16);
      expect(Number(book.asks[0]![0])).toBeLessThan(Number(book.asks[15]![0]));
      expect(Number(book.bids[0]![0])).toBeLessThan(Number(book.asks[0]![0]));
    }
    expect(host.books[0]!.asks[0]).toEqual(['700', '1000.25000001']);
    expect(host.books[0]!.bids[0]).toEqual(['699.9', '500.5']);
  });

  it('take their time from the id, for the first timestamp is 10 s old', async () => {
    server.send(recorded[3]!);
    await until(() => host.books.length === 1, 'the book');
    expect(host.books[0]!.exchangeTimestamp).toBe(1767225600050);
  });

  it('have their place by the id, of which the time is a part', async () => {
    server.send(recorded[4]!);
    server.send(recorded[4]!.replaceAll('1767225600250001', '1767225600250002'));
    await until(() => host.books.length === 2, 'both');
    expect(host.books.map((b) => b.exchangeTimestamp)).toEqual([1767225600250, 1767225600250]);
    expect(host.books.map((b) => b.place)).toEqual([1767225600250.001, 1767225600250.002]);
  });

  it('with an id that is none are kept, without time and place', async () => {
    server.send(recorded[4]!.replaceAll('1767225600250001', '12345678901234567890'));
    server.send(recorded[4]!.replaceAll('"id"', '"identity"'));
    await until(() => host.books.length === 2, 'both');
    expect(host.books.map((b) => [b.exchangeTimestamp, b.place])).toEqual([
      [undefined, undefined],
      [undefined, undefined],
    ]);
    expect(host.unreadables).toEqual([]);
  });

  it('of coins that were not asked for are counted, however many', async () => {
    for (let i = 0; i < 100; i++)
      server.send(recorded[4]!.replaceAll('"BTC"', `"${'X'.repeat(1000)}${i}"`));
    await until(() => host.unaskedBooks === 100, 'all');
    expect(host.books).toEqual([]);
  });

  it('refuse a pair by an error that does not name it', async () => {
    server.send(fixture('coinone/xrp-default.json').trim());
    server.send(recorded[2]!);
    server.send(recorded.find((l) => l.includes('160012'))!);
    await until(() => host.refusals.length === 1, 'the refusal');
    expect(host.refusals[0]).toEqual({ code: 'BTC-KRW', reason: '160012 Invalid Topic' });
  });

  it('do not let an error refuse anybody when it could mean several', async () => {
    server.send(recorded.find((l) => l.includes('160012'))!);
    await until(() => host.events.includes('EXCHANGE_ERROR'), 'the log');
    expect(host.refusals).toEqual([]);
  });

  it('end by a real UNSUBSCRIBE, and begin again on the same socket', async () => {
    feed.remove([pair('XRP-KRW')]);
    await until(() => server.received.length === 3, 'the message');
    expect(JSON.parse(server.received[2]!)).toMatchObject({
      request_type: 'UNSUBSCRIBE',
      topic: { quote_currency: 'KRW', target_currency: 'XRP' },
    });
    server.send(fixture('coinone/xrp-default.json').trim());
    server.send(recorded[3]!);
    await until(() => host.books.length === 1, 'the other pair');
    expect(host.books[0]!.code).toBe('BTC-KRW');
    feed.add([pair('XRP-KRW')]);
    await until(() => server.received.length === 4, 'the subscription');
    expect(server.sockets).toHaveLength(1);
  });

  it('are asked for again after a standstill without an UNSUBSCRIBE, in which they would be missed', async () => {
    server.send(recorded[4]!);
    server.send(fixture('coinone/xrp-default.json').trim());
    await until(() => host.books.length === 2, 'both books');
    feed.standstill();
    await until(() => server.received.length === 4, 'the messages');
    expect(server.received.slice(2)).toEqual(server.received.slice(0, 2));
  });

  it('of a quiet pair that stops and starts come again, though the id is the same', async () => {
    server.send(recorded[4]!);
    await until(() => host.books.length === 1, 'the book');
    feed.remove([pair('BTC-KRW')]);
    feed.add([pair('BTC-KRW')]);
    await until(() => server.received.length === 4, 'both messages');
    server.send(
      '{"response_type":"UNSUBSCRIBED","channel":"ORDERBOOK","data":{"quote_currency":"KRW","target_currency":"BTC"}}',
    );
    server.send(recorded[4]!);
    await until(() => host.books.length === 2, 'the same book again');
  });

  it('refuse no pair while an UNSUBSCRIBE has no answer', async () => {
    server.send(fixture('coinone/xrp-default.json').trim());
    await until(() => host.books.length === 1, 'the book');
    feed.remove([pair('XRP-KRW')]);
    server.send(recorded.find((l) => l.includes('160012'))!);
    await until(() => host.events.includes('EXCHANGE_ERROR'), 'the log');
    expect(host.refusals).toEqual([]);
  });

  it('of other channels are ignored', async () => {
    for (const line of recorded.filter((l) => /"channel":"(TRADE|TICKER)"/.test(l)))
      server.send(line);
    server.send(recorded[3]!);
    await until(() => host.books.length === 1, 'the book');
    expect(host.unreadables).toEqual([]);
  });
});
