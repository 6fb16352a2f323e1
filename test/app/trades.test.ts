import { afterEach, expect, it } from '@jest/globals';
import type { Exchange } from '../../src/market/exchange.js';
import { Sqlite } from '../../src/store/sqlite.js';
import { SseSubscription } from '../api/helpers/sse.js';
import { allLive, type Recorder, startRecorder } from '../helpers/recorder.js';
import { until } from '../store/support.js';

let recorder: Recorder | undefined;
afterEach(() => recorder?.close());

interface Node {
  readonly tradeId: string;
  readonly side: string;
  readonly price: string;
  readonly volume: string;
  readonly exchangeTimestamp: string;
  readonly sequence: string;
  readonly origin: string;
  readonly backfilled: boolean;
}

interface Answer {
  readonly trades: {
    readonly edges: { readonly node: Node }[];
    readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null };
  };
}

/** All trades of BTC-KRW that the API has. */
async function stored(exchange: Exchange): Promise<Node[]> {
  const nodes: Node[] = [];
  for (let after: string | null = null; ;) {
    const { trades }: Answer = await recorder!.query<Answer>(
      `query ($exchange: Exchange!, $after: String) { trades(exchange: $exchange, first: 7, after: $after) {
         edges { node { tradeId side price volume exchangeTimestamp sequence origin backfilled } }
         pageInfo { hasNextPage endCursor } } }`,
      { exchange, after },
    );
    nodes.push(...trades.edges.map(({ node }) => node));
    if (!trades.pageInfo.hasNextPage) return nodes;
    after = trades.pageInfo.endCursor;
  }
}

const sorted = (rows: readonly unknown[][]): unknown[][] =>
  [...rows].sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));

it.each(['UPBIT', 'BITHUMB'] as const)(
  'every live trade of %s is stored and delivered exactly once, over a lost connection and a restart',
  async (exchange) => {
    recorder = await startRecorder(
      {},
      { COLLECT: `${exchange}:BTC-KRW`, CHANNELS: 'orderbook,trade' },
    );
    await allLive(recorder);
    const simulator = recorder.simulators[exchange === 'UPBIT' ? 'upbit' : 'bithumb'];
    const ledger = () => simulator.trades.of('BTC-KRW').filter(({ live }) => live > 0);
    // The one on record comes first on each connection: once known, it is a repeat.
    const repeats = () => recorder!.app.supervisor.trades(exchange).repeats;
    const count = async (): Promise<number> =>
      (await stored(exchange)).filter(({ origin }) => origin === 'LIVE').length;
    const allStored = () => until(async () => (await count()) === ledger().length);
    const query = `subscription { trades(exchange: ${exchange}, since: 0) { tradeId } }`;
    const live = await SseSubscription.open(recorder.app.url, query);
    // Its stream of trades stands once the one on record has come.
    await until(async () => (await stored(exchange)).length === 1);
    simulator.trade('BTC-KRW', 'buy');
    simulator.trade('BTC-KRW', 'sell', ['0.0001', '0.0002']);
    simulator.burst('BTC-KRW', 5);
    await allStored();
    for (const { tradeId } of await stored(exchange)) {
      const event = JSON.parse((await live.next())!.data) as { data: { trades: Node } };
      expect(event.data.trades.tradeId).toBe(tradeId);
    }
    live.leave();
    const before = repeats();
    simulator.faults.dropConnections();
    await until(() => repeats() > before);
    const had = ledger().length;
    simulator.trade('BTC-KRW', 'buy');
    await until(() => ledger().length > had);
    await allStored();
    await recorder.restart();
    await until(() => repeats() > 0);
    const last = ledger().length;
    simulator.trade('BTC-KRW', 'sell');
    await until(() => ledger().length > last);
    await allStored();
    const nodes = await stored(exchange);
    expect(
      sorted(
        nodes
          .filter(({ origin }) => origin === 'LIVE')
          .map(({ tradeId, side, price, volume }) => [tradeId, side, price, volume]),
      ),
    ).toEqual(
      sorted(
        ledger().map(({ id, side, price, volume }) => [id, side!.toUpperCase(), price, volume]),
      ),
    );
    // The trade on record, once; and each of them once.
    expect(nodes).toHaveLength(ledger().length + 1);
    expect(new Set(nodes.map(({ tradeId }) => tradeId)).size).toBe(nodes.length);
    const database = new Sqlite(recorder.dbPath, { readonly: true, busyTimeoutMs: 1000 });
    const { names, rows } = database.query('SELECT * FROM trade');
    database.close();
    expect(names).toHaveLength(8);
    expect(rows).toHaveLength(nodes.length);
  },
  30_000,
);

it('what is wrong with a trade is counted and logged, and the others and the books go on', async () => {
  recorder = await startRecorder({}, { COLLECT: 'UPBIT:BTC-KRW', CHANNELS: 'trade,orderbook' });
  await allLive(recorder);
  const { upbit } = recorder.simulators;
  await until(async () => (await stored('UPBIT')).length === 1);
  const faults = [
    'duplicate',
    'idReuse',
    'unknownSide',
    'priceZero',
    'idBack',
    'idLeap',
    'wrongSide',
  ];
  for (const [i, fault] of faults.entries()) {
    upbit.faults.tradeFault('BTC-KRW', fault);
    upbit.trade('BTC-KRW', 'buy', [`0.000${i + 1}`]);
  }
  interface Told {
    exchanges: { exchange: string; trades: Record<string, string> }[];
    logs: { edges: { node: { event: string } }[] };
  }
  const told = () =>
    recorder!.query<Told>(`{
      exchanges { exchange trades { received recorded repeats reusedIds unreadable sideDiffered } }
      logs(exchange: UPBIT) { edges { node { event } } } }`);
  const tally = async () =>
    (await told()).exchanges.find(({ exchange }) => exchange === 'UPBIT')!.trades;
  await until(async () => Number((await tally())['received']) === 7);
  expect(await tally()).toEqual({
    received: '7',
    recorded: '6',
    repeats: '1',
    reusedIds: '1',
    unreadable: '2',
    sideDiffered: '1',
  });
  await until(async () => (await stored('UPBIT')).length === 6);
  const events = (await told()).logs.edges.map(({ node }) => node.event);
  expect(events).toContain('TRADE_UNREADABLE');
  expect(events).toContain('TRADE_ID_REUSED');
  expect(events).not.toContain('API_ERROR');
  expect(recorder.status('UPBIT:BTC-KRW')).toMatchObject({ state: 'LIVE', parseFailures: 0 });
});
