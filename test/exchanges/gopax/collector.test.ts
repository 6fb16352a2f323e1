import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { GopaxBook } from '../../../src/collector/exchanges/gopax/messages.js';
import { signedQuery } from '../../../src/collector/exchanges/gopax/controller.js';
import type { Feed } from '../../../src/collector/feed.js';
import type { WireObject } from '../../../src/collector/wire/wire.js';
import { parseExactJson } from '../../../src/market/exact-json.js';
import { feedOf, pair } from '../../helpers/feed.js';
import { fixtureLines } from '../../helpers/fixtures.js';
import { type FrameServer, frameServer } from '../../helpers/frame-server.js';
import type { RecordingHost } from '../../helpers/recording-host.js';
import { until } from '../../helpers/wait.js';

const captured = fixtureLines('gopax/session.jsonl');
const docs = fixtureLines('gopax/sweep.jsonl');
const errors = fixtureLines('gopax/errors.jsonl');
const payload = (line: string): WireObject => (parseExactJson(line) as { o: WireObject }).o;

/** Vector of `gopax.auth.check-vector`. */
const KEY = 'A'.repeat(64);
const SECRET =
  'AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKissLS4vMDEyMzQ1Njc4OTo7PD0+Pw==';

describe('GOPAX signature', () => {
  it('equals the check vector', () => {
    expect(signedQuery(KEY, SECRET, 1591318325140)).toBe(
      `apiKey=${KEY}&timestamp=1591318325140&signature=vS3Z%2F%2Bhp4rMPJ7U6o2tENk40IOlp0SQ%2Bs4iWqAf4aYjNZ0KtbNXk9Ab1bP0yYd0RQzR5DeGiTHMSXg%2BUPA3esQ%3D%3D`,
    );
  });
});

function delta(
  side: 'ask' | 'bid',
  price: string,
  volume: string,
  entryId: number,
  updatedAt = '1767225200.1',
): WireObject {
  const entry = { price, volume, entryId: String(entryId), updatedAt };
  return {
    ask: side === 'ask' ? [entry] : [],
    bid: side === 'bid' ? [entry] : [],
    tradingPairName: 'BCH-KRW',
  };
}

describe('GopaxBook', () => {
  it('is kept as the documentation shows: a sweep of two levels', () => {
    const book = new GopaxBook(() => 1767225300000);
    book.snapshot(payload(docs[0]!));
    expect(book.sides).toEqual({
      asks: [['510000', '3.5']],
      bids: [
        ['500000', '6'],
        ['450000', '4'],
      ],
    });
    expect(book.delta(payload(docs[1]!))).toBe(1767225169250);
    expect(book.sides).toEqual({ asks: [['510000', '3.5']], bids: [['450000', '2.5']] });
  });

  it('buffers deltas that come before the snapshot and skips those it already holds', () => {
    const book = new GopaxBook(() => 1767225300000);
    expect(book.delta(delta('bid', '460000', '7', 60))).toBeNull();
    expect(book.delta(delta('bid', '500000', '9', 50))).toBeNull();
    expect(book.complete).toBe(false);
    book.snapshot(payload(docs[0]!));
    expect(book.sides.bids).toEqual([
      ['500000', '6'],
      ['460000', '7'],
      ['450000', '4'],
    ]);
  });

  it('skips entryId <= maxEntryId, also a deletion that equals it', () => {
    const book = new GopaxBook(() => 1767225300000);
    const snapshot = payload(docs[0]!);
    book.snapshot(snapshot);
    book.delta(delta('ask', '510000', '0', Number(snapshot['maxEntryId'])));
    expect(book.sides.asks).toHaveLength(1);
    book.delta(delta('ask', '510000', '0', Number(snapshot['maxEntryId']) + 1));
    expect(book.sides.asks).toEqual([]);
  });

  it('never stores a zero level for an unknown price', () => {
    const book = new GopaxBook(() => 1767225300000);
    book.snapshot(payload(docs[0]!));
    book.delta(delta('ask', '600000', '0', 70));
    expect(book.sides.asks).toEqual([['510000', '3.5']]);
  });

  it('skips entries not newer than the known level, and does not revive a removed one', () => {
    const book = new GopaxBook(() => 1767225300000);
    book.snapshot(payload(docs[0]!));
    book.delta(delta('bid', '450000', '8', 80, '1767225300'));
    book.delta(delta('bid', '450000', '2', 79, '1767225300'));
    book.delta(delta('bid', '450000', '2', 99, '1767225299.999'));
    expect(book.sides.bids[1]).toEqual(['450000', '8']);
    book.delta(delta('bid', '450000', '0', 100, '1767225400'));
    book.delta(delta('bid', '450000', '2', 98, '1767225399'));
    expect(book.sides.bids).toEqual([['500000', '6']]);
    book.delta(delta('bid', '450000', '2', 101, '1767225400'));
    expect(book.sides.bids[1]).toEqual(['450000', '2']);
  });

  it('applies nothing of a malformed delta', () => {
    const book = new GopaxBook(() => 1767225300000);
    book.snapshot(payload(docs[0]!));
    const bad = {
      ask: [],
      bid: [...(delta('bid', '1', '1', 90)['bid'] as []), { price: 'x' }],
      tradingPairName: 'BCH-KRW',
    };
    expect(() => book.delta(bad as unknown as WireObject)).toThrow();
    expect(book.sides.bids).toHaveLength(2);
  });

  it('refuses a malformed delta when it comes, not the snapshot that it would have waited for', () => {
    const book = new GopaxBook(() => 1767225300000);
    const bad = { ask: [], bid: true, tradingPairName: 'BCH-KRW' };
    expect(() => book.delta(bad as unknown as WireObject)).toThrow('bid is true');
    expect(book.delta(delta('bid', '450000', '4', 1_000_000, '1999225300'))).toBeNull();
    book.snapshot(payload(docs[0]!));
    expect(book.sides.bids[1]).toEqual(['450000', '4']);
  });

  it('keeps an entry whose time cannot be believed, in the order of the counter', () => {
    const book = new GopaxBook(() => 1767225300000);
    book.snapshot(payload(docs[0]!));
    expect(book.delta(delta('bid', '450000', '8', 80, '4102444800'))).toBeUndefined();
    expect(book.delta(delta('bid', '450000', '7', 81, 'soon'))).toBeUndefined();
    expect(book.delta(delta('bid', '450000', '6', 79, 'soon'))).toBeUndefined();
    expect(book.sides.bids[1]).toEqual(['450000', '7']);
    expect(book.delta(delta('bid', '450000', '9', 82, '1767225300.5'))).toBe(1767225300500);
    expect(book.sides.bids[1]).toEqual(['450000', '9']);
  });

  it('is not held by one time that is far ahead: so far apart, the counter decides', () => {
    const book = new GopaxBook(() => 1767225300000);
    book.snapshot(payload(docs[0]!));
    book.delta(delta('ask', '510000', '9', 200_000_000, '1767228900'));
    expect(book.sides.asks).toEqual([['510000', '9']]);
    book.delta(delta('ask', '510000', '8', 200_000_001, '1767225300'));
    expect(book.sides.asks).toEqual([['510000', '8']]);
  });

  it('leaves out a level of the price zero', () => {
    const book = new GopaxBook(() => 1767225300000);
    book.snapshot(payload(docs[0]!));
    const before = book.sides;
    book.delta(delta('bid', '0.0', '9', 200_000_000));
    expect(book.sides).toEqual(before);
  });

  it('keeps a bounded number of changes that come without a snapshot', () => {
    const book = new GopaxBook(() => 1767225300000);
    const many = (): void => {
      for (let i = 0; i < 20_000; i++) book.delta(delta('ask', '1', '1', i));
    };
    expect(many).toThrow('more than 20000 changes came without a snapshot');
  });

  it('reads 1e-8 exactly', () => {
    const book = new GopaxBook(() => 1767225300000);
    book.snapshot(payload(docs[0]!));
    book.delta(delta('ask', '5200000', '1e-8', 90));
    expect(book.sides.asks[1]).toEqual(['5200000', '0.00000001']);
  });
});

describe('GOPAX frames', () => {
  let server: FrameServer;
  let feed: Feed;
  let host: RecordingHost;

  beforeEach(async () => {
    server = await frameServer();
    ({ feed, host } = feedOf('GOPAX', { wsUrl: server.url }));
    feed.add([pair('BTC-KRW'), pair('NOPE-KRW')]);
    await until(() => server.received.length === 2, 'the subscriptions');
  });
  afterEach(async () => {
    await feed.close();
    await server.close();
  });

  it('are asked for one pair a message; without keys the address is plain and that is said once', () => {
    expect(JSON.parse(server.received[0]!)).toEqual({
      i: 'BTC-KRW',
      n: 'SubscribeToOrderBook',
      o: { tradingPairName: 'BTC-KRW' },
    });
    expect(server.targets).toEqual(['/']);
    expect(host.events.filter((e) => e === 'GOPAX_UNSIGNED')).toHaveLength(1);
  });

  it('of pairs that were not asked for are counted', async () => {
    server.send(captured[0]!.replaceAll('BTC-KRW', 'XYZ-KRW'));
    server.send(captured[2]!.replaceAll('BTC-KRW', 'XYZ-KRW'));
    await until(() => host.unaskedBooks === 2, 'both frames');
  });

  it('are the whole book first (no time of its own), then deltas', async () => {
    server.send(captured[0]!);
    await until(() => host.books.length === 1, 'the book');
    expect(host.books[0]).toMatchObject({
      code: 'BTC-KRW',
      exchangeTimestamp: null,
      asks: [
        ['100020000', '0.00000975'],
        ['100030000', '0.5'],
      ],
    });
    const next = captured[2]!;
    server.send(next);
    await until(() => host.books.length === 2, 'the delta');
    expect(host.books[1]).toMatchObject({
      asks: [['100030000', '0.5']],
      exchangeTimestamp: 1767225600625,
    });
  });

  it('that ping are answered by the same text with pong, quotes included', async () => {
    const [ping, pong] = fixtureLines('gopax/heartbeat.jsonl');
    server.send(ping!);
    await until(() => server.received.length === 3, 'the pong');
    expect(server.received[2]).toBe(pong);
  });

  it('that refuse are distinguished from snapshots', async () => {
    server.send(errors[0]!.replace('"i":3', '"i":"NOPE-KRW"'));
    await until(() => host.refusals.length === 1, 'the refusal');
    expect(host.refusals).toEqual([{ code: 'NOPE-KRW', reason: '10058 NOPE' }]);
    server.send(errors[1]!.replace('"i":4', '"i":"BTC-KRW"'));
    await until(() => host.events.includes('EXCHANGE_ERROR'), 'the log');
    expect(host.refusals).toHaveLength(1);
    expect(host.books).toEqual([]);
  });

  it('that cannot be read cause a new connection and a new whole book', async () => {
    server.send(captured[0]!);
    await until(() => host.books.length === 1, 'the book');
    server.send('{"i":-1,"n":"OrderBookEvent","o":{"ask":[{"entryId":1');
    await until(() => server.received.length === 4, 'the new subscriptions');
    expect(host.unreadables).toHaveLength(1);
    expect(host.downs[0]!.outage.cause).toBe('RESYNC');
    server.send(captured[0]!);
    await until(() => host.books.length === 2, 'the new book');
  });

  it('of a crossed book that stays crossed cause a resynchronisation', async () => {
    server.send(captured[0]!);
    server.send(
      '{"i":-1,"n":"OrderBookEvent","o":{"ask":[],"bid":[{"entryId":99999999,"price":100025000,"volume":1,"updatedAt":1767225600.9}],"tradingPairName":"BTC-KRW"}}',
    );
    await until(() => host.events.includes('BOOK_CROSSED'), 'the alarm');
    await until(() => server.received.length === 4, 'the new subscriptions');
    expect(host.downs[0]!.outage).toMatchObject({
      cause: 'RESYNC',
      detail: 'the book of BTC-KRW stayed crossed',
    });
  });

  it('of a crossed book that uncrosses in time cause nothing', async () => {
    server.send(captured[0]!);
    const entry = (id: number, volume: string): string =>
      `{"i":-1,"n":"OrderBookEvent","o":{"ask":[],"bid":[{"entryId":${id},"price":100025000,"volume":${volume},"updatedAt":1767225600.9}],"tradingPairName":"BTC-KRW"}}`;
    server.send(entry(99999990, '1'));
    server.send(entry(99999991, '0'));
    await until(() => host.books.length === 3, 'the books');
    expect(host.books[1]!.bids[0]).toEqual(['100025000', '1']);
    expect(host.downs).toEqual([]);
  });

  it('of a stopped pair are kept up, so that it starts again without a second subscription', async () => {
    server.send(captured[0]!);
    await until(() => host.books.length === 1, 'the book');
    feed.remove([pair('BTC-KRW')]);
    server.send(captured[2]!);
    server.send('"primus::ping::1"');
    await until(() => server.received.length === 3, 'the pong');
    expect(host.books).toHaveLength(1);
    feed.add([pair('BTC-KRW')]);
    await until(() => host.books.length === 2, 'the kept book');
    expect(host.books[1]!.asks).toEqual([['100030000', '0.5']]);
    expect(server.received).toHaveLength(3);
  });

  it('that follow an unreadable delta in the same packet are not believed', async () => {
    server.send(captured[0]!);
    await until(() => host.books.length === 1, 'the book');
    const next = captured[2]!;
    server.send('{"i":-1,"n":"OrderBookEvent","o":{"ask":[{"entryId":1');
    server.send(next);
    server.send(next);
    await until(() => server.received.length === 4, 'the new subscriptions');
    expect(host.books).toHaveLength(1);
  });

  it('of a lost connection are not handed on when a stopped pair starts meanwhile', async () => {
    server.send(captured[0]!);
    await until(() => host.books.length === 1, 'the book');
    feed.remove([pair('BTC-KRW')]);
    server.sockets[0]!.terminate();
    await until(() => host.downs.length === 1, 'the loss');
    feed.add([pair('BTC-KRW')]);
    await until(() => server.received.length >= 4, 'the new subscriptions');
    expect(host.books).toHaveLength(1);
  });

  it('carry 50 pairs a socket', async () => {
    feed.add(Array.from({ length: 60 }, (_, i) => pair(`P${i}-KRW`)));
    await until(
      () => server.sockets.length === 2 && server.received.length === 62,
      'the second socket',
    );
  });
});

describe('GOPAX connection with keys', () => {
  it('is signed', async () => {
    const server = await frameServer();
    const keys = { apiKey: KEY, secretKey: SECRET };
    const { feed } = feedOf('GOPAX', { wsUrl: server.url }, { gopaxKeys: keys });
    feed.add([pair('BTC-KRW')]);
    await until(() => server.targets.length === 1, 'the connection');
    const query = new URL(server.targets[0]!, 'ws://x').searchParams;
    const timestamp = Number(query.get('timestamp'));
    expect(Math.abs(timestamp - Date.now())).toBeLessThan(5000);
    expect(server.targets[0]).toBe(`/?${signedQuery(KEY, SECRET, timestamp)}`);
    await feed.close();
    await server.close();
  });
});
