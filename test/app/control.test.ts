import { expect } from '@jest/globals';
import { atOnce as it } from '../helpers/at-once.js';
import { allLive, logged, recording } from '../helpers/recorder.js';
import { eventually, until } from '../helpers/wait.js';

/** A recorder, and what the tests ask of it. */
async function start(...args: Parameters<typeof recording>) {
  const recorder = await recording(...args);
  return {
    recorder,
    state: (key: string): string | undefined => recorder.status(key)?.state,
    mutate: <T>(text: string): Promise<T> => recorder.query<T>(`mutation { ${text} }`),
  };
}

it('starts a validated market, names close matches of an unknown one, and is idempotent', async () => {
  const { recorder, state, mutate } = await start({}, { COLLECT: 'UPBIT:BTC-KRW' });
  await allLive(recorder);
  await mutate('startCollector(exchange: UPBIT, symbol: "ETH") { state }');
  await until(() => state('UPBIT:ETH-KRW') === 'LIVE', 'ETH live');
  const books = recorder.status('UPBIT:ETH-KRW')!.books;
  await mutate('startCollector(exchange: UPBIT, symbol: "ETH") { state }');
  expect(recorder.status('UPBIT:ETH-KRW')!.books).toBeGreaterThanOrEqual(books);
  await expect(mutate('startCollector(exchange: UPBIT, symbol: "ETHH") { state }')).rejects.toThrow(
    /UPBIT does not list ETHH-KRW; did you mean ETH-KRW.*UNKNOWN_MARKET/,
  );
  expect(recorder.simulators.upbit.upgrades).toHaveLength(1);
});

it('remembers wishes across restarts, above COLLECT', async () => {
  const { recorder, state, mutate } = await start({}, { COLLECT: 'UPBIT:BTC-KRW,KORBIT:BTC-KRW' });
  await allLive(recorder);
  await mutate('startCollector(exchange: UPBIT, symbol: "XRP") { state }');
  await mutate('stopCollector(exchange: UPBIT) { state }');
  await mutate('stopExchange(exchange: KORBIT) { state }');
  expect(state('UPBIT:BTC-KRW')).toBe('STOPPED');
  await until(() => recorder.simulators.korbit.connections() === 0, 'the closed socket');
  await recorder.restart();
  await until(() => state('UPBIT:XRP-KRW') === 'LIVE', 'XRP live again');
  expect(state('UPBIT:BTC-KRW')).toBe('STOPPED');
  expect(state('KORBIT:BTC-KRW')).toBe('STOPPED');
  expect(recorder.simulators.korbit.connections()).toBe(0);
  await mutate('startExchange(exchange: KORBIT) { state }');
  await until(() => state('KORBIT:BTC-KRW') === 'LIVE', 'Korbit live');
  const { exchanges } = await recorder.query<{
    exchanges: { exchange: string; enabled: boolean }[];
  }>('{ exchanges { exchange enabled } }');
  expect(exchanges.every((e) => e.enabled)).toBe(true);
});

it('enables a stopped exchange with all its wanted markets by a start of one', async () => {
  const { recorder, state, mutate } = await start({}, { COLLECT: 'UPBIT:BTC-KRW' });
  await allLive(recorder);
  await mutate('stopExchange(exchange: UPBIT) { state }');
  await mutate('startCollector(exchange: UPBIT, symbol: "ETH") { state }');
  await until(() => state('UPBIT:ETH-KRW') === 'LIVE', 'ETH live');
  await until(() => state('UPBIT:BTC-KRW') === 'LIVE', 'BTC live');
});

it('starts BTC-KRW when an exchange is started without any wanted market', async () => {
  const { recorder, state, mutate } = await start({}, { COLLECT: '' });
  expect(recorder.app.supervisor.collectors()).toEqual([]);
  await mutate('startExchange(exchange: COINONE) { state symbol }');
  await until(() => state('COINONE:BTC-KRW') === 'LIVE', 'live');
});

it('fails an explicit market that the exchange does not list, while the others run', async () => {
  const { recorder, state } = await start(
    {},
    { COLLECT: 'UPBIT:BTX-KRW,UPBIT:BTC-KRW,GOPAX:NOPE-KRW' },
  );
  await until(() => state('UPBIT:BTC-KRW') === 'LIVE', 'BTC live');
  expect(recorder.status('UPBIT:BTX-KRW')).toMatchObject({
    state: 'FAILED',
    error: expect.stringMatching(/does not list BTX-KRW; did you mean BTC-KRW/),
  });
  expect(state('GOPAX:NOPE-KRW')).toBe('FAILED');
  const unknown = await eventually(
    () => logged(recorder, 'MARKET_UNKNOWN'),
    ({ length }) => length === 2,
    'both markets in the log',
  );
  const record = { event: 'MARKET_UNKNOWN', level: 'ERROR' };
  expect(unknown.sort((a, b) => a.symbol!.localeCompare(b.symbol!))).toEqual([
    { ...record, exchange: 'UPBIT', symbol: 'BTX', message: expect.stringContaining('BTC-KRW') },
    {
      ...record,
      exchange: 'GOPAX',
      symbol: 'NOPE',
      message: expect.stringContaining('DOGE-KRW'),
    },
  ]);
});

it('says EXCHANGE_UNAVAILABLE when a market cannot be validated', async () => {
  const { mutate } = await start({}, { COLLECT: '', UPBIT_REST_URL: 'http://127.0.0.1:9' });
  await expect(mutate('startCollector(exchange: UPBIT) { state }')).rejects.toThrow(
    /UPBIT cannot be reached: its market list cannot be fetched.*EXCHANGE_UNAVAILABLE/,
  );
});

it('records an explicit market though its market list cannot be had', async () => {
  const { state } = await start(
    {},
    { COLLECT: 'UPBIT:BTC-KRW', UPBIT_REST_URL: 'http://127.0.0.1:9' },
  );
  await until(() => state('UPBIT:BTC-KRW') === 'LIVE', 'live');
});

it('expands patterns over the listed markets', async () => {
  const { recorder } = await start({}, { COLLECT: 'KORBIT:*-KRW,UPBIT:*-BTC' });
  await allLive(recorder);
  const collectors = recorder.app.supervisor.collectors();
  expect(collectors.filter((c) => c.market.exchange === 'KORBIT').length).toBeGreaterThan(5);
  expect(
    collectors
      .filter((c) => c.market.exchange === 'UPBIT')
      .every((c) => c.market.currency === 'BTC'),
  ).toBe(true);
  expect(collectors.some((c) => c.market.exchange === 'GOPAX')).toBe(false);
});

interface Gaps {
  gaps: {
    edges: {
      node: { exchange: string; cause: string; start: string; end: string | null; detail: string };
    }[];
  };
}
const GAPS = '{ gaps { edges { node { exchange cause start end detail } } } }';

it('gaps are opened by a lost connection and closed by the next book; other exchanges have none', async () => {
  const { recorder, state } = await start({}, { COLLECT: 'UPBIT:BTC-KRW,COINONE:BTC-KRW' });
  await allLive(recorder);
  recorder.simulators.upbit.faults.dropConnections();
  await until(() => recorder.status('UPBIT:BTC-KRW')!.reconnects === 1, 'the reconnection');
  await allLive(recorder);
  const { gaps } = await eventually(
    () => recorder.query<Gaps>(GAPS),
    (d) => d.gaps.edges.some((e) => e.node.end !== null),
    'the closed gap',
  );
  expect(gaps.edges).toHaveLength(1);
  expect(gaps.edges[0]!.node).toMatchObject({ exchange: 'UPBIT', cause: 'DISCONNECTED' });
  expect(state('COINONE:BTC-KRW')).toBe('LIVE');
  expect(recorder.status('COINONE:BTC-KRW')!.reconnects).toBe(0);
});

it('gaps cover the time the program was down, but not a market stopped on request', async () => {
  const { recorder, state, mutate } = await start({}, { COLLECT: 'UPBIT:BTC-KRW,UPBIT:ETH-KRW' });
  await allLive(recorder);
  await mutate('stopCollector(exchange: UPBIT, symbol: "ETH") { state }');
  await recorder.restart();
  await until(() => state('UPBIT:BTC-KRW') === 'LIVE', 'live');
  await mutate('startCollector(exchange: UPBIT, symbol: "ETH") { state }');
  await until(() => state('UPBIT:ETH-KRW') === 'LIVE', 'live');
  const { gaps } = await eventually(
    () => recorder.query<Gaps>(GAPS),
    (d) => d.gaps.edges.some((e) => e.node.end !== null),
    'the gap',
  );
  expect(gaps.edges.map((e) => e.node)).toEqual([
    expect.objectContaining({ cause: 'PROCESS_DOWN', detail: 'the program was stopped' }),
  ]);
});

it('gives the newest book, the book at a time, and null before the first', async () => {
  const { recorder } = await start({}, { COLLECT: 'UPBIT:BTC-KRW', STORE_DEPTH: '3' });
  const before = new Date(Date.now() - 1000).toISOString();
  await allLive(recorder);
  const first = recorder.app.bus.current({ exchange: 'UPBIT', symbol: 'BTC', currency: 'KRW' })!;
  expect(first.asks).toHaveLength(3);
  const at = new Date(first.timestamp).toISOString();
  await until(() => Date.now() > first.timestamp, 'a later time');
  recorder.simulators.upbit.setBook('BTC-KRW', [['7', '0.1']], [['6', '99999999.99999999']]);
  await until(
    () => recorder.app.bus.current(first.market)!.sequence > first.sequence,
    'the second book',
  );
  await until(() => recorder.app.storeStats().queuedBooks === 0, 'it to be stored');
  type Book = {
    sequence: string;
    bids: { price: string; volume: string }[];
    spread: string;
    midPrice: string;
  };
  const text = (arg: string): string =>
    `{ b: orderbook(exchange: UPBIT${arg}) { sequence bids { price volume } spread midPrice } }`;
  const ask = async (arg: string): Promise<Book | null> =>
    (await recorder.query<{ b: Book | null }>(text(arg))).b;
  expect(await ask('')).toMatchObject({
    bids: [{ price: '6', volume: '99999999.99999999' }],
    spread: '1',
    midPrice: '6.5',
  });
  expect((await ask(`, at: "${at}"`))!.sequence).toBe(String(first.sequence));
  expect(await ask(`, at: "${before}"`)).toBeNull();
});

it('starts and stops by pattern, kept across restarts, listed later included', async () => {
  const pairs = ['BTC-KRW', 'ETH-KRW', 'ETH-BTC'];
  const { recorder, state, mutate } = await start(
    { pairs },
    { COLLECT: 'KORBIT:BTC-KRW', MARKETS_REFRESH_MS: '1000' },
  );
  await allLive(recorder);
  const { startCollectors } = await mutate<{ startCollectors: { symbol: string }[] }>(
    'startCollectors(pattern: "UPBIT:*-KRW") { symbol }',
  );
  expect(startCollectors.map((c) => c.symbol).sort()).toEqual(['BTC', 'ETH']);
  await until(() => state('UPBIT:ETH-KRW') === 'LIVE', 'ETH live');
  expect(state('UPBIT:ETH-BTC')).toBeUndefined();
  await mutate('stopCollectors(pattern: "ETH-KRW") { symbol }');
  expect(state('UPBIT:ETH-KRW')).toBe('STOPPED');
  await recorder.restart();
  await until(() => state('UPBIT:BTC-KRW') === 'LIVE', 'BTC live again');
  expect(state('UPBIT:ETH-KRW') ?? 'STOPPED').toBe('STOPPED');
  recorder.simulators.upbit.list('XRP-KRW');
  await until(() => state('UPBIT:XRP-KRW') === 'LIVE', 'the new listing');
  expect(recorder.simulators.upbit.upgrades.length).toBeLessThanOrEqual(2);
  await expect(mutate('startCollectors(pattern: "UPBIT:*-XYZ") { symbol }')).rejects.toThrow(
    /no listed market matches UPBIT:\*-XYZ.*BAD_USER_INPUT/,
  );
});

it('stops what is delisted without a gap, once a second list confirms it, and takes it up again', async () => {
  const { recorder, state } = await start(
    { pairs: ['BTC-KRW', 'ETH-KRW', 'XRP-KRW'] },
    { COLLECT: 'UPBIT:*-KRW,UPBIT:XRP-KRW', MARKETS_REFRESH_MS: '1000' },
  );
  await allLive(recorder);
  recorder.simulators.upbit.delist('ETH-KRW');
  recorder.simulators.upbit.delist('XRP-KRW');
  await until(() => state('UPBIT:ETH-KRW') === 'STOPPED', 'ETH stopped');
  expect(recorder.status('UPBIT:ETH-KRW')!.error).toMatch(/no longer lists this market/);
  expect(state('UPBIT:XRP-KRW')).toBe('FAILED');
  expect(state('UPBIT:BTC-KRW')).toBe('LIVE');
  const { gaps } = await recorder.query<{ gaps: { edges: unknown[] } }>(
    '{ gaps { edges { node { symbol cause } } } }',
  );
  expect(gaps.edges).toEqual([]);
  recorder.simulators.upbit.list('ETH-KRW');
  await until(() => state('UPBIT:ETH-KRW') === 'LIVE', 'ETH live again');
  expect(recorder.simulators.upbit.upgrades).toHaveLength(1);
});

it('ends the gap of a market that was refused before the list said that it is gone', async () => {
  const { recorder, state } = await start(
    { pairs: ['BTC-KRW', 'ETH-KRW', 'XRP-KRW'] },
    { COLLECT: 'BITHUMB:*-KRW,BITHUMB:XRP-KRW', MARKETS_REFRESH_MS: '1000' },
  );
  await allLive(recorder);
  recorder.simulators.bithumb.delist('ETH-KRW');
  recorder.simulators.bithumb.delist('XRP-KRW');
  await until(() => state('BITHUMB:ETH-KRW') === 'STOPPED', 'ETH stopped');
  expect(state('BITHUMB:XRP-KRW')).toBe('FAILED');
  expect(recorder.status('BITHUMB:XRP-KRW')!.error).toMatch(/no longer lists this market/);
  const { gaps } = await eventually(
    () => recorder.query<Gaps>(GAPS),
    (d) => d.gaps.edges.length === 2 && d.gaps.edges.every((e) => e.node.end !== null),
    'both gaps closed',
  );
  expect(gaps.edges.map((e) => e.node.cause)).toEqual(['REFUSED', 'REFUSED']);
});

const ETH = { exchange: 'UPBIT', symbol: 'ETH', currency: 'KRW' } as const;
const ALL_UPBIT = { exchange: 'UPBIT', symbol: null, currency: 'KRW' } as const;

it('mutations at the same time about a market and a pattern are kept in the order in which they were done', async () => {
  const { recorder, state } = await start({}, { COLLECT: '' });
  await recorder.app.tried;
  const { supervisor } = recorder.app;
  await Promise.all([supervisor.start(ETH), supervisor.stopMatching(ALL_UPBIT)]);
  expect(state('UPBIT:ETH-KRW')).toBe('STOPPED');
  await recorder.restart();
  await recorder.app.tried;
  expect(state('UPBIT:ETH-KRW') ?? 'STOPPED').toBe('STOPPED');
});

it('mutations at the same time with the end of the program open no connection any more', async () => {
  const { recorder } = await start({}, { COLLECT: '' });
  await recorder.app.tried;
  const { supervisor } = recorder.app;
  const started = supervisor.start(ETH);
  await new Promise(setImmediate);
  await supervisor.close();
  await started;
  await expect(
    until(() => recorder.simulators.upbit.upgrades.length > 0, 'none', 500),
  ).rejects.toThrow();
});
