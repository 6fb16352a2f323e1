import { describe, expect, it } from '@jest/globals';
import { startApp } from '../../src/app.js';
import { EXCHANGES } from '../../src/market/exchange.js';
import { readConfig } from '../../src/settings/config.js';
import { gapsOf } from '../helpers/accounts.js';
import { allLive, startRecorder } from '../helpers/recorder.js';
import { eventually, until } from '../helpers/wait.js';
import { MARKETS, setClock, simulators, start, useClock } from './clocked.js';

interface Spans {
  readonly coverage: {
    readonly trades: {
      readonly spans: {
        readonly edges: readonly {
          readonly node: { start: string; end: string; completeness: string; cause: string | null };
        }[];
      };
    };
  };
}

describe('trades that were under way when the program was killed', () => {
  useClock();

  it('lie in a gap, though by the clock they happened long before its last sign of life', async () => {
    // As if each message had taken three seconds.
    setClock(3_000);
    const env = { CHANNELS: 'orderbook,trade', BITHUMB_TRANSPORT: 'ws' };
    const program = await start(env);
    const live = Date.now();
    const stored = async (): Promise<number> => {
      const counts = await Promise.all(
        EXCHANGES.map((exchange) =>
          program.query<{ trades: { edges: { node: { origin: string } }[] } }>(
            `{ trades(exchange: ${exchange}, first: 900) { edges { node { origin } } } }`,
          ),
        ),
      );
      return counts.filter(({ trades }) => trades.edges.some(({ node }) => node.origin === 'LIVE'))
        .length;
    };
    await eventually(
      () => {
        for (const simulator of simulators.all) simulator.trade('BTC-KRW', 'buy', ['0.0001']);
        return stored();
      },
      // By its own clock it has been recording for less time, and GOPAX dates by whole seconds: what comes before is no loss.
      (count) => count === MARKETS && Date.now() > live + 5_000,
      'live trades of each exchange',
    );
    await program.end('SIGKILL');
    for (const simulator of simulators.all) simulator.trade('BTC-KRW', 'sell', ['0.0007']);
    const lost = new Map(
      simulators.all.map((simulator) => [
        simulator.exchange,
        simulator.trades.of('BTC-KRW').at(-1)!.ms,
      ]),
    );
    // No history helps.
    for (const simulator of simulators.all) simulator.faults.rest({ status: 503, body: 'closed' });
    const next = await start(env);
    for (const [exchange, ms] of lost) {
      const spansAt = async () => {
        const { coverage } = await next.query<Spans>(
          `{ coverage(exchange: ${exchange}) { trades { spans(first: 900) { edges { node { start end completeness cause } } } } } }`,
        );
        return coverage.trades.spans.edges
          .map(({ node }) => node)
          .filter((node) => Date.parse(node.start) <= ms && ms < Date.parse(node.end));
      };
      const found = await eventually(
        spansAt,
        ([span]) => span?.completeness === 'GAP',
        `a gap of ${exchange} at ${new Date(ms).toISOString()}`,
      );
      expect(found[0]).toMatchObject({ cause: 'PROCESS_DOWN' });
    }
  }, 60_000);
});

it('a start that fails takes nothing from the outage before it', async () => {
  const settings = { COLLECT: 'UPBIT:BTC-KRW', CHANNELS: 'orderbook,trade' };
  const recorder = await startRecorder({}, settings);
  try {
    await allLive(recorder);
    await recorder.stop();
    const stoppedAt = Date.now();
    const port = new URL(recorder.simulators.env['UPBIT_REST_URL']!).port;
    const paths = { DB_PATH: recorder.dbPath, LOG_PATH: `${recorder.folder}/logs` };
    const env = { ...recorder.simulators.env, ...settings, ...paths };
    await until(() => Date.now() > stoppedAt + 50, 'some time without the program');
    await expect(startApp(readConfig({ ...env, PORT: port }), true)).rejects.toThrow(/PORT/);
    await recorder.restart();
    await allLive(recorder);
    const gaps = await eventually(
      () => gapsOf((query) => recorder.query(query)),
      (gaps) => gaps.some(({ end }) => end !== null),
      'the gap',
    );
    expect(gaps).toHaveLength(1);
    expect(gaps[0]).toMatchObject({ cause: 'PROCESS_DOWN' });
    expect(gaps[0]!.start).toBeLessThanOrEqual(stoppedAt);
  } finally {
    await recorder.close();
  }
});
