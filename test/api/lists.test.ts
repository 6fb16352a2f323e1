import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { graphql } from '../gql/index.js';
import { market } from './helpers/books.js';
import { statusOf } from './helpers/memory-control.js';
import { serve, type TestServer } from './helpers/server.js';

const ListsQuery = graphql(`
  query Lists($symbol: String, $listed: Boolean) {
    exchanges {
      exchange
      koreanName
      enabled
      listedAt
      marketCount
      unreadableMessages
      oddities {
        kind
        count
        lastText
        lastAt
        things {
          what
          text
          at
        }
      }
      collectors {
        symbol
      }
    }
    markets(exchange: UPBIT, symbol: $symbol, listed: $listed) {
      exchange
      symbol
      currency
      koreanName
      englishName
      listed
      wanted
      state
      collector {
        books
      }
    }
  }
`);

const CollectorsQuery = graphql(`
  query Collectors($exchange: Exchange) {
    collectors(exchange: $exchange) {
      exchange
      symbol
      currency
      state
      startedAt
      lastBookAt
      books
      repeats
      reconnects
      parseFailures
      error
    }
  }
`);

const UPBIT = market('UPBIT');
let server: TestServer;

beforeEach(async () => {
  server = await serve();
});
afterEach(() => server.api.close());

describe('exchanges, markets, collectors', () => {
  beforeEach(() => {
    const pair = { currency: 'KRW', koreanName: null, englishName: null, recording: false };
    server.reader.exchangeList = [{ exchange: 'UPBIT', enabled: true, listedAt: 0 }];
    server.reader.marketList = [
      {
        exchange: 'UPBIT',
        symbol: 'BTC',
        ...pair,
        koreanName: '비트코인',
        englishName: 'Bitcoin',
        listed: true,
        wanted: true,
      },
      { exchange: 'UPBIT', symbol: 'OLD', ...pair, listed: false, wanted: null },
    ];
    server.control.put(statusOf(UPBIT, { books: 2 ** 40 }));
    server.control.put(statusOf(market('GOPAX'), { state: 'FAILED', error: 'refused' }));
  });

  it('lists exchanges with what is recorded of them', async () => {
    server.control.unreadable.UPBIT = 3;
    const body = `HTTP 403 <html>${'x'.repeat(5000)}</html>`;
    server.control.met.push({
      kind: 'REFUSAL',
      count: 2 ** 40,
      lastText: 'HTTP 500 ',
      lastAt: 5,
      things: [{ what: '403', text: body, at: 0 }],
    });
    const { data } = await server.run(ListsQuery, {});
    expect(data?.exchanges).toEqual([
      {
        exchange: 'UPBIT',
        koreanName: '업비트',
        enabled: true,
        listedAt: '1970-01-01T00:00:00.000Z',
        marketCount: 1,
        unreadableMessages: '3',
        oddities: [
          {
            kind: 'REFUSAL',
            count: '1099511627776',
            lastText: 'HTTP 500 ',
            lastAt: '1970-01-01T00:00:00.005Z',
            things: [{ what: '403', text: body, at: '1970-01-01T00:00:00.000Z' }],
          },
        ],
        collectors: [{ symbol: 'BTC' }],
      },
    ]);
  });

  it('lists markets with their collectors, narrowed by symbol and listed', async () => {
    const { data } = await server.run(ListsQuery, { symbol: 'btc' });
    expect(data?.markets).toEqual([
      {
        exchange: 'UPBIT',
        symbol: 'BTC',
        currency: 'KRW',
        koreanName: '비트코인',
        englishName: 'Bitcoin',
        listed: true,
        wanted: true,
        state: 'LIVE',
        collector: { books: '1099511627776' },
      },
    ]);
    const gone = await server.run(ListsQuery, { listed: false });
    expect(gone.data?.markets).toMatchObject([{ symbol: 'OLD', state: null, collector: null }]);
    const all = await server.run(ListsQuery, {});
    expect(all.data?.markets).toHaveLength(2);
  });

  it('lists collectors, all or of one exchange', async () => {
    const all = await server.run(CollectorsQuery, {});
    expect(all.data?.collectors).toHaveLength(2);
    const gopax = await server.run(CollectorsQuery, { exchange: 'GOPAX' });
    expect(gopax.data?.collectors).toEqual([
      {
        exchange: 'GOPAX',
        symbol: 'BTC',
        currency: 'KRW',
        state: 'FAILED',
        startedAt: '1970-01-01T00:00:01.000Z',
        lastBookAt: '1970-01-01T00:00:02.000Z',
        books: '10',
        repeats: '4',
        reconnects: 1,
        parseFailures: '0',
        error: 'refused',
      },
    ]);
  });
});
