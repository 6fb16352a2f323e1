import { expect } from '@jest/globals';
import { EXCHANGES, type Exchange } from '../../src/market/exchange.js';
import { type SentTrade, TRADE_FAULTS } from '../../src/simulator/trade/trade.js';
import { atOnce } from '../helpers/at-once.js';
import { allLive, logged, type Recorder, recording } from '../helpers/recorder.js';
import { eventually } from '../helpers/wait.js';
import { until } from '../store/support.js';

/** Checks as fast as a test wants them. */
const CHECK_TIMES = { settleMs: 1_000, everyMs: 300, reportEveryMs: 100, volumesAfterMs: Infinity };

const start = async (exchange: Exchange): Promise<Recorder> => {
  const recorder = await recording(
    {},
    { COLLECT: `${exchange}:BTC-KRW`, CHANNELS: 'orderbook,trade' },
    // GOPAX dates trades by whole seconds: what is checked must not reach into a second that goes on.
    {
      checkTimes: { ...CHECK_TIMES, settleMs: exchange === 'GOPAX' ? 2_000 : CHECK_TIMES.settleMs },
    },
  );
  await allLive(recorder);
  // Messages lag behind their trades: the first ones would be from before the start.
  await until(() => recorder.app.supervisor.tally(exchange).trades.historyPages > 0);
  return recorder;
};

/**
 * Trades until one is dated after `time`, Unix ms: trades are dated some 90 ms before their message, those of GOPAX
 * by whole seconds.
 */
async function tradePast(simulator: Recorder['simulators'][Lowercase<Exchange>], time: number) {
  await until(() => {
    simulator.trade('BTC-KRW', 'buy', ['0.0002']);
    return simulator.trades.of('BTC-KRW').at(-1)!.ms > time;
  });
}

/** Asks for what is stored until it is as wanted: not often, for each answer is all that there is. */
const soon = <T>(ask: () => Promise<T>, wanted: (value: T) => boolean): Promise<T> =>
  eventually(ask, wanted, 'what is to be stored', 25_000, 200);

interface Node {
  readonly tradeId: string;
  readonly side: string;
  readonly price: string;
  readonly volume: string;
  readonly origin: string;
  readonly exchangeTimestamp: string;
  readonly completeness: string;
}

async function stored(recorder: Recorder, exchange: Exchange): Promise<Node[]> {
  const { trades } = await recorder.query<{ trades: { edges: { node: Node }[] } }>(
    `query ($exchange: Exchange!) { trades(exchange: $exchange, first: 900) {
       edges { node { tradeId side price volume origin exchangeTimestamp completeness } } } }`,
    { exchange },
  );
  return trades.edges.map(({ node }) => node);
}

/** Those of them that the ledger has: others are of the time before. */
async function storedOf(
  recorder: Recorder,
  exchange: Exchange,
  ledger: readonly SentTrade[],
): Promise<Node[]> {
  const known = new Set(ledger.flatMap(({ id, restId }) => [id, restId]));
  return (await stored(recorder, exchange)).filter(({ tradeId }) => known.has(tradeId));
}

interface Coverage {
  readonly trades: {
    readonly verifiedByRestMs: string;
    readonly gapMs: string;
    readonly spans: {
      readonly edges: readonly {
        readonly node: {
          readonly completeness: string;
          readonly cause: string | null;
          readonly detail: string | null;
          readonly checked: boolean;
          readonly start: string;
          readonly end: string;
        };
      }[];
    };
  };
}

async function coverage(recorder: Recorder, exchange: Exchange): Promise<Coverage> {
  const answer = await recorder.query<{ coverage: Coverage }>(
    `query ($exchange: Exchange!) { coverage(exchange: $exchange, from: "2026-01-01T00:00:00Z") { trades { verifiedByRestMs gapMs
       spans { edges { node { completeness cause detail checked start end } } } } } }`,
    { exchange },
  );
  return answer.coverage;
}

/** Trades until the recorder is sent one. @returns what gives the ledger of all that were made since the start */
async function firstTraded(
  simulator: Recorder['simulators'][Lowercase<Exchange>],
): Promise<() => SentTrade[]> {
  const ledger = () => simulator.trades.of('BTC-KRW').filter(({ history }) => !history);
  await soon(
    async () => {
      simulator.trade('BTC-KRW', 'sell', ['0.0001']);
      return ledger();
    },
    (trades) => trades.some(({ live }) => live > 0),
  );
  return ledger;
}

/** Contents of trades as the ledger and the API have them. */
const contents = (rows: readonly (SentTrade | Node)[]): string[] =>
  rows.map(({ side, price, volume }) => `${side!.toLowerCase()} ${price} ${volume}`).sort();

atOnce.each(EXCHANGES.map((exchange) => [exchange]))(
  'missed trades of %s are taken from its history: lost on the way, over a lost connection and a restart',
  async (exchange) => {
    const recorder = await start(exchange);
    const simulator = recorder.simulators[exchange.toLowerCase() as Lowercase<Exchange>];
    const ledger = await firstTraded(simulator);
    simulator.faults.tradeFault('BTC-KRW', 'hole', 2);
    simulator.trade('BTC-KRW', 'buy', ['0.0002', '0.0002']);
    simulator.faults.dropConnections();
    simulator.trade('BTC-KRW', 'buy', ['0.0003']);
    simulator.burst('BTC-KRW', 3);
    const own = (): Promise<Node[]> => storedOf(recorder, exchange, ledger());
    const allStored = () => soon(own, (nodes) => nodes.length >= ledger().length);
    await allStored();
    await recorder.stop();
    simulator.trade('BTC-KRW', 'sell', ['0.0004']);
    simulator.trade('BTC-KRW', 'sell', ['0.0005', '0.0005']);
    await recorder.restart();
    await allStored();
    expect(contents(await own())).toEqual(contents(ledger()));
  },
  60_000,
);

atOnce.each([['UPBIT'], ['GOPAX']] as const)(
  'a second of %s with more trades than a page of its history is filled whole',
  async (exchange) => {
    const recorder = await start(exchange);
    const simulator = recorder.simulators[exchange.toLowerCase() as Lowercase<Exchange>];
    await recorder.stop();
    for (let i = 0; i < 3; i++) simulator.burst('BTC-KRW', 290);
    const ledger = simulator.trades.of('BTC-KRW').filter(({ history }) => !history);
    await recorder.restart();
    const filled = () => recorder.app.supervisor.tally(exchange).trades.backfilled;
    await until(() => filled() >= ledger.length - 1, 40_000);
    await soon(
      () => stored(recorder, exchange),
      (nodes) => nodes.length >= ledger.length,
    );
    const own = await storedOf(recorder, exchange, ledger);
    expect(contents(own)).toEqual(contents(ledger));
    expect(own.every(({ completeness }) => completeness !== 'GAP')).toBe(true);
    const { trades } = await coverage(recorder, exchange);
    expect(Number(trades.verifiedByRestMs)).toBeGreaterThan(0);
  },
  60_000,
);

atOnce(
  'an outage that is longer than the history of Coinone reaches is a gap of the trades',
  async () => {
    const recorder = await start('COINONE');
    const { coinone } = recorder.simulators;
    await recorder.stop();
    await tradePast(coinone, Date.now());
    for (let i = 0; i < 3; i++) coinone.burst('BTC-KRW', 100);
    await recorder.restart();
    const { trades } = await soon(
      () => coverage(recorder, 'COINONE'),
      ({ trades: { spans } }) => {
        const gaps = spans.edges.filter(({ node }) => node.completeness === 'GAP');
        // The first check may come before the stream stands again: what is down still grows.
        return gaps.length > 0 && gaps.every(({ node }) => node.checked);
      },
    );
    const gap = trades.spans.edges.find(({ node }) => node.completeness === 'GAP')!.node;
    expect(gap.cause).toBe('PROCESS_DOWN');
    expect(gap.detail).toMatch(/history reaches back to .* only/);
    expect(Number(trades.gapMs)).toBeGreaterThan(0);
    // The newest 200 that it still had.
    expect(
      (await stored(recorder, 'COINONE')).filter(({ origin }) => origin === 'BACKFILL').length,
    ).toBe(200);
    const { report } = await recorder.query<{ report: { markets: { trades: object }[] } }>(
      '{ report { markets { trades { gapMs } } } }',
    );
    expect(report.markets[0]!.trades).toEqual({ gapMs: trades.gapMs });
  },
  60_000,
);

atOnce.each([
  ['COINONE', 'the oldest', 100, 200],
  ['COINONE', 'one amid the others', 150, 200],
  ['KORBIT', 'the oldest', 100, 500],
] as const)(
  'a time that is wild in a row of the history of %s, %s of the page, makes no claim of what was not read',
  async (exchange, _place, before, rows) => {
    const recorder = await start(exchange);
    const simulator = recorder.simulators[exchange.toLowerCase() as Lowercase<Exchange>];
    await recorder.stop();
    await tradePast(simulator, Date.now());
    const first = simulator.trades.of('BTC-KRW').length;
    simulator.burst('BTC-KRW', before);
    simulator.faults.tradeFault('BTC-KRW', 'wildTime');
    for (let left = 100 + rows - before; left > 0; left -= 100)
      simulator.burst('BTC-KRW', Math.min(left, 100));
    const outOfReach = simulator.trades.of('BTC-KRW').slice(first, first + 100);
    await recorder.restart();
    const { trades } = await soon(
      () => coverage(recorder, exchange),
      ({ trades: { spans } }) => {
        const gaps = spans.edges.filter(({ node }) => node.completeness === 'GAP');
        return gaps.length > 0 && gaps.every(({ node }) => node.checked);
      },
    );
    const gaps = trades.spans.edges.filter(({ node }) => node.completeness === 'GAP');
    for (const { ms } of outOfReach) {
      const within = gaps.some(
        ({ node }) => Date.parse(node.start) <= ms && ms < Date.parse(node.end),
      );
      expect(within).toBe(true);
    }
    const page = simulator.trades.of('BTC-KRW').slice(-rows);
    expect(await storedOf(recorder, exchange, page)).toHaveLength(rows - 1);
  },
  60_000,
);

atOnce(
  'a history of GOPAX that has lost its past fills nothing, and what it lacks is a gap',
  async () => {
    const recorder = await start('GOPAX');
    const { gopax } = recorder.simulators;
    const tally = () => recorder.app.supervisor.tally('GOPAX').trades;
    const isStored = (wanted: string) =>
      soon(
        () => stored(recorder, 'GOPAX'),
        (nodes) => nodes.some(({ volume }) => volume === wanted),
      );
    gopax.trade('BTC-KRW', 'buy', ['0.0001']);
    await isStored('0.0001');
    await recorder.stop();
    await tradePast(gopax, Date.now());
    gopax.faults.forgetTrades('BTC-KRW');
    gopax.trade('BTC-KRW', 'buy', ['0.0003']);
    await recorder.restart();
    await isStored('0.0003');
    const gap = async () => {
      const { trades } = await coverage(recorder, 'GOPAX');
      return trades.spans.edges.find(({ node }) => node.completeness === 'GAP' && node.checked)
        ?.node;
    };
    expect(await soon(gap, (found) => found !== undefined)).toMatchObject({
      cause: 'PROCESS_DOWN',
      detail: expect.stringMatching(/history reaches back to .* only/),
    });
    // What was stored stays, and it is no fault of theirs that the history lacks it.
    const volumes = (await stored(recorder, 'GOPAX')).map(({ volume }) => volume);
    expect(volumes).toContain('0.0001');
    expect(volumes).not.toContain('0.0002');
    expect(tally().historyFaults).toBe(0);
    const [line] = await logged(recorder, 'TRADES_UNREACHED');
    // Times of the log are local, as those of its lines.
    expect(line!.message).toMatch(/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d/);
    expect(line!.message).not.toMatch(/\dZ/);
  },
  60_000,
);

atOnce(
  'a history that gives the same page again and again is given up, without a loop',
  async () => {
    const recorder = await start('UPBIT');
    const { upbit } = recorder.simulators;
    await recorder.stop();
    await tradePast(upbit, Date.now());
    for (let i = 0; i < 3; i++) upbit.burst('BTC-KRW', 290);
    const url = recorder.simulators.env['UPBIT_REST_URL']!;
    const page = await fetch(`${url}/v1/trades/ticks?market=KRW-BTC&count=500`);
    upbit.faults.rest({ status: 200, body: await page.text() });
    await recorder.restart();
    const tally = () => recorder.app.supervisor.tally('UPBIT').trades;
    await soon(
      () => coverage(recorder, 'UPBIT'),
      ({ trades }) =>
        trades.spans.edges.some(({ node }) => node.completeness === 'GAP' && node.checked),
    );
    expect(tally().historyFaults).toBeGreaterThanOrEqual(3);
    // A check reads the page, and the same again: it is given up after three.
    expect(tally().historyPages).toBeLessThan(20);
    await logged(recorder, 'TRADE_HISTORY_ODD');
    await logged(recorder, 'TRADES_UNREACHED');
    // Nothing of the page is stored twice; its newest trade may have come as the snapshot, and its oldest was left to
    // the next page.
    const filled = (await stored(recorder, 'UPBIT')).filter(({ origin }) => origin === 'BACKFILL');
    expect([498, 499]).toContain(filled.length);
  },
  60_000,
);

/** A trade in the ledger as its exchange's stream shows it, or not at all. */
function streamed({ fault, side, price, volume }: SentTrade): string[] {
  if (fault === 'unknownSide' || fault === 'priceZero') return [];
  const shown = fault === 'wrongSide' ? { buy: 'sell', sell: 'buy' }[side!] : side;
  return [`${shown} ${price} ${volume}`];
}

atOnce.each(EXCHANGES.map((exchange) => [exchange]))(
  'whatever is wrong with a trade of %s is told and counted, and no other is lost or stored twice',
  async (exchange) => {
    const recorder = await start(exchange);
    const begun = performance.now();
    const simulator = recorder.simulators[exchange.toLowerCase() as Lowercase<Exchange>];
    const tally = () => recorder.app.supervisor.tally(exchange).trades;
    const before = tally().historyPages;
    const ledger = await firstTraded(simulator);
    // Of a trade that no feed reports only the volume of its minute tells.
    const faults = Object.keys(TRADE_FAULTS).filter((kind) => kind !== 'unreported');
    for (const [i, fault] of faults.entries()) {
      // Where the feeds share no id, trades of one moment that differ cannot be told apart.
      if (exchange === 'BITHUMB') await tradePast(simulator, ledger().at(-1)!.ms);
      simulator.faults.tradeFault('BTC-KRW', fault);
      simulator.trade('BTC-KRW', 'buy', [`0.000${i + 21}`]);
    }
    simulator.trade('BTC-KRW', 'buy', ['0.00011']);
    const wanted = ledger().flatMap(streamed);
    await soon(
      () => storedOf(recorder, exchange, ledger()),
      (nodes) => nodes.length >= wanted.length,
    );
    await until(() => tally().historyDiffered >= 2 && tally().historyLacked >= 2, 25_000);
    expect(contents(await storedOf(recorder, exchange, ledger()))).toEqual([...wanted].sort());
    expect(tally()).toMatchObject({
      historyDiffered: 2,
      historyLacked: 2,
      historyFaults: 0,
      historyFailures: 0,
      reusedIds: 1,
      unreadable: 2,
    });
    expect(tally().repeats).toBeGreaterThanOrEqual(1);
    expect(tally().sideDiffered).toBeGreaterThanOrEqual(1);
    // The time in which trades could not be read is a gap.
    await soon(
      () => coverage(recorder, exchange),
      ({ trades: { spans } }) =>
        spans.edges.some(({ node }) => node.cause === 'PARSE_FAILED' && node.checked),
    );
    interface Odd {
      exchanges: { exchange: string; oddities: { kind: string; things: { what: string }[] }[] }[];
    }
    const { exchanges } = await recorder.query<Odd>(
      '{ exchanges { exchange oddities { kind things { what } } } }',
    );
    const { oddities } = exchanges.find((one) => one.exchange === exchange)!;
    expect(oddities).toContainEqual({ kind: 'TRADE_ZERO', things: [{ what: 'price' }] });
    // Ids are compared between trades of different times: those of GOPAX are of one second.
    const back = oddities.some(({ kind }) => kind === 'TRADE_ID_BACK');
    expect(back || tally().late > 0).toBe(true);
    for (const event of ['TRADE_UNREADABLE', 'TRADE_ID_REUSED', 'TRADE_HISTORY_ODD'])
      await logged(recorder, event);
    // The books have nothing to do with it.
    const { state, parseFailures } = recorder.status(`${exchange}:BTC-KRW`)!;
    expect([state, parseFailures]).toEqual(['LIVE', 0]);
    // What stays wrong is not asked for again and again.
    const checks = (performance.now() - begun) / CHECK_TIMES.everyMs;
    expect(tally().historyPages - before).toBeLessThan(10 + 2 * checks);
  },
  60_000,
);
