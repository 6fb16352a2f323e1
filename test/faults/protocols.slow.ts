import { describe, expect, jest } from '@jest/globals';
import { atOnce as it, closeAfterTest, inTurn } from '../helpers/at-once.js';
import { allLive, recording } from '../helpers/recorder.js';
import { until } from '../helpers/wait.js';
import { closedGaps, collected, expectExact, settled, step } from './support.js';

const ENV = { COLLECT: 'BTC-KRW,ETH-KRW', BITHUMB_TRANSPORT: 'ws', SNAPSHOT_EVERY_MS: '500' };

const GARBAGE: readonly (string | Uint8Array)[] = [
  '',
  'null',
  '[]',
  'no json at all',
  '{"type":"orderbook","code":"KRW-BTC"',
  `${'['.repeat(300_000)}${']'.repeat(300_000)}`,
  `{"type":"orderbook","x":${'{"x":'.repeat(50_000)}1${'}'.repeat(50_000)}}`,
  Uint8Array.from({ length: 4096 }, (_, i) => (i * 89) % 256),
];

describe('the whole program', () => {
  inTurn(
    'outlives garbage, deep nesting and truncated frames on all exchanges, and every book is exact',
    async () => {
      const recorder = await recording({}, ENV);
      await allLive(recorder);
      await step(recorder, 5);
      await settled(recorder);
      const { all, gopax } = recorder.simulators;
      for (const garbage of GARBAGE) {
        for (const simulator of all) simulator.faults.sendRaw(garbage, { binary: true });
      }
      await step(recorder, 5);
      for (const simulator of all) simulator.faults.garble(true);
      await step(recorder, 5);
      for (const simulator of all) simulator.faults.garble(false);
      const { supervisor } = recorder.app;
      await until(
        () =>
          all.every((s) => supervisor.tally(s.exchange).unreadableMessages > GARBAGE.length - 4),
        'the count of unreadable messages',
      );
      await step(recorder, 5);
      await allLive(recorder);
      // A delta that was cut is lost for good, so GOPAX reads its books again; the others need not.
      await until(() => gopax.upgrades.length === 2, 'the second connection to GOPAX');
      const opened = all.filter((s) => s !== gopax).map((s) => s.upgrades.length);
      expect(opened).toEqual([1, 1, 1, 1]);
      const gaps = await closedGaps(recorder, 2);
      expect(new Set(gaps.map((gap) => `${gap.exchange} ${gap.cause}`))).toEqual(
        new Set(['GOPAX RESYNC']),
      );
      await step(recorder, 5);
      await allLive(recorder);
      await expectExact(recorder);
    },
  );

  it('asks for a book again that came unreadable, also when its market is quiet from then on', async () => {
    const markets = ['UPBIT', 'BITHUMB', 'COINONE', 'KORBIT'].map((name) => `${name}:BTC-KRW`);
    const recorder = await recording({}, { ...ENV, COLLECT: markets.join(',') });
    await allLive(recorder);
    const { bus, supervisor } = recorder.app;
    const current = (): Map<string, number | undefined> =>
      new Map(
        supervisor
          .collectors()
          .map(({ market }) => [market.exchange, bus.current(market)?.sequence]),
      );
    const before = current();
    for (const simulator of recorder.simulators.all) simulator.faults.garble(true);
    await step(recorder, 1);
    for (const simulator of recorder.simulators.all) simulator.faults.garble(false);
    await until(
      () => [...current()].every(([exchange, sequence]) => sequence !== before.get(exchange)),
      'the books that were lost',
    );
    await expectExact(recorder);
    expect(supervisor.collectors().every((c) => c.state === 'LIVE' && c.reconnects === 0)).toBe(
      true,
    );
    const told = await recorder.query<{ exchanges: { unreadableMessages: string }[] }>(
      '{ exchanges { unreadableMessages } }',
    );
    expect(told.exchanges.map((e) => e.unreadableMessages).sort()).toEqual([
      '0',
      '1',
      '1',
      '1',
      '1',
    ]);
  });

  // Alone: others would make the program stand still, where the processor is busy, and that is a gap.
  inTurn(
    'records what exchanges repeat, swap, date in µs or send out of the past, without a gap',
    async () => {
      const recorder = await recording({}, ENV);
      const { upbit, bithumb, coinone, korbit, gopax } = recorder.simulators;
      bithumb.faults.realtimeBeforeSnapshot(true);
      await allLive(recorder);
      const rounds: (() => void)[] = [
        () => {
          upbit.faults.microsecondTimestamps(true);
          bithumb.faults.timestampForm('us-string');
          bithumb.faults.repeats(0.9);
          gopax.faults.reorderDeltas(true);
        },
        () => {
          bithumb.faults.timestampForm('ms');
          coinone.faults.outdatedFrame('BTC-KRW');
          coinone.faults.repeatLevels('ETH-KRW');
          korbit.faults.duplicateFrame('BTC-KRW');
          gopax.faults.duplicateDelta();
          gopax.faults.staleDelta();
        },
        () => {
          upbit.faults.microsecondTimestamps(false);
          bithumb.faults.timestampForm('us');
          bithumb.faults.repeats(0);
          gopax.faults.reorderDeltas(false);
        },
      ];
      for (const begin of rounds) {
        begin();
        await step(recorder, 30);
      }
      const account = await expectExact(recorder);
      expect(account.equal).toBeGreaterThan(50);
      // Where a busy machine lets the program stand still, it says so.
      const causes = (await closedGaps(recorder, 0)).map(({ cause }) => cause);
      const others = [...Object.keys(account.inGap), ...causes].filter((c) => c !== 'STANDSTILL');
      expect(others).toEqual([]);
      expect(recorder.app.supervisor.collectors().map((c) => c.reconnects)).toEqual(
        collected(recorder).map(() => 0),
      );
    },
  );

  it('resynchronises a GOPAX book that stays crossed, in a gap of its own', async () => {
    const recorder = await recording({}, { COLLECT: 'GOPAX:BTC-KRW,GOPAX:ETH-KRW' });
    await allLive(recorder);
    recorder.simulators.gopax.faults.crossBook('BTC-KRW');
    await until(() => recorder.status('GOPAX:BTC-KRW')?.state === 'RECONNECTING', 'the alarm');
    await allLive(recorder);
    const gaps = await closedGaps(recorder, 1);
    expect(gaps.map((gap) => [gap.market, gap.cause])).toEqual([['GOPAX:BTC-KRW', 'RESYNC']]);
    await step(recorder, 10);
    await expectExact(recorder);
    const book = recorder.app.bus.current({ exchange: 'GOPAX', symbol: 'BTC', currency: 'KRW' })!;
    expect(Number(book.bids[0]![0])).toBeLessThan(Number(book.asks[0]![0]));
  });

  it('follows the newer of two connections to GOPAX, whatever the older one has missed', async () => {
    const recorder = await recording({}, { COLLECT: 'GOPAX:BTC-KRW,GOPAX:ETH-KRW' });
    const { gopax } = recorder.simulators;
    await allLive(recorder);
    gopax.faults.freeze(true);
    gopax.step('BTC-KRW');
    gopax.faults.freeze(false);
    // The other pair has to be read again, and keeps both connections waiting for its book.
    gopax.faults.onMessage('ETH-KRW', { ignore: true });
    gopax.faults.sendRaw(
      '{"i":-1,"n":"OrderBookEvent","o":{"ask":[{}],"bid":[],"tradingPairName":"ETH-KRW"}}',
    );
    await until(
      () => gopax.sent.some((b) => b.symbol === 'BTC' && b.connection === 2),
      'the book on the second connection',
    );
    await settled(recorder, ['GOPAX:BTC-KRW']);
    for (let i = 0; i < 5; i++) gopax.step('BTC-KRW');
    await settled(recorder, ['GOPAX:BTC-KRW']);
    gopax.faults.asUsual();
    gopax.faults.dropConnections();
    await allLive(recorder);
    await closedGaps(recorder, 2);
    await step(recorder, 5);
    const account = await expectExact(recorder);
    expect(account.replaced).toBeGreaterThan(0);
  });

  inTurn(
    'numbers on when the clock is set forward and back by an hour; no gap, no reconnection',
    async () => {
      const recorder = await recording({}, ENV);
      await allLive(recorder);
      closeAfterTest(() => jest.restoreAllMocks());
      const now = Date.now.bind(Date);
      const hour = 3_600_000;
      for (const shift of [hour, -hour, 0]) {
        jest.spyOn(Date, 'now').mockImplementation(() => now() + shift);
        await step(recorder, 10);
        await settled(recorder);
      }
      const account = await expectExact(recorder);
      expect(account.inGap).toEqual({});
      expect(recorder.app.supervisor.collectors().every((c) => c.reconnects === 0)).toBe(true);
      // A gap after the clock went back still ends after it starts.
      recorder.simulators.upbit.faults.dropConnections();
      await until(() => recorder.status('UPBIT:BTC-KRW')!.reconnects === 1, 'the reconnection');
      await allLive(recorder);
      for (const gap of await closedGaps(recorder, 2))
        expect(gap.end).toBeGreaterThanOrEqual(gap.start);
    },
  );

  it('says which markets never had a book: Upbit says nothing, Coinone acknowledges first', async () => {
    const recorder = await recording({}, ({ upbit, coinone }) => {
      // Without their lists nobody can know beforehand that they do not exist.
      upbit.faults.rest({ status: 503 });
      coinone.faults.rest({ status: 503 });
      return { COLLECT: 'UPBIT:BTC-KRW,UPBIT:NONE-KRW,COINONE:BTC-KRW,COINONE:NONE-KRW' };
    });
    const live = ['UPBIT:BTC-KRW', 'COINONE:BTC-KRW'];
    const none = ['UPBIT:NONE-KRW', 'COINONE:NONE-KRW'];
    await until(() => live.every((key) => recorder.status(key)?.state === 'LIVE'), 'the others');
    await until(
      () =>
        none.every((key) => {
          const { state, error } = recorder.status(key)!;
          return state === 'FAILED' || /no first order book/.test(error ?? '');
        }),
      'the missing books reported',
      20_000,
    );
    await until(() => live.every((key) => recorder.status(key)?.state === 'LIVE'), 'the others');
    expect(recorder.simulators.upbit.upgrades).toHaveLength(1);
    expect(recorder.simulators.coinone.upgrades).toHaveLength(1);
    await step(recorder, 5);
    await expectExact(recorder, live);
  });
});
