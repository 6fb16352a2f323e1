import { afterEach, describe, expect, it } from '@jest/globals';
import { EXCHANGES, type Exchange } from '../../src/market/exchange.js';
import type { SentTrade } from '../../src/simulator/trade/trade.js';
import { allLive, type Recorder, startRecorder } from '../helpers/recorder.js';
import { until } from '../store/support.js';

let recorder: Recorder | undefined;
afterEach(() => recorder?.close());

const NAMES = {
  UPBIT: 'upbit',
  BITHUMB: 'bithumb',
  COINONE: 'coinone',
  KORBIT: 'korbit',
  GOPAX: 'gopax',
} as const;
/** Checks as fast as a test wants them. */
const CHECK_TIMES = { settleMs: 500, everyMs: 300, tellMs: 100, volumesAfterMs: Infinity };

const start = async (exchange: Exchange): Promise<void> => {
  recorder = await startRecorder(
    {},
    { COLLECT: `${exchange}:BTC-KRW`, CHANNELS: 'orderbook,trade' },
    { checkTimes: CHECK_TIMES },
  );
  await allLive(recorder);
  // Messages lag behind their trades: the first ones would be from before the start.
  await until(() => recorder!.app.supervisor.trades(exchange).historyPages > 0);
};

interface Node {
  readonly tradeId: string;
  readonly side: string;
  readonly price: string;
  readonly volume: string;
  readonly origin: string;
  readonly exchangeTimestamp: string;
  readonly completeness: string;
}

async function stored(exchange: Exchange): Promise<Node[]> {
  const { trades } = await recorder!.query<{ trades: { edges: { node: Node }[] } }>(
    `query ($exchange: Exchange!) { trades(exchange: $exchange, first: 900) {
       edges { node { tradeId side price volume origin exchangeTimestamp completeness } } } }`,
    { exchange },
  );
  return trades.edges.map(({ node }) => node);
}

/** Contents of trades as the ledger and the API have them. */
const contents = (rows: readonly (SentTrade | Node)[]): string[] =>
  rows.map(({ side, price, volume }) => `${side!.toLowerCase()} ${price} ${volume}`).sort();

describe.each(EXCHANGES)('missed trades of %s', (exchange) => {
  it('are taken from its history: lost on the way, over a lost connection and a restart', async () => {
    await start(exchange);
    const simulator = recorder!.simulators[NAMES[exchange]];
    const ledger = () => simulator.trades.of('BTC-KRW').filter(({ history }) => !history);
    await until(() => {
      simulator.trade('BTC-KRW', 'sell', ['0.0001']);
      return ledger().some(({ live }) => live > 0);
    });
    simulator.faults.tradeFault('BTC-KRW', 'hole', 2);
    simulator.trade('BTC-KRW', 'buy', ['0.0002', '0.0002']);
    simulator.faults.dropConnections();
    simulator.trade('BTC-KRW', 'buy', ['0.0003']);
    simulator.burst('BTC-KRW', 3);
    const allStored = () =>
      until(async () => {
        const nodes = (await stored(exchange)).filter(({ origin }) => origin !== 'SNAPSHOT');
        return nodes.length >= ledger().filter(({ id }) => !snapshots.has(id)).length;
      });
    /** Those that came as the last ones on record. */
    const snapshots = new Set<string>();
    const noteSnapshots = async (): Promise<void> => {
      for (const { origin, tradeId } of await stored(exchange))
        if (origin === 'SNAPSHOT') snapshots.add(tradeId);
    };
    await until(async () => {
      await noteSnapshots();
      return (await stored(exchange)).some(({ volume }) => volume === '0.0003');
    });
    await allStored();
    await recorder!.stop();
    simulator.trade('BTC-KRW', 'sell', ['0.0004']);
    simulator.trade('BTC-KRW', 'sell', ['0.0005', '0.0005']);
    await recorder!.restart();
    await until(async () => {
      await noteSnapshots();
      return (await stored(exchange)).filter(({ volume }) => volume === '0.0005').length === 2;
    });
    await allStored();
    const known = new Set(ledger().map(({ id }) => id));
    const own = (await stored(exchange)).filter(
      ({ tradeId, origin }) => origin !== 'SNAPSHOT' || known.has(tradeId),
    );
    expect(contents(own)).toEqual(contents(ledger()));
  }, 30_000);
});
