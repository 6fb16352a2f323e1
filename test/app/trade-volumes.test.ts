import { afterEach, expect, it, jest } from '@jest/globals';
import type { CheckTimes } from '../../src/collector/history/history-checker.js';
import type { Exchange } from '../../src/market/exchange.js';
import { allLive, logged, type Recorder, startRecorder } from '../helpers/recorder.js';
import { eventually } from '../helpers/wait.js';
import { until } from '../store/support.js';

const MINUTE = 60_000;
/** How long the recorder is away, so that it knows the whole minute of its return. */
const AWAY = 3 * MINUTE;
/** Runs that only record, and one that checks what they have recorded. */
const NEVER: CheckTimes = {
  settleMs: Infinity,
  everyMs: 300,
  reportEveryMs: 50,
  volumesAfterMs: Infinity,
};
const AT_ONCE: CheckTimes = { settleMs: 0, everyMs: 300, reportEveryMs: 50, volumesAfterMs: 0 };

let recorder: Recorder | undefined;
afterEach(async () => {
  jest.restoreAllMocks();
  await recorder?.close();
});

interface Answer {
  readonly coverage: {
    readonly trades: {
      readonly verifiedByVolumeMs: string;
      readonly spans: {
        readonly edges: readonly {
          readonly node: { start: string; end: string; completeness: string };
        }[];
      };
    };
  };
  readonly trades: {
    readonly edges: readonly { readonly node: { volume: string; completeness: string } }[];
  };
  readonly exchanges: readonly {
    readonly exchange: string;
    readonly trades: { volumesAgreed: string; volumesDiffered: string };
  }[];
}

it.each(['UPBIT', 'BITHUMB', 'GOPAX'] as const)(
  'minutes whose volume %s confirms are VERIFIED_BY_VOLUME; one with a trade that no feed reported is not, and is counted',
  async (exchange: Exchange) => {
    const checkTimes = { ...NEVER };
    // The past is played first: in the end the clock is right.
    const real = Date.now;
    // All begins early in a minute, so that what is traded together is of one minute.
    const late = (real() % MINUTE) - 5_000;
    let behind = 3 * AWAY + late;
    jest.spyOn(Date, 'now').mockImplementation(() => real() - behind);
    recorder = await startRecorder(
      {},
      { COLLECT: `${exchange}:BTC-KRW`, CHANNELS: 'orderbook,trade', LOG_LANG: 'en' },
      { checkTimes },
    );
    await allLive(recorder);
    const simulator = recorder.simulators[exchange.toLowerCase() as Lowercase<Exchange>];
    /** The recorder is away. */
    const later = async (by = AWAY): Promise<void> => {
      await recorder!.stop();
      behind -= by;
      await recorder!.restart();
      await allLive(recorder!);
    };
    const minuteNow = (): number => Math.floor(Date.now() / MINUTE) * MINUTE;
    const heard = (): number =>
      simulator.trades.of('BTC-KRW').filter(({ live, history }) => !history && live > 0).length;
    /** Trades until `count` more went out whole, and waits until they are stored. */
    const trade = async (count: number, volume: string): Promise<void> => {
      const wanted = heard() + count;
      await until(() => {
        if (heard() < wanted) simulator.trade('BTC-KRW', 'buy', [volume]);
        return heard() >= wanted;
      });
      await until(() => recorder!.app.supervisor.tally(exchange).trades.recorded >= count);
    };
    await later();
    await trade(2, '0.0003');
    const agreed = minuteNow();
    await later();
    await trade(1, '0.0002');
    simulator.faults.tradeFault('BTC-KRW', 'unreported');
    simulator.trade('BTC-KRW', 'buy', ['0.0007']);
    // The newest one is told to each new subscriber.
    await trade(2, '0.0002');
    const differed = minuteNow();
    Object.assign(checkTimes, AT_ONCE);
    await later(AWAY + late);
    const tally = () => recorder!.app.supervisor.tally(exchange).trades;
    await until(() => tally().volumesDiffered > 0 && tally().volumesAgreed > 0, 30_000);
    expect(tally().volumesDiffered).toBe(1);
    const ask = (): Promise<Answer> =>
      recorder!.query<Answer>(
        `query ($exchange: Exchange!, $from: DateTime!, $to: DateTime!) {
           coverage(exchange: $exchange, from: $from, to: $to) { trades { verifiedByVolumeMs
             spans { edges { node { start end completeness } } } } }
           trades(exchange: $exchange, first: 900) { edges { node { volume completeness } } }
           exchanges { exchange trades { volumesAgreed volumesDiffered } } }`,
        {
          exchange,
          from: new Date(agreed - MINUTE).toISOString(),
          to: new Date(Date.now()).toISOString(),
        },
      );
    const wordAt = (answer: Answer, time: number): string | undefined =>
      answer.coverage.trades.spans.edges.find(
        ({ node }) => Date.parse(node.start) <= time && time < Date.parse(node.end),
      )?.node.completeness;
    const answer = await eventually(
      ask,
      // The two parts of an answer may have been read before and after the check.
      (seen) =>
        wordAt(seen, agreed) === 'VERIFIED_BY_VOLUME' &&
        seen.trades.edges.some(({ node }) => node.completeness === 'VERIFIED_BY_VOLUME'),
      `VERIFIED_BY_VOLUME at ${new Date(agreed).toISOString()}`,
      30_000,
    );
    const at = (time: number): string | undefined => wordAt(answer, time);
    expect([at(agreed), at(agreed + MINUTE - 1)]).toEqual(Array(2).fill('VERIFIED_BY_VOLUME'));
    expect([at(differed), at(differed + MINUTE - 1)]).toEqual(Array(2).fill('VERIFIED_BY_REST'));
    const known = answer.trades.edges.map(({ node }) => `${node.volume} ${node.completeness}`);
    expect(known).toContain('0.0003 VERIFIED_BY_VOLUME');
    const counts = answer.exchanges.find((one) => one.exchange === exchange)!.trades;
    expect(counts.volumesDiffered).toBe('1');
    expect(await logged(recorder, 'TRADE_VOLUME_DIFFERS')).toHaveLength(1);
  },
  90_000,
);
