import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { exchangeTime, showsOrder } from '../../src/collector/wire/exchange-time.js';
import { BareNumberError, readQuotedJson } from '../../src/collector/wire/quoted-json.js';
import { optionalText, wireObject, wireText } from '../../src/collector/wire/wire.js';
import type { Feed } from '../../src/collector/feed.js';
import { feedOf, pair } from '../helpers/feed.js';
import { type FrameServer, frameServer } from '../helpers/frame-server.js';
import { until } from '../helpers/wait.js';

describe('JSON whose prices are strings', () => {
  it.each(['0.12345678901234567890', '1E-9', '9007199254740993', '1.0', '-5'])(
    'gives a bare number that is read as text as it was sent: %s',
    (number) => {
      for (const read of [wireText, optionalText]) {
        let text: string | null = '';
        readQuotedJson(`{"id":${number}}`, (message) => {
          text = read(wireObject(message, 'it')['id'], 'id');
        });
        expect(text).toBe(number);
      }
    },
  );

  it('is read once where no bare number is read as text, and says what is no JSON', () => {
    const read = jest.fn();
    readQuotedJson('{"id":"1","time":1790134243067}', read);
    expect(read).toHaveBeenCalledTimes(1);
    expect(() => readQuotedJson('{"id":01}', read)).toThrow(/not JSON: .* at character/);
    expect(read).toHaveBeenCalledTimes(1);
  });

  it('takes the times that a double holds exactly, and no others', () => {
    expect(exchangeTime(1790134243067)).toBe(1790134243067);
    expect(exchangeTime(1790134243)).toBe(1790134243000);
    expect(showsOrder(1790134243067)).toBe(true);
    expect(showsOrder(1790134243)).toBe(false);
    for (const time of [1790134243067.5, 1790134243067123456, Infinity])
      expect(() => exchangeTime(time)).toThrow(BareNumberError);
  });
});

describe('over a socket', () => {
  let server: FrameServer;
  let feed: Feed;

  afterEach(async () => {
    await feed.close();
    await server.close();
  });

  const levels = (price: string, volume: string): string => `[{"price":${price},"qty":${volume}}]`;
  const korbit = (price: string, volume: string, time: string): string =>
    `{"symbol":"btc_krw","timestamp":${time},"type":"orderbook","data":{"timestamp":${time},"asks":${levels(price, volume)},"bids":[]}}`;
  const coinone = (price: string, volume: string, time: string): string =>
    `{"response_type":"DATA","channel":"ORDERBOOK","data":{"quote_currency":"KRW","target_currency":"BTC","timestamp":${time},"id":${time}001,"asks":${levels(price, volume)},"bids":[]}}`;

  it.each([
    ['KORBIT', undefined, korbit],
    ['COINONE', '{"response_type":"CONNECTED","data":{"session_id":"s"}}', coinone],
  ] as const)('%s may send bare numbers, which stay exact', async (exchange, greeting, frame) => {
    server = await frameServer(greeting);
    const made = feedOf(exchange, { wsUrl: server.url });
    feed = made.feed;
    feed.add([pair('BTC-KRW')]);
    await until(() => server.received.length === 1, 'the subscription');
    server.send(frame('"116506000"', '"0.27522"', '1790134243067'));
    server.send(frame('1.16506E8', '0.12345678901234567890', '1790134243068'));
    await until(() => made.host.books.length === 2, 'both books');
    expect(made.host.books[0]!.asks).toEqual([['116506000', '0.27522']]);
    expect(made.host.books[1]!.asks).toEqual([['116506000', '0.1234567890123456789']]);
    expect(made.host.books.map((book) => book.exchangeTimestamp)).toEqual([
      1790134243067, 1790134243068,
    ]);
    expect(made.host.unreadables).toEqual([]);
  });
});
