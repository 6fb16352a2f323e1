import { expect } from '@jest/globals';
import type { Exchange } from '../../src/market/exchange.js';
import { marketKey } from '../../src/market/market.js';
import type { Account } from '../../src/soak/accounts.js';
import { accountOf, gapsOf, type KnownGap } from '../helpers/accounts.js';
import type { Recorder } from '../helpers/recorder.js';
import { eventually, until } from '../helpers/wait.js';

/** Markets of the program that are collected, `UPBIT:BTC-KRW`. */
export function collected(recorder: Recorder): string[] {
  return recorder.app.supervisor.collectors().map((c) => marketKey(c.market));
}

/** Waits until every market has a book that is newer than the call, which {@link step} causes. */
export async function recovered(
  recorder: Recorder,
  markets = collected(recorder),
  ms = 20_000,
): Promise<void> {
  await until(
    () => markets.every((key) => recorder.status(key)?.state === 'LIVE'),
    `${markets.join(', ')} LIVE again`,
    ms,
  );
}

/** Changes every book of the recorded markets so many times. */
export async function step(recorder: Recorder, times: number): Promise<void> {
  for (let i = 0; i < times; i++) {
    for (const { market } of recorder.app.supervisor.collectors()) {
      const simulator = recorder.simulators.all.find((s) => s.exchange === market.exchange)!;
      const pair = `${market.symbol}-${market.currency}`;
      if (simulator.pairs.includes(pair)) simulator.step(pair);
    }
    if (i % 5 === 4) await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** Waits until the newest book of each market is the last one sent, and all is written. */
export async function settled(recorder: Recorder, markets = collected(recorder)): Promise<void> {
  for (const key of markets) {
    const [exchange, pair] = key.split(':') as [Exchange, string];
    const [symbol, currency] = pair.split('-') as [string, string];
    const simulator = recorder.simulators.all.find((s) => s.exchange === exchange)!;
    await until(() => {
      const sent = simulator.sent.findLast((b) => b.symbol === symbol && b.currency === currency);
      const book = recorder.app.bus.current({ exchange, symbol, currency });
      return (
        sent !== undefined &&
        book !== undefined &&
        JSON.stringify([sent.asks, sent.bids]) === JSON.stringify([book.asks, book.bids])
      );
    }, `the newest book of ${key}`);
  }
  await until(() => recorder.app.storeStats().queuedBooks === 0, 'an empty queue');
}

/** Expects that every book that went out is accounted for, and gives the account. */
export async function expectExact(
  recorder: Recorder,
  markets = collected(recorder),
): Promise<Account> {
  await settled(recorder, markets);
  const sent = recorder.simulators.all.flatMap((simulator) => simulator.sent);
  const account = await accountOf(recorder.app.url, (q) => recorder.query(q), sent, markets);
  expect(account.unaccounted).toEqual([]);
  expect(account.invented).toEqual([]);
  expect(account.contradicted).toEqual([]);
  expect(account.stored).toBeGreaterThan(0);
  return account;
}

/** All gaps, once there are so many at least and none of them is open any more. */
export function closedGaps(recorder: Recorder, least: number): Promise<KnownGap[]> {
  return eventually(
    () => gapsOf((q) => recorder.query(q)),
    (gaps) => gaps.length >= least && gaps.every((gap) => gap.end !== null),
    `${least} gaps, all closed`,
  );
}
