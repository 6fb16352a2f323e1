import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Feed } from '../../../src/collector/feed.js';
import { feedOf, pair } from '../../helpers/feed.js';
import { fixtureLines } from '../../helpers/fixtures.js';
import { type FrameServer, frameServer } from '../../helpers/frame-server.js';
import type { RecordingHost } from '../../helpers/recording-host.js';
import { until } from '../../helpers/wait.js';

const books = fixtureLines('korbit/books.jsonl');
const control = fixtureLines('korbit/control.jsonl');

describe('Korbit frames', () => {
  let server: FrameServer;
  let feed: Feed;
  let host: RecordingHost;

  beforeEach(async () => {
    server = await frameServer();
    ({ feed, host } = feedOf('KORBIT', { wsUrl: server.url }));
    feed.add([pair('BTC-KRW'), pair('NOPE-KRW'), pair('KLAY-KRW')]);
    await until(() => server.received.length === 1, 'the subscription');
  });
  afterEach(async () => {
    await feed.close();
    await server.close();
  });

  it('are asked for by an array with a requestId and lower-case symbols', () => {
    expect(JSON.parse(server.received[0]!)).toEqual([
      {
        requestId: 1,
        method: 'subscribe',
        type: 'orderbook',
        symbols: ['btc_krw', 'nope_krw', 'klay_krw'],
      },
    ]);
  });

  it('are whole books; their time is that of the book, not of the sending', async () => {
    server.send(books[0]!);
    server.send(books[1]!);
    await until(() => host.books.length === 2, 'the books');
    expect(host.books[0]).toMatchObject({ code: 'BTC-KRW', exchangeTimestamp: 1767225600600 });
    expect(host.books[0]!.asks[0]).toEqual(['100002000', '0.5']);
    expect(host.books[1]!.asks[1]).toEqual(['100003000', '0.0625']);
  });

  it('of a stopped pair are empty, and that is a book', async () => {
    server.send(books[2]!);
    await until(() => host.books.length === 1, 'the book');
    expect(host.books[0]).toMatchObject({ code: 'KLAY-KRW', asks: [], bids: [] });
  });

  it('with a status are answers: a refused symbol is dropped, the others asked for again', async () => {
    server.send(control[1]!.replace('"requestId":2', '"requestId":1'));
    await until(() => server.received.length === 2, 'the second subscription');
    expect(host.refusals).toEqual([
      { code: 'NOPE-KRW', reason: 'INVALID_SYMBOL: The symbol does not exist (nope_krw)' },
    ]);
    expect(JSON.parse(server.received[1]!)).toMatchObject([
      { requestId: 2, symbols: ['btc_krw', 'klay_krw'] },
    ]);
    expect(server.sockets).toHaveLength(1);
  });

  it('with other failures are logged and change nothing', async () => {
    server.send(control[5]!);
    await until(() => host.events.includes('EXCHANGE_ERROR'), 'the log');
    expect(host.refusals).toEqual([]);
  });

  it('end by an unsubscribe of the pair alone', async () => {
    feed.remove([pair('KLAY-KRW')]);
    await until(() => server.received.length === 2, 'the message');
    expect(JSON.parse(server.received[1]!)).toMatchObject([
      { method: 'unsubscribe', symbols: ['klay_krw'] },
    ]);
  });
});
