import { afterEach, expect, it } from '@jest/globals';
import { EXCHANGES, type Exchange } from '../../src/market/exchange.js';
import { Sqlite } from '../../src/store/engine/sqlite/sqlite.js';
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

it.each(EXCHANGES)(
  'every live trade of %s is stored and delivered exactly once, over a lost connection and a restart',
  async (exchange) => {
    recorder = await startRecorder(
      {},
      { COLLECT: `${exchange}:BTC-KRW`, CHANNELS: 'orderbook,trade' },
      // What the stream brings, without the history.
      { checkTimes: { settleMs: Infinity } },
    );
    await allLive(recorder);
    const simulator = recorder.simulators[exchange.toLowerCase() as Lowercase<Exchange>];
    const ledger = () => simulator.trades.of('BTC-KRW').filter(({ live }) => live > 0);
    const live = async (): Promise<Node[]> =>
      (await stored(exchange)).filter(({ origin }) => origin === 'LIVE');
    const allStored = () => until(async () => (await live()).length === ledger().length);
    // A stream of trades stands once one has gone out on it: not every exchange begins with one on record.
    const tradeUntilHeard = async (): Promise<void> => {
      const had = ledger().length;
      await until(() => {
        simulator.trade('BTC-KRW', 'sell', ['0.0001']);
        return ledger().length > had;
      });
    };
    const query = `subscription { trades(exchange: ${exchange}, since: 0) { tradeId origin } }`;
    const events = await SseSubscription.open(recorder.app.url, query);
    await tradeUntilHeard();
    simulator.trade('BTC-KRW', 'buy');
    simulator.trade('BTC-KRW', 'sell', ['0.0001', '0.0002']);
    simulator.burst('BTC-KRW', 5);
    await allStored();
    const delivered: string[] = [];
    while (delivered.length < ledger().length) {
      const { data } = JSON.parse((await events.next())!.data) as { data: { trades: Node } };
      if (data.trades.origin === 'LIVE') delivered.push(data.trades.tradeId);
    }
    events.leave();
    expect([...delivered].sort()).toEqual((await live()).map(({ tradeId }) => tradeId).sort());
    simulator.faults.dropConnections();
    await tradeUntilHeard();
    await allStored();
    await recorder.restart();
    await tradeUntilHeard();
    await allStored();
    const happened = ledger().map((t) => [t.id, t.side!.toUpperCase(), t.price, t.volume]);
    const ids = new Set(happened.map(([id]) => id));
    const kept = (await live()).filter(({ tradeId }) => ids.has(tradeId));
    expect(
      sorted(kept.map(({ tradeId, side, price, volume }) => [tradeId, side, price, volume])),
    ).toEqual(sorted(happened));
    const nodes = await stored(exchange);
    expect(new Set(nodes.map(({ tradeId }) => tradeId)).size).toBe(nodes.length);
    // Trading goes on.
    const database = new Sqlite(recorder.dbPath, { readonly: true, busyTimeoutMs: 1000 });
    const { names, rows } = database.query('SELECT * FROM trade');
    database.close();
    expect(names).toHaveLength(8);
    expect(rows.length).toBeGreaterThanOrEqual(nodes.length);
    expect(new Set(rows.map((row) => row.at(-1))).size).toBe(rows.length);
  },
  30_000,
);
