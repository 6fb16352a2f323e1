import { afterEach, describe, expect, it } from '@jest/globals';
import { adapters } from '../../src/collector/exchanges/registry.js';
import type { HistoryPage } from '../../src/collector/history/trade-history.js';
import { RestClient } from '../../src/collector/rest/rest-client.js';
import { addDecimal } from '../../src/market/decimal.js';
import { EXCHANGES, type Exchange } from '../../src/market/exchange.js';
import { type Simulators, startSimulators } from '../../src/simulator/simulators.js';
import { pair } from '../helpers/feed.js';
import { shallow } from '../helpers/simulators.js';

let simulators: Simulators;
afterEach(() => simulators.close());

const simulator = (exchange: Exchange) => simulators[exchange.toLowerCase() as Lowercase<Exchange>];
const BTC = pair('BTC-KRW');
const MINUTE = 60_000;

/** The history of an exchange, and the volumes of its minutes. */
function historyOf(exchange: Exchange) {
  const rest = new RestClient(simulator(exchange).restUrl, 2000);
  const { tradeHistory } = adapters('ws')[exchange];
  const page = (place: HistoryPage['next'] = null): Promise<HistoryPage> =>
    tradeHistory.page(rest, BTC, place, Date.now());
  return { rest, page, tradeHistory };
}

const contents = (trades: HistoryPage['trades']): string[] =>
  trades.map(({ side, price, volume }) => `${side} ${price} ${volume}`).sort();

describe.each(EXCHANGES)('the history of trades of %s', (exchange) => {
  it('has what happened, digit for digit, with times of UTC and ids of the right kind', async () => {
    simulators = await startSimulators({ rate: 0, makeBook: shallow });
    const { page } = historyOf(exchange);
    await page();
    simulator(exchange).trade('BTC-KRW', 'buy', ['0.01', '0.00000002']);
    const { trades, unreadable, otherZone, answeredAt } = await page();
    const ledger = simulator(exchange).trades.of('BTC-KRW');
    expect(contents(trades)).toEqual(
      ledger.map(({ side, price, volume }) => `${side} ${price} ${volume}`).sort(),
    );
    expect(trades.map(({ tradeId }) => tradeId).sort()).toEqual(
      ledger.map(({ restId }) => restId).sort(),
    );
    expect({ unreadable, otherZone }).toEqual({ unreadable: 0, otherZone: 0 });
    expect(Math.abs(answeredAt! - Date.now())).toBeLessThan(5_000);
    expect(new Set(trades.map(({ idKind }) => idKind))).toEqual(
      new Set([exchange === 'BITHUMB' ? 'REST' : 'EXCHANGE']),
    );
  });

  it('has a small page of the newest trades, which says how far back it has all', async () => {
    simulators = await startSimulators({ rate: 0, makeBook: shallow });
    const { rest, page, tradeHistory } = historyOf(exchange);
    const { fewRows } = tradeHistory;
    if (fewRows === undefined) return;
    await page();
    for (let i = 0; i < 3; i++) simulator(exchange).burst('BTC-KRW', 30);
    const few = await tradeHistory.page(rest, BTC, null, Date.now(), fewRows);
    const ledger = simulator(exchange).trades.of('BTC-KRW');
    expect(few.trades.map(({ tradeId }) => tradeId).sort()).toEqual(
      ledger
        .slice(-fewRows)
        .map(({ restId }) => restId)
        .sort(),
    );
    expect(few.from).toBeGreaterThan(ledger.at(-fewRows)!.ms);
  });

  it('counts rows that cannot be read, and keeps the others', async () => {
    simulators = await startSimulators({ rate: 0, makeBook: shallow });
    const { page } = historyOf(exchange);
    await page();
    simulator(exchange).faults.tradeFault('BTC-KRW', 'unknownSide');
    simulator(exchange).trade('BTC-KRW', 'buy', ['0.01', '0.02']);
    const { trades, unreadable, reason } = await page();
    const ledger = simulator(exchange).trades.of('BTC-KRW');
    expect(trades).toHaveLength(ledger.length - 1);
    expect(unreadable).toBe(1);
    expect(reason).toMatch(/; the row was \{/);
  });

  it('has the volumes of its minutes, equal to the sums of its trades, where its candles are known', async () => {
    simulators = await startSimulators({ rate: 0, makeBook: shallow });
    const { page, rest, tradeHistory } = historyOf(exchange);
    await page();
    simulator(exchange).trade('BTC-KRW', 'buy', ['0.01', '0.00000002']);
    if (tradeHistory.minutes === undefined) {
      // The keys of their candles are not known.
      expect(['COINONE', 'KORBIT']).toContain(exchange);
      return;
    }
    const sums = new Map<number, string>();
    for (const { exchangeTimestamp: time, volume } of (await page()).trades) {
      const minute = time - (time % MINUTE);
      sums.set(minute, addDecimal(sums.get(minute) ?? '0', volume));
    }
    const to = Math.ceil((Date.now() + 1) / MINUTE) * MINUTE;
    const volumes = await tradeHistory.minutes(rest, BTC, to, tradeHistory.maxMinutes!);
    expect([...volumes].sort()).toEqual([...sums].sort());
  });
});

it.each(['UPBIT', 'BITHUMB', 'GOPAX'] as const)(
  'older pages of %s go on from the last second of the one before',
  async (exchange) => {
    simulators = await startSimulators({ rate: 0, makeBook: shallow });
    const { page } = historyOf(exchange);
    const { trades } = await page();
    const times = trades.map(({ exchangeTimestamp: time }) => time).sort((a, b) => b - a);
    const before = Math.floor(times[5]! / 1000) * 1000;
    const older = await page({ before, id: null, overlaps: true });
    const day = older.from === -Infinity ? -Infinity : older.from;
    expect(contents(older.trades)).toEqual(
      contents(trades.filter(({ exchangeTimestamp: time }) => time < before && time >= day)),
    );
  },
);

it.each(['UPBIT', 'BITHUMB'] as const)(
  'pages of %s are of the days of its own clock, however wrong ours is',
  async (exchange) => {
    simulators = await startSimulators({ rate: 0 });
    const { rest, page, tradeHistory } = historyOf(exchange);
    const right = await page();
    const tomorrow = Date.now() + 86_400_000;
    const newest = await tradeHistory.page(rest, BTC, null, tomorrow);
    expect(newest.from).toBe(right.from);
    // By our clock its today is yesterday.
    const older = tradeHistory.page(rest, BTC, right.next, tomorrow);
    await expect(older).rejects.toThrow('another day than its own');
  },
);

it('rows newer than the clock of the answer are kept where only that clock is behind', async () => {
  simulators = await startSimulators({ rate: 0 });
  const { page } = historyOf('COINONE');
  const right = await page();
  const date = new Date(Date.now() - 600_000).toUTCString();
  simulators.coinone.faults.changeReplies('/public/v2/trades', { headers: { date } });
  const slow = await page();
  expect(slow.answeredAt).toBeLessThan(Date.now() - 500_000);
  expect(slow.unreadable).toBe(0);
  expect(contents(slow.trades)).toEqual(contents(right.trades));
});
