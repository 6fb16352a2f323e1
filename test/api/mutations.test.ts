import { afterEach, describe, expect, it } from '@jest/globals';
import { graphql } from '../gql/index.js';
import { market } from './helpers/books.js';
import { statusOf } from './helpers/memory-control.js';
import { codeOf, serve, type TestServer } from './helpers/server.js';

const StartMutation = graphql(`
  mutation Start($exchange: Exchange!, $symbol: String! = "BTC", $currency: String! = "KRW") {
    startCollector(exchange: $exchange, symbol: $symbol, currency: $currency) {
      exchange
      symbol
      currency
      state
    }
  }
`);

const StopMutation = graphql(`
  mutation Stop($exchange: Exchange!, $symbol: String! = "BTC") {
    stopCollector(exchange: $exchange, symbol: $symbol) {
      symbol
      state
    }
  }
`);

const ExchangeMutations = graphql(`
  mutation BothExchanges($start: Exchange!, $stop: Exchange!) {
    startExchange(exchange: $start) {
      exchange
      state
    }
    stopExchange(exchange: $stop) {
      exchange
      symbol
      state
    }
  }
`);

const PatternMutations = graphql(`
  mutation Patterns($start: String!, $stop: String!) {
    startCollectors(pattern: $start) {
      exchange
      symbol
      state
    }
    stopCollectors(pattern: $stop) {
      exchange
      symbol
      state
    }
  }
`);

let server: TestServer;
afterEach(() => server.api.close());

describe('mutations', () => {
  it('start and stop a market, BTC-KRW when none is named', async () => {
    server = await serve();
    const started = await server.run(StartMutation, { exchange: 'UPBIT' });
    expect(started.data?.startCollector).toEqual({
      exchange: 'UPBIT',
      symbol: 'BTC',
      currency: 'KRW',
      state: 'STARTING',
    });
    const stopped = await server.run(StopMutation, { exchange: 'UPBIT', symbol: 'btc' });
    expect(stopped.data?.stopCollector).toEqual({ symbol: 'BTC', state: 'STOPPED' });
  });

  it('start and stop all markets that match a pattern, case aside', async () => {
    server = await serve();
    server.control.put(statusOf(market('KORBIT', 'ETH')));
    server.control.put(statusOf(market('UPBIT', 'ETH')));
    const { data } = await server.run(PatternMutations, { start: 'upbit:*-krw', stop: 'ETH-*' });
    expect(data?.startCollectors).toEqual([
      { exchange: 'UPBIT', symbol: 'ETH', state: 'STARTING' },
    ]);
    expect(data?.stopCollectors.map((c) => [c.exchange, c.state])).toEqual([
      ['KORBIT', 'STOPPED'],
      ['UPBIT', 'STOPPED'],
    ]);
  });

  it.each([
    ['BTC', /"BTC" is not a market; write \[EXCHANGE:\]SYMBOL-CURRENCY/],
    ['BINANCE:BTC-KRW', /names an unknown exchange; the exchanges are BITHUMB, COINONE/],
    ['BT*-KRW', /is not a market; write/],
    ['', /must be one pattern, \[EXCHANGE:\]/],
    ['*-KRW,*-BTC', /must be one pattern/],
    ['GOPAX:XYZ-*', /no listed market matches GOPAX:XYZ-\*; a pattern is \[EXCHANGE:\]/],
  ])('refuse the pattern %p with the grammar', async (pattern, message) => {
    server = await serve();
    server.control.put(statusOf(market('UPBIT', 'ETH')));
    const started = await server.run(PatternMutations, { start: pattern, stop: '*-*' });
    expect(codeOf(started)).toBe('BAD_USER_INPUT');
    expect(started.errors?.[0]?.message).toMatch(message);
    expect(started.errors?.[0]?.extensions?.['argument']).toBe('pattern');
  });

  it('start and stop an exchange', async () => {
    server = await serve();
    server.control.put(statusOf(market('KORBIT', 'ETH')));
    const { data } = await server.run(ExchangeMutations, { start: 'UPBIT', stop: 'KORBIT' });
    expect(data).toEqual({
      startExchange: [{ exchange: 'UPBIT', state: 'STARTING' }],
      stopExchange: [{ exchange: 'KORBIT', symbol: 'ETH', state: 'STOPPED' }],
    });
  });

  it('say UNKNOWN_MARKET with the pairs that resemble it', async () => {
    server = await serve();
    const result = await server.run(StartMutation, { exchange: 'UPBIT', symbol: 'NOPE' });
    expect(codeOf(result)).toBe('UNKNOWN_MARKET');
    expect(result.errors?.[0]?.extensions?.['closeMatches']).toEqual(['NOPI-KRW']);
    expect(result.errors?.[0]?.message).toContain('NOPI-KRW');
  });

  it('say EXCHANGE_UNAVAILABLE when the market list is out of reach', async () => {
    server = await serve();
    const result = await server.run(StartMutation, { exchange: 'GOPAX' });
    expect(codeOf(result)).toBe('EXCHANGE_UNAVAILABLE');
  });

  it('keep what an unexpected error says for the log', async () => {
    server = await serve();
    const result = await server.run(StartMutation, { exchange: 'UPBIT', symbol: 'BUG' });
    expect(codeOf(result)).toBe('INTERNAL_SERVER_ERROR');
    expect(JSON.stringify(result)).not.toContain('secret detail');
    expect(String(server.errors[0])).toContain('secret detail');
  });
});

describe('with API_TOKEN', () => {
  const serveGuarded = async (): Promise<void> => {
    server = await serve({ apiToken: 'right-token' });
  };

  it.each([
    undefined,
    'Bearer wrong',
    'Bearer right-token2',
    'right-token',
    'Basic right-token',
    'Bearer ',
  ])('mutations are UNAUTHENTICATED when authorization is %j', async (authorization) => {
    await serveGuarded();
    const headers = authorization === undefined ? {} : { authorization };
    const result = await server.run(StartMutation, { exchange: 'UPBIT' }, headers);
    expect(codeOf(result)).toBe('UNAUTHENTICATED');
    expect(server.control.collectors()).toEqual([]);
  });

  it('every mutation is guarded, aliased, named or among several operations', async () => {
    await serveGuarded();
    for (const query of [
      'mutation { stopCollector(exchange: UPBIT) { state } }',
      'mutation { startExchange(exchange: UPBIT) { state } }',
      'mutation { a: stopExchange(exchange: UPBIT) { state } }',
    ]) {
      expect(codeOf(await server.post(query))).toBe('UNAUTHENTICATED');
    }
    const response = await fetch(`${server.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        query: 'query Q { __typename } mutation M { stopExchange(exchange: UPBIT) { state } }',
        operationName: 'M',
      }),
    });
    expect(codeOf((await response.json()) as never)).toBe('UNAUTHENTICATED');
  });

  it('the right token lets them through, and reading needs none', async () => {
    await serveGuarded();
    const headers = { authorization: 'Bearer right-token' };
    const result = await server.run(StartMutation, { exchange: 'UPBIT' }, headers);
    expect(result.data?.startCollector.state).toBe('STARTING');
    expect((await server.post('{ collectors { state } }')).errors).toBeUndefined();
  });
});
