import { afterEach, describe, expect, it } from '@jest/globals';
import type { Feed } from '../../src/collector/feed.js';
import type { Exchange } from '../../src/market/exchange.js';
import { feedOf, pair } from '../helpers/feed.js';
import { type FrameServer, frameServer } from '../helpers/frame-server.js';
import type { RecordingHost } from '../helpers/recording-host.js';
import { until } from '../helpers/wait.js';

let server: FrameServer;
let feed: Feed;
let host: RecordingHost;

/** A feed with trades of some pairs on one socket of a server of the test. */
async function open(
  exchange: Exchange,
  codes: readonly string[],
  greeting?: string,
): Promise<void> {
  server = await frameServer(greeting);
  ({ feed, host } = feedOf(exchange, { wsUrl: server.url }, { trades: true }));
  feed.add(codes.map(pair));
  await until(() => server.received.length > 0, 'the subscription');
}

afterEach(async () => {
  await feed.close();
  await server.close();
  // No member of a trade is taken for an unknown one of a book.
  expect(host.oddities).toEqual([]);
});

const asked = (): unknown[] => server.received.map((text) => JSON.parse(text) as unknown);

const unitBook = (code: string): string =>
  `{"type":"orderbook","code":"${code}","timestamp":1790000000000,"total_ask_size":1,"total_bid_size":1,"orderbook_units":[{"ask_price":101.0,"bid_price":100.0,"ask_size":1,"bid_size":1}],"stream_type":"SNAPSHOT","level":0}`;

describe('trades of Upbit', () => {
  const frame =
    '{"type":"trade","code":"KRW-BTC","timestamp":1790000000052,"trade_date":"2026-09-21","trade_time":"13:33:20","trade_timestamp":1790000000005,"trade_price":1.06691E8,"trade_volume":0.00009370,"ask_bid":"ASK","prev_closing_price":107005000.00000000,"change":"FALL","change_price":314000,"sequential_id":17900000000050003,"best_ask_price":1,"unheard_of":{"a":[1]},"stream_type":"REALTIME"}';

  it('are asked for with the books in one request', async () => {
    await open('UPBIT', ['BTC-KRW', 'ETH-KRW']);
    const codes = ['KRW-BTC', 'KRW-ETH'];
    expect(asked()[0]).toEqual([
      { ticket: expect.any(String) },
      { type: 'trade', codes },
      { type: 'orderbook', codes },
      { format: 'DEFAULT' },
    ]);
  });

  it('are read digit for digit, their ids beyond what a double holds', async () => {
    await open('UPBIT', ['BTC-KRW']);
    server.send(frame, true);
    server.send(frame.replace('0050003', '0050004').replace('ASK', 'BID'), true);
    server.send(
      '{"ty":"trade","cd":"KRW-BTC","tms":1790000001000,"ttms":1790000000999,"tp":8.428e-05,"tv":6E-8,"ab":"BID","sid":17900000009990000,"st":"SNAPSHOT"}',
      true,
    );
    await until(() => host.heardTrades.length === 3, 'the trades');
    expect(host.heardTrades[0]).toEqual({
      code: 'BTC-KRW',
      tradeId: '17900000000050003',
      idKind: 'EXCHANGE',
      side: 'sell',
      price: '106691000',
      volume: '0.0000937',
      exchangeTimestamp: 1790000000005,
      resolutionMs: 1,
      messageTimestamp: 1790000000052,
      receivedAt: expect.any(Number),
      snapshot: false,
    });
    expect(host.heardTrades[1]).toMatchObject({ tradeId: '17900000000050004', side: 'buy' });
    expect(host.heardTrades[2]).toMatchObject({
      price: '0.00008428',
      volume: '0.00000006',
      snapshot: true,
    });
  });

  it('that cannot be read are counted, name their market, and touch no book', async () => {
    await open('UPBIT', ['BTC-KRW']);
    server.send(unitBook('KRW-BTC'), true);
    const broken = [
      frame.replace('"ASK"', '"NONE"'),
      frame.replace('1.06691E8', '0.0'),
      frame.replace('0.00009370', '-1'),
      frame.replace(',"sequential_id":17900000000050003', ''),
      frame.replace('1790000000005', 'null'),
      frame.slice(0, 150),
    ];
    for (const one of broken) server.send(one, true);
    server.send(frame, true);
    server.send(frame.replace('KRW-BTC', 'KRW-XYZ'), true);
    await until(
      () => host.unaskedTradesCount === 1,
      'the trade of a market that was not asked for',
    );
    expect(host.unreadableTrades.map(({ code }) => code)).toEqual([
      ...Array<string>(5).fill('BTC-KRW'),
      null,
    ]);
    expect(host.unreadables).toEqual([]);
    expect(host.heardTrades).toHaveLength(1);
    expect(host.books).toHaveLength(1);
    // The books are not asked for again.
    expect(server.received).toHaveLength(1);
  });
});

describe('trades of Bithumb', () => {
  it('have ids of the stream alone', async () => {
    await open('BITHUMB', ['BTC-KRW']);
    server.send(
      '{"type":"trade","code":"KRW-BTC","trade_price":95539000,"trade_volume":0.00022664,"ask_bid":"BID","trade_date":"2026-09-21","trade_time":"22:33:20","trade_timestamp":1790000000138,"sequential_id":862683813820523888,"timestamp":1790000000398,"stream_type":"REALTIME"}',
      true,
    );
    await until(() => host.heardTrades.length === 1, 'the trade');
    expect(host.heardTrades[0]).toMatchObject({
      tradeId: '862683813820523888',
      idKind: 'STREAM',
      side: 'buy',
      exchangeTimestamp: 1790000000138,
      messageTimestamp: 1790000000398,
    });
  });
});

describe('trades of Coinone', () => {
  const connected = '{"response_type":"CONNECTED","data":{"session_id":"a"}}';
  const book =
    '{"response_type":"DATA","channel":"ORDERBOOK","data":{"quote_currency":"KRW","target_currency":"BTC","timestamp":1790000000000,"id":"1790000000000001","asks":[{"price":"101","qty":"1"}],"bids":[{"price":"100","qty":"1"}]}}';
  const frame =
    '{"response_type":"DATA","channel":"TRADE","data":{"quote_currency":"KRW","target_currency":"BTC","id":"1790000000177001","timestamp":1790000000177,"price":"116460000","qty":"0.00483590","is_seller_maker":true}}';

  it('are asked for once the book has come, and no more when the market stops', async () => {
    await open('COINONE', ['BTC-KRW', 'XRP-KRW'], connected);
    await until(() => server.received.length === 2, 'the books');
    server.send(book);
    await until(() => server.received.length === 3, 'the trades');
    expect(asked()[2]).toEqual({
      request_type: 'SUBSCRIBE',
      channel: 'TRADE',
      topic: { quote_currency: 'KRW', target_currency: 'BTC' },
      format: 'DEFAULT',
    });
    server.send(book);
    feed.remove([pair('BTC-KRW')]);
    await until(() => server.received.length === 5, 'both ends');
    expect(asked().slice(3)).toMatchObject([
      { request_type: 'UNSUBSCRIBE', channel: 'ORDERBOOK' },
      { request_type: 'UNSUBSCRIBE', channel: 'TRADE' },
    ]);
  });

  it('were bought where the seller was the maker', async () => {
    await open('COINONE', ['BTC-KRW'], connected);
    server.send(frame);
    server.send(
      '{"r":"DATA","c":"TRADE","d":{"qc":"KRW","tc":"BTC","i":"1790000000177002","t":1790000000177,"p":"688.3","q":"290.745","sm":false}}',
    );
    server.send(frame.replace('true', '"yes"'));
    await until(() => host.unreadableTrades.length === 1, 'the broken one');
    expect(host.heardTrades).toMatchObject([
      { tradeId: '1790000000177001', side: 'buy', volume: '0.0048359', messageTimestamp: null },
      { tradeId: '1790000000177002', side: 'sell', price: '688.3', volume: '290.745' },
    ]);
    expect(host.unreadables).toEqual([]);
  });
});

describe('trades of Korbit', () => {
  const book = (symbol: string): string =>
    `{"symbol":"${symbol}","timestamp":1790000000000,"type":"orderbook","snapshot":true,"data":{"timestamp":1790000000000,"asks":[{"price":"101","qty":"1"}],"bids":[{"price":"100","qty":"1"}]}}`;

  it('are asked for together once the books have come; a refused market leaves the others', async () => {
    await open('KORBIT', ['BTC-KRW', 'ETH-KRW', 'XRP-KRW']);
    for (const symbol of ['btc_krw', 'eth_krw', 'xrp_krw']) server.send(book(symbol));
    await until(() => server.received.length === 2, 'the trades');
    const [request] = asked()[1] as { requestId: number }[];
    expect(request).toEqual({
      requestId: expect.any(Number),
      method: 'subscribe',
      type: 'trade',
      symbols: ['btc_krw', 'eth_krw', 'xrp_krw'],
    });
    server.send(
      `{"status":"fail","code":"INVALID_SYMBOL","message":"The symbol does not exist","requestId":${request!.requestId}}`,
    );
    await until(() => server.received.length === 4, 'the halves');
    expect(asked().slice(2)).toMatchObject([
      [{ type: 'trade', symbols: ['btc_krw'] }],
      [{ type: 'trade', symbols: ['eth_krw', 'xrp_krw'] }],
    ]);
    expect(host.refusals).toEqual([]);
  });

  it('come many in a message and in any order', async () => {
    await open('KORBIT', ['BTC-KRW']);
    const one = (id: number, time: number): string =>
      `{"timestamp":${time},"price":"116439000","qty":"0.0067","isBuyerTaker":${id % 2 === 0},"tradeId":${id}}`;
    server.send(
      `{"symbol":"btc_krw","timestamp":1790000010000,"type":"trade","snapshot":true,"data":[${one(9, 1790000000002)},${one(7, 1790000000001)},${one(10, 1790000000002)}]}`,
    );
    server.send(
      `{"symbol":"btc_krw","timestamp":1790000010001,"type":"trade","data":[${one(11, 1790000010000)}]}`,
    );
    await until(() => host.heardTrades.length === 4, 'the trades');
    expect(
      host.heardTrades.map(({ tradeId, side, snapshot }) => [tradeId, side, snapshot]),
    ).toEqual([
      ['7', 'sell', true],
      ['9', 'sell', true],
      ['10', 'buy', true],
      ['11', 'sell', false],
    ]);
    expect(host.heardTrades[0]!.messageTimestamp).toBe(1790000010000);
  });
});

describe('trades of GOPAX', () => {
  it('come with the book of one request, and have times of seconds', async () => {
    await open('GOPAX', ['BTC-KRW']);
    expect(asked()[0]).toEqual({
      i: 'BTC-KRW',
      n: 'SubscribeToTradingPair',
      o: { tradingPairName: 'BTC-KRW' },
    });
    server.send(
      '{"i":"BTC-KRW","n":"SubscribeToTradingPair","o":{"tradingPairName":"BTC-KRW","maxEntryId":5,"ask":[{"entryId":1,"price":101,"volume":1,"updatedAt":1790000000.1}],"bid":[]}}',
    );
    const trade = (time: string): string =>
      `{"i":-1,"n":"PublicTradeEvent","o":{"tradeId":75021,"baseAmount":0.0100,"quoteAmount":1,"price":2.5E-2,"isBuy":true,"occurredAt":${time},"tradingPairName":"BTC-KRW"}}`;
    for (const time of ['1790000000', '1790000000.25', '1790000000250']) server.send(trade(time));
    await until(() => host.heardTrades.length === 3, 'the trades');
    expect(host.books).toHaveLength(1);
    expect(
      host.heardTrades.map(({ exchangeTimestamp, resolutionMs }) => [
        exchangeTimestamp,
        resolutionMs,
      ]),
    ).toEqual([
      [1790000000000, 1000],
      [1790000000250, 1],
      [1790000000250, 1],
    ]);
    expect(host.heardTrades[0]).toMatchObject({
      tradeId: '75021',
      side: 'buy',
      price: '0.025',
      volume: '0.01',
    });
    server.send(trade('1790000000').replace('true', 'null'));
    await until(() => host.unreadableTrades.length === 1, 'the broken one');
    // No other connection is made for a book in doubt.
    expect(host.logs.map(({ event }) => event)).not.toContain('BOOKS_ASKED_ANEW');
    expect(server.sockets).toHaveLength(1);
  });
});

describe('without the channel', () => {
  it('no trade is asked for, and one that comes is passed over', async () => {
    server = await frameServer();
    ({ feed, host } = feedOf('UPBIT', { wsUrl: server.url }));
    feed.add([pair('BTC-KRW')]);
    await until(() => server.received.length === 1, 'the subscription');
    expect(server.received[0]).not.toContain('trade');
    server.send('{"type":"trade","code":"KRW-BTC","trade_price":1}', true);
    server.send(unitBook('KRW-BTC'), true);
    await until(() => host.books.length === 1, 'the book');
    expect(host.unreadables).toEqual([]);
    expect(host.heardTrades).toEqual([]);
    // What was not asked for is odd.
    expect(host.oddities.splice(0)).toContain('UNKNOWN_MESSAGE "trade"');
  });
});
