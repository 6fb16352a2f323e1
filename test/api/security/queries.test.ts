import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { getIntrospectionQuery } from 'graphql';
import { TRANSPORTS } from '../helpers/live.js';
import { statusOf } from '../helpers/memory-control.js';
import { market } from '../helpers/books.js';
import { codeOf, serve, type TestServer } from '../helpers/server.js';
import { until } from '../helpers/until.js';
import { answers, wsClient } from '../helpers/ws.js';

let server: TestServer;
beforeEach(async () => {
  server = await serve();
});
afterEach(() => server.api.close());

const times = (count: number, of: (i: number) => string): string =>
  Array.from({ length: count }, (_unused, i) => of(i)).join(' ');

/** Runs a query over WebSocket; the errors are thrown or part of the result. */
async function overWebSocket(to: TestServer, query: string): Promise<unknown> {
  const client = wsClient(to.url);
  try {
    const { value } = (await answers(client, query).next()) as { value: unknown };
    return value;
  } catch (error) {
    return { errors: error };
  } finally {
    await client.dispose();
  }
}

describe('a document made to be expensive', () => {
  const fragments = (count: number): string =>
    times(count, (i) => `fragment F${i} on Query { ...F${i + 1} ...F${i + 1} }`);
  it.each([
    ['4,000 aliases', `{ ${times(4_000, (i) => `a${i}: __typename`)} }`, 'QUERY_TOO_COMPLEX'],
    [
      '1,000 aliases of few tokens',
      `{ ${times(600, (i) => `a${i}: __typename`)} }`,
      'QUERY_TOO_COMPLEX',
    ],
    ['a field repeated', `{ ${times(300, () => 'collectors { state }')} }`, 'QUERY_TOO_COMPLEX'],
    [
      'a field repeated in inline fragments',
      `{ ${times(200, () => '... { collectors { state } }')} }`,
      'QUERY_TOO_COMPLEX',
    ],
    [
      'lists in lists',
      `{ gaps(first: ${'['.repeat(990)}1${']'.repeat(990)}) { pageInfo { endCursor } } }`,
      undefined,
    ],
    ['lists in lists, unclosed', `{ gaps(first: ${'['.repeat(1900)}`, undefined],
    ['objects in objects', `{ gaps(first: ${'{a:'.repeat(900)}1`, undefined],
    ['selections in selections', `{ ${'collectors { '.repeat(900)}`, undefined],
    [
      'a fragment that contains itself',
      '{ ...A } fragment A on Query { ...A }',
      'GRAPHQL_VALIDATION_FAILED',
    ],
    [
      'directives',
      `{ __typename ${'@include(if: true) '.repeat(250)} }`,
      'GRAPHQL_VALIDATION_FAILED',
    ],
    ['unknown directives', `{ __typename ${'@a '.repeat(900)} }`, 'GRAPHQL_VALIDATION_FAILED'],
    ['@defer', '{ ... @defer { __typename } }', 'GRAPHQL_VALIDATION_FAILED'],
    ['@stream', '{ exchanges @stream { exchange } }', 'GRAPHQL_VALIDATION_FAILED'],
    [
      'introspection many times over',
      `{ ${times(25, (i) => `s${i}: __schema { types { fields { args { name } type { fields { name } } } } }`)} }`,
      'QUERY_TOO_COMPLEX',
    ],
  ])('is refused: %s', async (_what, query, code) => {
    for (const result of [await server.post(query), await overWebSocket(server, query)]) {
      const { errors } = result as { errors?: { extensions: { code: string } }[] };
      expect(errors?.length).toBeGreaterThan(0);
      const codes = errors!.map(({ extensions }) => extensions.code);
      if (code !== undefined) expect(codes).toContain(code);
      expect(codes).not.toContain('INTERNAL_SERVER_ERROR');
    }
    expect(server.errors).toEqual([]);
  });

  it('ends soon when fragments double at each step', async () => {
    const query = `{ ...F0 } ${fragments(150)} fragment F150 on Query { __typename }`;
    expect((await server.post(query)).data).toEqual({ __typename: 'Query' });
  });

  it('is one request only: batches are refused', async () => {
    const response = await fetch(`${server.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify([{ query: '{ __typename }' }, { query: '{ __typename }' }]),
    });
    expect(response.status).toBe(400);
  });
});

describe('what an answer would cost', () => {
  it('is counted by first, depth and what a list is assumed to hold', async () => {
    await server.api.close();
    server = await serve({ limits: { cost: 1_000 } });
    const rows = (first: number): string =>
      `{ gaps(first: ${first}) { edges { node { start end cause } } } }`;
    expect((await server.post(rows(100))).errors).toBeUndefined();
    const refused = await server.post(rows(900));
    expect(codeOf(refused)).toBe('QUERY_TOO_COMPLEX');
    expect(refused.errors?.[0]?.message).toContain('MAX_QUERY_COST');
    const variable = 'query ($n: Int) { gaps(first: $n) { edges { node { start end } } } }';
    expect((await server.post(variable, { n: 100 })).errors).toBeUndefined();
    expect(codeOf(await server.post(variable, { n: 900 }))).toBe('QUERY_TOO_COMPLEX');
    const hidden =
      '{ ...A } fragment A on Query { gaps(first: 900) { ...B } } fragment B on GapConnection { edges { node { start } } }';
    expect(codeOf(await server.post(hidden))).toBe('QUERY_TOO_COMPLEX');
    const book = (depth: number): string =>
      `{ orderbook(exchange: UPBIT) { asks(depth: ${depth}) { price volume } } }`;
    expect((await server.post(book(30))).errors).toBeUndefined();
    expect(codeOf(await server.post(book(500)))).toBe('QUERY_TOO_COMPLEX');
  });

  it.each(TRANSPORTS)('bounds an event of a subscription, over %s', async (_name, open) => {
    await server.api.close();
    server = await serve({ limits: { cost: 1_000 } });
    const query = `subscription { orderbook { ${times(10, (i) => `a${i}: asks { price volume }`)} } }`;
    const refused = await (async () => (await open(server.url, query)).next())().catch(
      (error: unknown) => ({ errors: error }),
    );
    expect(JSON.stringify(refused)).toContain('QUERY_TOO_COMPLEX');
    expect(server.api.readers).toBe(0);
  });

  it('leaves what GraphiQL and a dashboard ask', async () => {
    for (let i = 0; i < 500; i++) server.control.put(statusOf(market('UPBIT', `S${i}`)));
    const all =
      'exchange symbol currency state startedAt lastBookAt books repeats reconnects error';
    expect(
      (await server.post(`{ collectors { ${all} } exchanges { exchange enabled } }`)).errors,
    ).toBeUndefined();
    const whole = getIntrospectionQuery({ inputValueDeprecation: true, schemaDescription: true });
    expect((await server.post(whole)).errors).toBeUndefined();
  });
});

describe('limits that are set', () => {
  it('replace the defaults, and each refusal names its variable', async () => {
    await server.api.close();
    server = await serve({
      limits: { depth: 3, aliases: 2, tokens: 100, rows: 50, pageSize: 20, bodyBytes: 2_000 },
    });
    const message = async (query: string): Promise<string | undefined> =>
      (await server.post(query)).errors?.[0]?.message;
    expect(await message('{ gaps { edges { node { start } } } }')).toContain('MAX_QUERY_DEPTH');
    expect(await message(`{ ${times(3, (i) => `a${i}: __typename`)} }`)).toContain(
      'MAX_QUERY_ALIASES',
    );
    expect(await message(`{ ${'__typename '.repeat(120)} }`)).toContain('MAX_QUERY_TOKENS');
    expect(await message('{ gaps(first: 21) { pageInfo { endCursor } } }')).toContain(
      'MAX_PAGE_SIZE',
    );
    const page = (i: number): string =>
      `${i === 0 ? '' : `a${i}: `}gaps(first: 20) { pageInfo { endCursor } }`;
    expect(await message(`{ ${times(3, page)} }`)).toContain('MAX_QUERY_ROWS');
    // Left out, `first` is what there may be.
    expect(await message('{ gaps { pageInfo { endCursor } } }')).toBeUndefined();
    const long = await fetch(`${server.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query: '{ __typename }', variables: { x: 'x'.repeat(3_000) } }),
    });
    expect(long.status).toBe(413);
  });
});

describe('a query that takes long', () => {
  const SLOW = '{ exchanges { exchange marketCount } }';

  it('is answered with QUERY_TIMEOUT over HTTP and WebSocket, and its further reads are not made', async () => {
    await server.api.close();
    server = await serve({ limits: { queryMs: 100 } });
    let reads = 0;
    const finish: (() => void)[] = [];
    const { reader } = server;
    const deadlines: number[] = [];
    reader.until = (deadline) => {
      deadlines.push(deadline);
      return reader;
    };
    reader.exchanges = () =>
      new Promise((resolve) => {
        reads++;
        finish.push(() => resolve([]));
      });
    const before = Date.now();
    const overHttp = await server.post(SLOW);
    expect(codeOf(overHttp)).toBe('QUERY_TIMEOUT');
    expect(overHttp.errors?.[0]?.message).toContain('QUERY_TIMEOUT_MS');
    expect(await overWebSocket(server, SLOW)).toMatchObject({
      errors: [{ extensions: { code: 'QUERY_TIMEOUT' } }],
    });
    expect(reads).toBe(2);
    for (const deadline of deadlines) expect(deadline).toBeGreaterThanOrEqual(before + 100);
    for (const done of finish) done();
    expect((await server.post('{ __typename }')).errors).toBeUndefined();
    expect(server.errors).toEqual([]);
  });

  it('keeps its place until its reads have ended, so that they cannot pile up', async () => {
    await server.api.close();
    server = await serve({ limits: { queryMs: 50, runningQueries: 2 } });
    const finish: (() => void)[] = [];
    server.reader.exchanges = () => new Promise((resolve) => finish.push(() => resolve([])));
    const both = await Promise.all([server.post(SLOW), server.post(SLOW)]);
    expect(both.map(codeOf)).toEqual(['QUERY_TIMEOUT', 'QUERY_TIMEOUT']);
    const refused = await server.post('{ __typename }');
    expect(codeOf(refused)).toBe('TOO_MANY_QUERIES');
    expect(refused.errors?.[0]?.message).toContain('MAX_RUNNING_QUERIES');
    for (const done of finish) done();
    await until(
      'there is room',
      async () => (await server.post('{ __typename }')).data !== undefined,
    );
  });

  it('is not a mutation: what that has done must be known', async () => {
    await server.api.close();
    server = await serve({ limits: { queryMs: 20 } });
    const started = Date.now();
    const start = server.control.start.bind(server.control);
    server.control.start = async (of) => {
      await until('it is late', () => Date.now() - started > 100);
      return start(of);
    };
    const result = await server.post('mutation { startCollector(exchange: UPBIT) { state } }');
    expect(result.data).toEqual({ startCollector: { state: 'STARTING' } });
  });
});

describe('values made to break something', () => {
  it.each([
    [
      'keys of every object',
      '{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}},"x":1}',
    ],
    ['depth', `{"x":1,"y":${'['.repeat(40_000)}${']'.repeat(40_000)}}`],
    ['length', `{"x":1,"y":"${'y'.repeat(90_000)}"}`],
  ])('do not, by %s', async (_what, variables) => {
    const response = await fetch(`${server.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: `{"query":"query ($x: Int) { gaps(first: $x) { pageInfo { endCursor } } }","variables":${variables}}`,
    });
    expect(await response.json()).toEqual({ data: { gaps: { pageInfo: { endCursor: null } } } });
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });

  it('are refused as any other wrong value where a scalar is wanted', async () => {
    const response = await fetch(`${server.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: `{"query":"query ($x: DateTime) { gaps(from: $x) { pageInfo { endCursor } } }","variables":{"x":${'['.repeat(40_000)}${']'.repeat(40_000)}}}`,
    });
    expect(codeOf((await response.json()) as never)).toBe('BAD_USER_INPUT');
    expect(server.errors).toEqual([]);
  });

  it.each([
    '{"query":"query A { __typename } mutation B { startCollector(exchange: UPBIT) { state } }","operationName":""}',
    '{"query":"query A { __typename } mutation B { startCollector(exchange: UPBIT) { state } }","operationName":null}',
    '{"query":"query A { __typename } mutation B { startCollector(exchange: UPBIT) { state } }","operationName":["B"]}',
    '{"query":"query A { __typename } mutation B { startCollector(exchange: UPBIT) { state } }","operationName":"B"}',
    '{"query":"mutation { startCollector(exchange: UPBIT) { state } }","operationName":"query"}',
    '{"query":{"toString":"x"}}',
    '[]',
    'null',
    '',
  ])('do not get past the token: %s', async (body) => {
    await server.api.close();
    server = await serve({ apiToken: 'right' });
    const response = await fetch(`${server.url}/graphql?access_token=right&token=right`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
    });
    const { errors } = (await response.json()) as { errors: unknown[] };
    expect(errors.length).toBeGreaterThan(0);
    expect(server.control.collectors()).toEqual([]);
    expect(server.errors).toEqual([]);
  });
});

describe('the token', () => {
  const MUTATION = 'mutation { startCollector(exchange: UPBIT, symbol: "BUG") { state } }';

  it.each([
    'Bearer wrong',
    'Bearer righ',
    'Bearer rightt',
    'Basic right',
    'right',
    'Bearer right right',
    'Bearer',
  ])('is not %j', async (authorization) => {
    await server.api.close();
    server = await serve({ apiToken: 'right' });
    expect(codeOf(await server.post(MUTATION, {}, { authorization }))).toBe('UNAUTHENTICATED');
  });

  it('is neither in the answer nor in the log when a mutation fails', async () => {
    await server.api.close();
    server = await serve({ apiToken: 'right-and-secret' });
    const answer = await server.post(MUTATION, {}, { authorization: 'Bearer right-and-secret' });
    expect(codeOf(answer)).toBe('INTERNAL_SERVER_ERROR');
    expect(JSON.stringify(answer)).not.toMatch(/right-and-secret|secret detail|\.ts|\/work|stack/);
    expect(server.errors).toHaveLength(1);
    const logged = String((server.errors[0] as Error).stack);
    expect(logged).toContain('secret detail of a bug');
    expect(logged).not.toContain('right-and-secret');
  });
});

describe('the log over GraphQL', () => {
  it('says of an unexpected error only that there was one', async () => {
    server.reader.allLogs = [
      {
        timestamp: 1,
        level: 'error',
        event: 'API_UNEXPECTED_ERROR',
        exchange: null,
        pair: null,
        message: 'unexpected error in the API: Error: x\\u000a    at /home/me/src/main.ts:1:1',
      },
    ];
    const { data } = await server.post('{ logs { edges { node { event message } } } }');
    expect(JSON.stringify(data)).not.toContain('/home');
    expect(data).toMatchObject({
      logs: { edges: [{ node: { message: 'unexpected error in the API; see the log file' } }] },
    });
  });
});
