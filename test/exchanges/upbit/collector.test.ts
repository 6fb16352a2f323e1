import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Feed } from '../../../src/collector/feed.js';
import { wireObject } from '../../../src/collector/wire/wire.js';
import {
  MARKET_ALL,
  readUnitBook,
} from '../../../src/collector/exchanges/upbit-protocol/messages.js';
import { parseExactJson } from '../../../src/market/exact-json.js';
import { feedOf, pair } from '../../helpers/feed.js';
import { fixtureLines } from '../../helpers/fixtures.js';
import { type FrameServer, frameServer } from '../../helpers/frame-server.js';
import type { RecordingHost } from '../../helpers/recording-host.js';
import { itRecorded, sample, sampleLines } from '../../helpers/samples.js';
import { until } from '../../helpers/wait.js';

describe('Upbit frames', () => {
  let server: FrameServer;
  let feed: Feed;
  let host: RecordingHost;
  const recorded = fixtureLines('upbit/session.jsonl');

  beforeEach(async () => {
    server = await frameServer();
    ({ feed, host } = feedOf('UPBIT', { wsUrl: server.url }));
    feed.add([pair('BTC-KRW'), pair('LAMB-KRW'), pair('DOT-KRW'), pair('ETC-USDT')]);
    await until(() => server.received.length === 1, 'the subscription');
  });
  afterEach(async () => {
    await feed.close();
    await server.close();
  });

  async function play(frame: string, books: number): Promise<void> {
    server.send(frame, true);
    await until(() => host.books.length === books, 'the book');
  }

  it('subscribe all codes in one request, without an Origin header', () => {
    const request = JSON.parse(server.received[0]!) as [{ ticket: string }, { codes: string[] }];
    expect(request).toEqual([
      { ticket: expect.stringMatching(/.+/) },
      { type: 'orderbook', codes: ['KRW-BTC', 'KRW-LAMB', 'KRW-DOT', 'USDT-ETC'] },
      { format: 'DEFAULT' },
    ]);
    expect(server.headers[0]!.origin).toBeUndefined();
  });

  it('with prices like 1.00002E8 and sizes like 0.00012340 are kept digit for digit', async () => {
    await play(recorded[1]!, 1);
    expect(host.books[0]).toMatchObject({
      code: 'BTC-KRW',
      asks: [
        ['100002000', '0.25000001'],
        ['100004000', '0.0001234'],
      ],
      bids: [
        ['100001000', '0.50000002'],
        ['99999000', '0.25'],
      ],
      exchangeTimestamp: 1767225600100,
    });
  });

  it('in the SIMPLE format are read too', async () => {
    await play(
      '{"ty":"orderbook","cd":"KRW-BTC","tms":1618778262640,"tas":1.5,"tbs":2.25,"obu":[{"ap":127.0,"bp":126.0,"as":1.50000001,"bs":7.9276E-4}],"st":"REALTIME","lv":0}',
      1,
    );
    expect(host.books[0]).toMatchObject({
      asks: [['127', '1.50000001']],
      bids: [['126', '0.00079276']],
      exchangeTimestamp: 1618778262640,
    });
  });

  itRecorded('in the SIMPLE format are read, all 145 recorded ones', async () => {
    const lines = sampleLines('upbit/ws_simple_2021-04-17_orderbook.raw.jsonl');
    expect(lines).toHaveLength(145);
    for (const line of lines) {
      const { sides, exchangeTimestamp } = readUnitBook(parseExactJson(line));
      expect(sides.asks).toHaveLength(15);
      expect(sides.bids).toHaveLength(15);
      expect(exchangeTimestamp).toBe((JSON.parse(line) as { tms: number }).tms);
    }
    await play(lines[0]!, 1);
    expect(host.books[0]!.asks[0]).toEqual(['127', '280460.37885666']);
  });

  it('padded with zeros lose the padding, half a unit at a time', async () => {
    await play(fixtureLines('upbit/padding-and-microseconds.jsonl')[0]!, 1);
    expect(host.books[0]).toMatchObject({
      asks: [['5010', '10.5']],
      bids: [
        ['5000', '12.00000001'],
        ['4990', '20.25'],
      ],
    });
  });

  it('stamped with 16 digits are stamped in µs', async () => {
    await play(fixtureLines('upbit/padding-and-microseconds.jsonl')[2]!, 1);
    expect(host.books[0]!.exchangeTimestamp).toBe(1767225600500);
  });

  it('wrapped in a list are read', async () => {
    await play(`[${recorded[1]},${recorded[2]}]`, 2);
  });

  it('that are no books, or of codes not asked for, are ignored', async () => {
    server.send('{"status":"UP"}');
    server.send(recorded[1]!.replace('KRW-BTC', 'KRW-XYZ'), true);
    await play(recorded[1]!, 1);
    expect(host.unreadables).toEqual([]);
  });

  it('that report an error are logged', async () => {
    server.send(fixtureLines('upbit/session.jsonl')[5]!);
    await until(() => host.events.includes('EXCHANGE_ERROR'), 'the error');
    expect(host.logs.find((l) => l.event === 'EXCHANGE_ERROR')!.params).toEqual({
      reason: 'NO_TICKET: 티켓이 존재하지 않거나, 유효하지 않습니다.',
    });
  });

  it.each([
    ['garbage', 'hello'],
    ['half a frame', '{"type":"orderbook","code":"KRW-BTC","orderbook_un'],
    [
      'a missing size',
      '{"type":"orderbook","code":"KRW-BTC","timestamp":1,"orderbook_units":[{"ask_price":1,"bid_price":1,"ask_size":1}]}',
    ],
    [
      'a negative price',
      '{"type":"orderbook","code":"KRW-BTC","timestamp":1,"orderbook_units":[{"ask_price":-1,"bid_price":1,"ask_size":1,"bid_size":1}]}',
    ],
    [
      'a price twice',
      '{"type":"orderbook","code":"KRW-BTC","timestamp":1,"orderbook_units":[{"ask_price":5,"bid_price":1,"ask_size":1,"bid_size":1},{"ask_price":5.0,"bid_price":0,"ask_size":2,"bid_size":0}]}',
    ],
    ['deep nesting', '['.repeat(50_000)],
  ])('that are broken (%s) are counted and harm nothing', async (_name, frame) => {
    server.send(frame, true);
    await until(() => host.unreadables.length === 1, 'the count');
    await play(recorded[1]!, 1);
    expect(server.sockets).toHaveLength(1);
  });

  it('come after a later subscription, which repeats the whole list', async () => {
    feed.add([pair('XRP-KRW')]);
    await until(() => server.received.length === 2, 'the second subscription');
    feed.remove([pair('LAMB-KRW')]);
    await until(() => server.received.length === 3, 'the third subscription');
    const codes = server.received.map(
      (r) => (JSON.parse(r) as [unknown, { codes: string[] }])[1].codes,
    );
    expect(codes[1]).toEqual(['KRW-BTC', 'KRW-LAMB', 'KRW-DOT', 'USDT-ETC', 'KRW-XRP']);
    expect(codes[2]).toEqual(['KRW-BTC', 'KRW-DOT', 'USDT-ETC', 'KRW-XRP']);
    expect(server.sockets).toHaveLength(1);
    expect(host.downs).toEqual([]);
  });

  it('keep the limit of 5 messages a second when many pairs change, and the last list wins', async () => {
    for (let i = 0; i < 40; i++) {
      feed.add([pair(`A${i}-KRW`)]);
    }
    await until(() => {
      const last = JSON.parse(server.received.at(-1)!) as [unknown, { codes: string[] }];
      return last[1].codes.length === 44;
    }, 'the whole list');
    expect(server.received.length).toBeLessThanOrEqual(7);
  });
});

describe('Upbit market list', () => {
  it('is read with both names', () => {
    const body = parseExactJson(
      '[{"market":"KRW-BTC","korean_name":"비트코인","english_name":"Bitcoin"},{"market":"USDT-ETC","korean_name":"이더리움클래식","english_name":"Ethereum Classic"}]',
    );
    const markets = MARKET_ALL.rows(body).map((row) => MARKET_ALL.read(wireObject(row, 'a row'))!);
    expect(markets).toEqual([
      { symbol: 'BTC', currency: 'KRW', koreanName: '비트코인', englishName: 'Bitcoin' },
      {
        symbol: 'ETC',
        currency: 'USDT',
        koreanName: '이더리움클래식',
        englishName: 'Ethereum Classic',
      },
    ]);
  });

  itRecorded('of 2021 is read whole', () => {
    const body = parseExactJson(sample('upbit/rest_market_all_2021-04-17.json'));
    const markets = MARKET_ALL.rows(body).map((row) => MARKET_ALL.read(wireObject(row, 'a row'))!);
    expect(markets).toHaveLength(294);
    expect(markets.find((m) => m.symbol === 'BTC' && m.currency === 'KRW')).toEqual({
      symbol: 'BTC',
      currency: 'KRW',
      koreanName: '비트코인',
      englishName: 'Bitcoin',
    });
  });
});
