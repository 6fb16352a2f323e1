import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { ResultOf } from '@graphql-typed-document-node/core';
import { graphql } from '../gql/index.js';
import { book, market, publish } from './helpers/books.js';
import { serve, type TestServer } from './helpers/server.js';

const BookQuery = graphql(`
  query Book($exchange: Exchange!, $symbol: String! = "BTC", $at: DateTime, $depth: Int) {
    orderbook(exchange: $exchange, symbol: $symbol, at: $at) {
      exchange
      symbol
      currency
      timestamp
      exchangeTimestamp
      sequence
      asks(depth: $depth) {
        price
        volume
      }
      bids(depth: $depth) {
        price
        volume
      }
      bestAsk {
        price
      }
      bestBid {
        price
      }
      spread
      midPrice
    }
  }
`);

const RowsQuery = graphql(`
  query Rows($first: Int, $after: String, $side: Side, $from: DateTime, $to: DateTime) {
    orderbookRows(
      exchange: UPBIT
      symbol: "btc"
      first: $first
      after: $after
      side: $side
      from: $from
      to: $to
    ) {
      edges {
        cursor
        node {
          exchange
          symbol
          currency
          timestamp
          side
          price
          volume
          sequence
        }
      }
      pageInfo {
        hasNextPage
        hasPreviousPage
        startCursor
        endCursor
      }
    }
  }
`);

const GapsQuery = graphql(`
  query Gaps($exchange: Exchange, $from: DateTime, $first: Int, $after: String) {
    gaps(exchange: $exchange, from: $from, first: $first, after: $after) {
      edges {
        node {
          exchange
          symbol
          currency
          start
          end
          cause
          detail
          attempts
        }
      }
      pageInfo {
        hasNextPage
        endCursor
      }
    }
  }
`);

const LogsQuery = graphql(`
  query Logs($level: LogLevel, $event: String, $first: Int, $after: String) {
    logs(level: $level, event: $event, first: $first, after: $after) {
      edges {
        node {
          timestamp
          level
          exchange
          symbol
          currency
          event
          message
        }
      }
      pageInfo {
        hasNextPage
        endCursor
      }
    }
  }
`);

type RowsResult = ResultOf<typeof RowsQuery>;

const UPBIT = market('UPBIT');
const DAY = 1_700_000_000_000;
let server: TestServer;

beforeEach(async () => {
  server = await serve();
});
afterEach(() => server.api.close());

describe('orderbook', () => {
  it('gives the live book with exact decimals, best first', async () => {
    server.reader.stored.push(book(UPBIT, 1));
    publish(server.bus, book(UPBIT, 7, { exchangeTimestamp: 1_700_000_000_001 }));
    const { data, errors } = await server.run(BookQuery, { exchange: 'UPBIT', depth: 2 });
    expect(errors).toBeUndefined();
    expect(data?.orderbook).toEqual({
      exchange: 'UPBIT',
      symbol: 'BTC',
      currency: 'KRW',
      timestamp: '2023-11-14T22:13:20.007Z',
      exchangeTimestamp: '2023-11-14T22:13:20.001Z',
      sequence: '7',
      asks: [
        { price: '101.5', volume: '0.00000001' },
        { price: '102', volume: '2' },
      ],
      bids: [
        { price: '100', volume: '1' },
        { price: '99', volume: '7' },
      ],
      bestAsk: { price: '101.5' },
      bestBid: { price: '100' },
      spread: '1.5',
      midPrice: '100.75',
    });
  });

  it('gives all levels without a depth, and more depth than levels is all', async () => {
    publish(server.bus, book(UPBIT, 1));
    const all = await server.run(BookQuery, { exchange: 'UPBIT' });
    const deep = await server.run(BookQuery, { exchange: 'UPBIT', depth: 500 });
    expect(all.data?.orderbook?.asks).toHaveLength(3);
    expect(deep.data?.orderbook?.asks).toHaveLength(3);
  });

  it('has no best, spread or middle while a side is empty', async () => {
    publish(server.bus, book(UPBIT, 1, { asks: [] }));
    const { data } = await server.run(BookQuery, { exchange: 'UPBIT' });
    expect(data?.orderbook).toMatchObject({
      asks: [],
      bestAsk: null,
      bestBid: { price: '100' },
      spread: null,
      midPrice: null,
    });
  });

  it('falls back to the newest stored book when none is live', async () => {
    server.reader.stored.push(book(UPBIT, 1), book(UPBIT, 3), book(UPBIT, 2));
    publish(server.bus, book(UPBIT, 9));
    server.bus.forget(UPBIT);
    const { data } = await server.run(BookQuery, { exchange: 'UPBIT' });
    expect(data?.orderbook?.sequence).toBe('3');
  });

  it('asks the store for a past moment, given as text or as Unix ms', async () => {
    server.reader.stored.push(book(UPBIT, 10), book(UPBIT, 20));
    publish(server.bus, book(UPBIT, 30));
    const sequenceAt = async (at: string | number) =>
      (await server.run(BookQuery, { exchange: 'UPBIT', at })).data?.orderbook?.sequence ?? null;
    expect(await sequenceAt('2023-11-14T22:13:20.015Z')).toBe('10');
    expect(await sequenceAt('2023-11-15T07:13:20.020+09:00')).toBe('20');
    expect(await sequenceAt(1_700_000_000_025)).toBe('20');
    expect(await sequenceAt('1700000000025')).toBe('20');
    // The same forms as the export's.
    expect(await sequenceAt('2023-11-15T07:13:20,020999 09')).toBe('20');
    expect(await sequenceAt('2023-11-17')).toBe('20');
    expect(await sequenceAt('2023-11-13')).toBeNull();
    expect(await sequenceAt(1_700_000_000_009)).toBeNull();
    const literal = await server.post(
      '{ orderbook(exchange: UPBIT, at: 1700000000010) { sequence } }',
    );
    expect(literal.data).toEqual({ orderbook: { sequence: '10' } });
  });

  it('says how old a past book is, and the gap that the moment lies in', async () => {
    server.reader.stored.push(book(UPBIT, 10));
    const start = 1_700_000_000_050;
    server.reader.allGaps.push({
      market: UPBIT,
      start,
      end: start + 100,
      cause: 'DISCONNECTED',
      detail: null,
      attempts: 1,
    });
    const at = async (moment: number): Promise<unknown> =>
      (
        await server.post(
          `{ orderbook(exchange: UPBIT, at: ${moment}) { sequence age gap { cause } } }`,
        )
      ).data?.['orderbook'];
    expect(await at(start - 1)).toEqual({ sequence: '10', age: 39, gap: null });
    expect(await at(start)).toMatchObject({ age: 40, gap: null });
    expect(await at(start + 10)).toMatchObject({ age: 50, gap: { cause: 'DISCONNECTED' } });
    expect(await at(start + 100)).toMatchObject({ age: 140, gap: null });
  });

  it('takes a symbol in lower case and with blanks', async () => {
    publish(server.bus, book(market('KORBIT', 'ETH'), 1));
    const { data } = await server.run(BookQuery, { exchange: 'KORBIT', symbol: ' eth ' });
    expect(data?.orderbook?.symbol).toBe('ETH');
  });

  it('is null for a market without any book', async () => {
    const { data, errors } = await server.run(BookQuery, { exchange: 'COINONE' });
    expect(errors).toBeUndefined();
    expect(data).toEqual({ orderbook: null });
  });
});

describe('orderbookRows', () => {
  beforeEach(() => {
    for (let sequence = 1; sequence <= 5; sequence++) {
      for (let index = 0; index < 2; index++) {
        server.reader.allRows.push({
          market: UPBIT,
          timestamp: 1_700_000_000_000 + sequence,
          side: index === 0 ? 'ask' : 'bid',
          price: String(100 + index),
          volume: index === 0 ? '0' : '1.5',
          sequence,
          index,
        });
      }
    }
  });

  it('carries the gaps of its window', async () => {
    for (const start of [1_700_000_000_001, 1_700_000_000_050]) {
      server.reader.allGaps.push({
        market: UPBIT,
        start,
        end: start + 2,
        cause: 'STALE',
        detail: null,
        attempts: 0,
      });
    }
    const { data } = await server.post(
      '{ orderbookRows(exchange: UPBIT, symbol: "BTC", to: 1700000000010) { edges { node { sequence } } gaps { edges { node { start cause } } } } }',
    );
    expect(data?.['orderbookRows']).toMatchObject({
      gaps: { edges: [{ node: { start: '2023-11-14T22:13:20.001Z', cause: 'STALE' } }] },
    });
  });

  it('pages through all rows once, in order', async () => {
    const pageAfter = async (after: string | null): Promise<RowsResult['orderbookRows']> =>
      (await server.run(RowsQuery, { first: 3, after })).data!.orderbookRows;
    const seen: string[] = [];
    let after: string | null = null;
    for (let pages = 0; pages < 4; pages++) {
      const { edges, pageInfo } = await pageAfter(after);
      seen.push(...edges.map(({ node }) => `${node.sequence}${node.side}`));
      expect(pageInfo.hasPreviousPage).toBe(pages > 0);
      expect(pageInfo.hasNextPage).toBe(pages < 3);
      expect(pageInfo.startCursor).toBe(edges[0]!.cursor);
      after = pageInfo.endCursor ?? null;
    }
    expect(seen).toEqual(
      [1, 2, 3, 4, 5].flatMap((sequence) => [`${sequence}ASK`, `${sequence}BID`]),
    );
  });

  it('narrows by side and window, from included and to excluded', async () => {
    const { data } = await server.run(RowsQuery, {
      side: 'BID',
      from: 1_700_000_000_002,
      to: '2023-11-14T22:13:20.004Z',
    });
    expect(data?.orderbookRows.edges.map(({ node }) => node)).toEqual(
      [2, 3].map((sequence) => ({
        exchange: 'UPBIT',
        symbol: 'BTC',
        currency: 'KRW',
        timestamp: `2023-11-14T22:13:20.00${sequence}Z`,
        side: 'BID',
        price: '101',
        volume: '1.5',
        sequence: String(sequence),
      })),
    );
  });

  it('gives 100 rows unless asked for another number, and an empty page has no cursors', async () => {
    const row = server.reader.allRows[0]!;
    server.reader.allRows = Array.from({ length: 150 }, (_unused, sequence) => ({
      ...row,
      sequence,
    }));
    const full = await server.run(RowsQuery, {});
    expect(full.data?.orderbookRows.edges).toHaveLength(100);
    const nulled = await server.run(RowsQuery, { first: null });
    expect(nulled.data?.orderbookRows.edges).toHaveLength(100);
    const empty = await server.run(RowsQuery, { to: 0 });
    expect(empty.data?.orderbookRows.pageInfo).toEqual({
      hasNextPage: false,
      hasPreviousPage: false,
      startCursor: null,
      endCursor: null,
    });
  });
});

describe('gaps', () => {
  it('pages oldest first and filters', async () => {
    const gap = { cause: 'DISCONNECTED', detail: '1006', attempts: 2 } as const;
    server.reader.allGaps.push(
      { ...gap, market: UPBIT, start: DAY, end: DAY + 1_000 },
      { ...gap, market: market('GOPAX'), start: DAY + 2_000, end: DAY + 3_000 },
      { ...gap, market: UPBIT, start: DAY + 5_000, end: null, detail: null },
    );
    const first = await server.run(GapsQuery, { first: 1 });
    expect(first.data?.gaps).toMatchObject({
      edges: [{ node: { start: '2023-11-14T22:13:20.000Z', end: '2023-11-14T22:13:21.000Z' } }],
      pageInfo: { hasNextPage: true },
    });
    const after = first.data!.gaps.pageInfo.endCursor ?? null;
    const rest = await server.run(GapsQuery, { after });
    expect(rest.data?.gaps.edges.map(({ node }) => node.exchange)).toEqual(['GOPAX', 'UPBIT']);
    const open = await server.run(GapsQuery, { exchange: 'UPBIT', from: DAY + 4_000 });
    expect(open.data?.gaps.edges.map(({ node }) => node)).toEqual([
      {
        exchange: 'UPBIT',
        symbol: 'BTC',
        currency: 'KRW',
        start: '2023-11-14T22:13:25.000Z',
        end: null,
        cause: 'DISCONNECTED',
        detail: null,
        attempts: 2,
      },
    ]);
  });
});

describe('logs', () => {
  it('come newest first, by least severity, event and page', async () => {
    const pair = { symbol: 'BTC', currency: 'KRW' };
    server.reader.allLogs.push(
      { timestamp: 1, level: 'error', event: 'WS_ERROR', exchange: 'UPBIT', pair, message: 'a' },
      { timestamp: 2, level: 'info', event: 'STARTED', exchange: null, pair: null, message: 'b' },
      { timestamp: 3, level: 'warn', event: 'STALE', exchange: 'UPBIT', pair: null, message: 'c' },
    );
    const all = await server.run(LogsQuery, { first: 2 });
    expect(all.data?.logs.edges.map(({ node }) => node)).toEqual([
      {
        timestamp: '1970-01-01T00:00:00.003Z',
        level: 'WARN',
        exchange: 'UPBIT',
        symbol: null,
        currency: null,
        event: 'STALE',
        message: 'c',
      },
      {
        timestamp: '1970-01-01T00:00:00.002Z',
        level: 'INFO',
        exchange: null,
        symbol: null,
        currency: null,
        event: 'STARTED',
        message: 'b',
      },
    ]);
    const messages = async (variables: object) =>
      (await server.run(LogsQuery, variables)).data?.logs.edges.map(({ node }) => node.message);
    expect(await messages({ after: all.data!.logs.pageInfo.endCursor })).toEqual(['a']);
    expect(await messages({ level: 'WARN' })).toEqual(['c', 'a']);
    expect(await messages({ event: 'started' })).toEqual(['b']);
  });
});
