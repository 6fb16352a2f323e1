import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { toCursor } from '../../src/api/paging.js';
import { codeOf, serve, type TestServer } from './helpers/server.js';

let server: TestServer;
beforeAll(async () => {
  server = await serve();
});
afterAll(() => server.api.close());

describe('a value that cannot be right', () => {
  const cases: [argument: string, query: string][] = [
    ['symbol', '{ orderbook(exchange: UPBIT, symbol: "BTC-KRW") { sequence } }'],
    ['symbol', '{ orderbook(exchange: UPBIT, symbol: "") { sequence } }'],
    ['symbol', '{ orderbook(exchange: UPBIT, symbol: "A,B") { sequence } }'],
    ['currency', `{ orderbook(exchange: UPBIT, currency: "${'X'.repeat(41)}") { sequence } }`],
    ['symbol', '{ orderbookRows(exchange: UPBIT, symbol: "*") { pageInfo { endCursor } } }'],
    ['currency', '{ gaps(currency: "K W") { pageInfo { endCursor } } }'],
    ['symbol', '{ logs(symbol: "A:B") { pageInfo { endCursor } } }'],
    ['event', '{ logs(event: "no event") { pageInfo { endCursor } } }'],
    ['symbol', '{ markets(exchange: UPBIT, symbol: "*") { symbol } }'],
    ['symbol', 'mutation { startCollector(exchange: UPBIT, symbol: "a b") { state } }'],
    ['currency', 'mutation { stopCollector(exchange: UPBIT, currency: "-") { state } }'],
    ['first', '{ orderbookRows(exchange: UPBIT, first: 1001) { pageInfo { endCursor } } }'],
    ['first', '{ gaps(first: 0) { pageInfo { endCursor } } }'],
    ['first', '{ logs(first: -1) { pageInfo { endCursor } } }'],
    ['after', '{ orderbookRows(exchange: UPBIT, after: "x") { pageInfo { endCursor } } }'],
    ['after', `{ gaps(after: "${toCursor('log', 1)}") { pageInfo { endCursor } } }`],
    ['after', `{ logs(after: "${toCursor('log', 1, 2)}") { pageInfo { endCursor } } }`],
    [
      'to',
      '{ orderbookRows(exchange: UPBIT, from: 1700000000002, to: 1700000000001) { pageInfo { endCursor } } }',
    ],
    ['at', '{ orderbook(exchange: UPBIT, at: "yesterday") { sequence } }'],
    ['at', '{ orderbook(exchange: UPBIT, at: 1e99) { sequence } }'],
    ['at', '{ orderbook(exchange: UPBIT, at: 1713094321) { sequence } }'],
    ['at', '{ orderbook(exchange: UPBIT, at: 99999999999999999) { sequence } }'],
    ['from', '{ gaps(from: "2024-02-30T00:00:00Z") { pageInfo { endCursor } } }'],
    ['exchange', '{ orderbook(exchange: BINANCE) { sequence } }'],
    ['exchange', '{ orderbook(exchange: "UPBIT") { sequence } }'],
    ['exchange', '{ orderbook(exchange: null) { sequence } }'],
    ['side', '{ orderbookRows(exchange: UPBIT, side: LEFT) { pageInfo { endCursor } } }'],
    ['first', '{ gaps(first: "ten") { pageInfo { endCursor } } }'],
  ];

  it.each(cases)('is refused as BAD_USER_INPUT naming %s: %s', async (argument, query) => {
    const result = await server.post(query);
    expect(codeOf(result)).toBe('BAD_USER_INPUT');
    expect(result.errors?.[0]?.extensions).toMatchObject({ argument });
    expect(result.errors?.[0]?.message).toMatch(new RegExp(`^${argument}: `));
  });

  it.each([0, -5])('is a depth of %d', async (depth) => {
    const { orderbook } = (await server.post('{ orderbook(exchange: UPBIT) { sequence } }')).data!;
    expect(orderbook).toBeNull();
    server.reader.stored = [
      {
        market: { exchange: 'UPBIT', symbol: 'BTC', currency: 'KRW' },
        timestamp: 1,
        exchangeTimestamp: null,
        sequence: 1,
        asks: [],
        bids: [],
      },
    ];
    const result = await server.post(
      `{ orderbook(exchange: UPBIT) { asks(depth: ${depth}) { price } } }`,
    );
    server.reader.stored = [];
    expect(codeOf(result)).toBe('BAD_USER_INPUT');
    expect(result.errors?.[0]?.extensions).toMatchObject({ argument: 'depth' });
  });

  it.each([
    [
      'at',
      { x: 'yesterday' },
      'query ($x: DateTime) { orderbook(exchange: UPBIT, at: $x) { sequence } }',
    ],
    [
      'exchange',
      { x: 'BINANCE' },
      'query ($x: Exchange!) { orderbook(exchange: $x) { sequence } }',
    ],
    ['exchange', {}, 'query ($x: Exchange!) { orderbook(exchange: $x) { sequence } }'],
    ['first', { x: 'ten' }, 'query ($x: Int) { gaps(first: $x) { pageInfo { endCursor } } }'],
    [
      'exchange',
      { x: 'NO' },
      'subscription ($x: Exchange) { orderbook(exchange: $x) { sequence } }',
    ],
  ])('is refused as a variable too, naming %s: %j', async (argument, variables, query) => {
    const result = await server.post(query, variables, { accept: 'application/json' });
    expect(codeOf(result)).toBe('BAD_USER_INPUT');
    expect(result.errors?.[0]?.extensions).toMatchObject({ argument });
    expect(result.errors?.[0]?.message).toContain('$x');
  });

  it('is a wrong symbol in a subscription', async () => {
    const result = await server.post(
      'subscription { orderbook(symbol: "B*") { sequence } }',
      {},
      { accept: 'application/json' },
    );
    expect(codeOf(result)).toBe('BAD_USER_INPUT');
    expect(server.api.readers).toBe(0);
  });
});

describe('a document that does not fit the schema', () => {
  it('is GRAPHQL_VALIDATION_FAILED, and one that is no GraphQL is GRAPHQL_PARSE_FAILED', async () => {
    expect(codeOf(await server.post('{ orderbok { sequence } }'))).toBe(
      'GRAPHQL_VALIDATION_FAILED',
    );
    expect(codeOf(await server.post('{ orderbook { sequence } }'))).toBe(
      'GRAPHQL_VALIDATION_FAILED',
    );
    expect(codeOf(await server.post('{ orderbook('))).toBe('GRAPHQL_PARSE_FAILED');
  });
});

describe('an operation that asks for too much', () => {
  const page = (alias: string): string =>
    `${alias}: orderbookRows(exchange: UPBIT, first: 1000) { pageInfo { endCursor } }`;
  const list = (count: number, of: (alias: string) => string): string =>
    Array.from({ length: count }, (_unused, i) => of(`a${i}`)).join('\n');

  it('is refused for more rows than one operation may have', async () => {
    expect((await server.post(`{ ${list(5, page)} }`)).errors).toBeUndefined();
    expect(codeOf(await server.post(`{ ${list(6, page)} }`))).toBe('QUERY_TOO_COMPLEX');
  });

  it('is refused for too many aliases', async () => {
    const alias = (name: string): string => `${name}: __typename`;
    expect((await server.post(`{ ${list(30, alias)} }`)).errors).toBeUndefined();
    expect(codeOf(await server.post(`{ ${list(31, alias)} }`))).toBe('QUERY_TOO_COMPLEX');
  });

  it('is refused for too many tokens', async () => {
    expect(codeOf(await server.post(`{ ${'__typename '.repeat(3000)} }`))).toBe(
      'QUERY_TOO_COMPLEX',
    );
  });

  it('is refused for nesting too deep, also through fragments', async () => {
    const deep = `{ ${'exchanges { '.repeat(13)} exchange ${'}'.repeat(13)} }`;
    const errors = (await server.post(deep)).errors ?? [];
    expect(errors.map(({ extensions }) => extensions?.['code'])).toContain('QUERY_TOO_COMPLEX');
  });

  it('ends for fragments that contain each other', async () => {
    const loop = '{ ...A } fragment A on Query { ...B } fragment B on Query { ...A }';
    expect(codeOf(await server.post(loop))).toBe('GRAPHQL_VALIDATION_FAILED');
  });

  it('is refused for a body above 100 kB', async () => {
    const response = await fetch(`${server.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query: `# ${'x'.repeat(200_000)}\n{ __typename }` }),
    });
    expect(response.status).toBe(413);
  });
});

describe('introspection', () => {
  it('works as GraphiQL asks it', async () => {
    const { getIntrospectionQuery } = await import('graphql');
    const result = await server.post(getIntrospectionQuery({ inputValueDeprecation: true }));
    expect(result.errors).toBeUndefined();
  });
});
