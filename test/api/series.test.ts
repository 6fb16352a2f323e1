import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { serve, type TestServer } from './helpers/server.js';
import { answers, wsClient } from './helpers/ws.js';

const WINDOW = 'from: "2026-09-01T00:00:00Z", to: "2026-09-02T00:00:00Z"';

let server: TestServer;
beforeEach(async () => {
  server = await serve();
});
afterEach(() => server.api.close());

describe('series', () => {
  it('asks the reader for what is selected, and puts its text into the answer', async () => {
    server.reader.seriesJson = '[{"time":"2026-09-01T00:00:00.000Z","p":"0.10"}]';
    const query = `query ($skip: Boolean!) {
      exchanges { exchange }
      day: series(exchange: UPBIT, symbol: "btc", ${WINDOW}, step: 1000) {
        time ...Prices
        ... on SeriesPoint { books @skip(if: $skip) __typename }
      }
    }
    fragment Prices on SeriesPoint { p: close }`;
    const { data, errors } = await server.post(query, { skip: true });
    expect(errors).toBeUndefined();
    expect(data).toMatchObject({ exchanges: [] });
    expect(data!['day']).toEqual([{ time: '2026-09-01T00:00:00.000Z', p: '0.10' }]);
    expect(server.reader.series).toEqual([
      {
        market: { exchange: 'UPBIT', symbol: 'BTC', currency: 'KRW' },
        from: Date.UTC(2026, 8, 1),
        to: Date.UTC(2026, 8, 2),
        step: 1_000,
        keys: [
          ['time', 'time'],
          ['p', 'close'],
          ['__typename', '__typename'],
        ],
      },
    ]);
  });

  it('is the same over WebSocket, and beside an error', async () => {
    server.reader.seriesJson = '[{"books":3}]';
    const query = `{
      series(exchange: UPBIT, ${WINDOW}, step: 1000) { books }
      orderbook(exchange: UPBIT, symbol: "BTC-KRW") { sequence }
    }`;
    const expected = {
      data: { series: [{ books: 3 }], orderbook: null },
      errors: [expect.objectContaining({ path: ['orderbook'] })],
    };
    expect(await server.post(query)).toEqual(expected);
    const client = wsClient(server.url);
    const answer = await answers(client, query).next();
    expect(answer.value).toEqual(expected);
    await client.dispose();
  });

  it.each([
    [`${WINDOW}, step: 99`, 'BAD_USER_INPUT', /step: must be 100 or more; was 99/],
    [
      'from: "2026-09-02T00:00:00Z", to: "2026-09-02T00:00:00Z", step: 1000',
      'BAD_USER_INPUT',
      /after from/,
    ],
    [`${WINDOW}, step: 500`, 'QUERY_TOO_COMPLEX', /more than 100000 points/],
  ])('refuses %s', async (args, code, message) => {
    const { errors } = await server.post(`{ series(exchange: UPBIT, ${args}) { time } }`);
    expect(errors).toMatchObject([
      { message: expect.stringMatching(message), extensions: { code } },
    ]);
    expect(server.reader.series).toEqual([]);
  });

  it('bounds what all series of an operation have together', async () => {
    const one = `series(exchange: UPBIT, ${WINDOW}, step: 1000) { time }`;
    const { errors } = await server.post(`{ a: ${one} b: ${one} }`);
    expect(errors).toMatchObject([{ extensions: { code: 'QUERY_TOO_COMPLEX' } }]);
  });
});
