import dns from 'node:dns';
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { backoffMs, RATE_LIMITED, RECONNECT } from '../../src/collector/limits/backoff.js';
import { startUpbitSimulator } from '../../src/simulator/upbit/server.js';
import { feedOf, pair } from '../helpers/feed.js';
import { gapsOf } from '../helpers/accounts.js';
import { allLive, type Recorder, startRecorder } from '../helpers/recorder.js';
import type { RecordingHost } from '../helpers/recording-host.js';
import { eventually, until } from '../helpers/wait.js';
import { closedGaps, expectExact, recovered, step } from './support.js';

const TEN_MINUTES = 600_000;
const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  jest.useRealTimers();
  jest.restoreAllMocks();
  for (const close of closing.splice(0).reverse()) await close();
});

function waitsOf(host: RecordingHost): number[] {
  const logs = host.logs.filter((l) => l.event === 'RECONNECTING');
  return logs.map((l) => (l.params as { waitMs: number }).waitMs);
}

/** Lets real sockets do their work while the clock of the program stands still. */
async function meanwhile(done: () => boolean, what: string): Promise<void> {
  for (let turns = 0; !done(); turns++) {
    if (turns > 1_000_000) throw new Error(`in vain: ${what}`);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** Runs ten minutes of refused connects; the clock jumps over the waits, the sockets are real. */
async function tenMinutes(host: RecordingHost): Promise<number[]> {
  let elapsed = 0;
  for (let attempts = 1; ; attempts++) {
    await meanwhile(() => waitsOf(host).length === attempts, `the end of attempt ${attempts}`);
    const wait = waitsOf(host).at(-1)!;
    if (elapsed + wait > TEN_MINUTES) return waitsOf(host);
    elapsed += wait;
    jest.advanceTimersByTime(wait);
  }
}

describe('connects refused for ten minutes', () => {
  it.each([
    { name: 'HTTP 503', status: 503, cause: 'MAINTENANCE', options: RECONNECT, most: 46 },
    { name: 'HTTP 500', status: 500, cause: 'CONNECT_FAILED', options: RECONNECT, most: 46 },
    { name: 'HTTP 429', status: 429, cause: 'RATE_LIMITED', options: RATE_LIMITED, most: 7 },
    { name: 'HTTP 418', status: 418, cause: 'RATE_LIMITED', options: RATE_LIMITED, most: 7 },
  ])('with $name: ever fewer tries, with jitter, and none is the last', async (fault) => {
    const simulator = await startUpbitSimulator({ rate: 0 });
    closing.push(() => simulator.close());
    simulator.faults.refuseUpgrades(fault.status);
    const { feed, host } = feedOf('UPBIT', { wsUrl: simulator.wsUrl }, { random: Math.random });
    closing.push(() => feed.close());
    jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate', 'queueMicrotask', 'Date'] });
    feed.add([pair('BTC-KRW')]);
    jest.advanceTimersByTime(1);
    const waits = await tenMinutes(host);
    expect(simulator.upgrades.length).toBe(waits.length);
    expect(waits.length).toBeLessThanOrEqual(fault.most);
    waits.forEach((wait, i) => {
      expect(wait).toBeGreaterThanOrEqual(backoffMs(i + 1, 0, fault.options));
      expect(wait).toBeLessThanOrEqual(backoffMs(i + 1, 1, fault.options));
    });
    const shares = waits.map((wait, i) => wait / backoffMs(i + 1, 1, fault.options));
    expect(new Set(shares.map((share) => share.toFixed(3))).size).toBeGreaterThan(1);
    expect(new Set(host.downs.map((down) => down.outage.cause))).toEqual(new Set([fault.cause]));
    simulator.faults.refuseUpgrades(null);
    jest.advanceTimersByTime(waits.at(-1)!);
    jest.useRealTimers();
    await until(() => host.books.length > 0, 'the first book');
  });

  it('by a closed port', async () => {
    const { feed, host } = feedOf('KORBIT', {}, { random: Math.random });
    closing.push(() => feed.close());
    jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate', 'queueMicrotask', 'Date'] });
    feed.add([pair('BTC-KRW')]);
    jest.advanceTimersByTime(1);
    const waits = await tenMinutes(host);
    expect(waits.length).toBeLessThanOrEqual(46);
    expect(waits.length).toBeGreaterThanOrEqual(23);
    expect(host.downs[0]!.outage).toMatchObject({ cause: 'CONNECT_FAILED', since: null });
    expect(host.downs[0]!.outage.detail).toMatch(/ECONNREFUSED/);
  });
});

describe('the whole program', () => {
  let recorder: Recorder;
  afterEach(() => recorder.close());

  it('says why each exchange refuses, records the others, and takes up who stops refusing', async () => {
    recorder = await startRecorder({}, ({ upbit, bithumb, coinone, korbit }) => {
      upbit.faults.refuseUpgrades(429);
      bithumb.faults.refuseUpgrades(418);
      coinone.faults.refuseUpgrades(500);
      korbit.faults.refuseUpgrades(503);
      return { COLLECT: 'BTC-KRW', BITHUMB_TRANSPORT: 'ws' };
    });
    const { upbit, bithumb, coinone, korbit } = recorder.simulators;
    await until(() => recorder.status('GOPAX:BTC-KRW')?.state === 'LIVE', 'GOPAX LIVE');
    const refused = ['UPBIT', 'BITHUMB', 'COINONE', 'KORBIT'].map((e) => `${e}:BTC-KRW`);
    await until(
      () => refused.every((key) => recorder.status(key)?.state === 'RECONNECTING'),
      'the refusals',
    );
    const gaps = await eventually(
      () => gapsOf((q) => recorder.query(q)),
      (stored) => stored.length === refused.length,
      'the stored gaps',
    );
    const causes = Object.fromEntries(gaps.map((gap) => [gap.market, gap.cause]));
    expect(causes).toEqual({
      'UPBIT:BTC-KRW': 'RATE_LIMITED',
      'BITHUMB:BTC-KRW': 'RATE_LIMITED',
      'COINONE:BTC-KRW': 'CONNECT_FAILED',
      'KORBIT:BTC-KRW': 'MAINTENANCE',
    });
    expect(recorder.status('UPBIT:BTC-KRW')!.error).toBe(
      'the connection was refused with HTTP 429',
    );
    coinone.faults.refuseUpgrades(null);
    korbit.faults.refuseUpgrades(null);
    await recovered(recorder, ['COINONE:BTC-KRW', 'KORBIT:BTC-KRW', 'GOPAX:BTC-KRW']);
    // Told that they come too often, the others wait five seconds or more.
    expect(upbit.upgrades.length).toBe(1);
    expect(bithumb.upgrades.length).toBe(1);
  });

  it('outlives a failing name service: the other exchanges run, and it connects when names are known', async () => {
    const lookup = dns.lookup.bind(dns) as (...args: unknown[]) => void;
    let known = false;
    const answer = (...args: unknown[]): void => {
      const [name, ...rest] = args;
      const done = args.at(-1) as (error: Error) => void;
      if (name !== 'exchange.test') lookup(...args);
      else if (known) lookup('127.0.0.1', ...rest);
      else
        done(
          Object.assign(new Error('getaddrinfo ENOTFOUND exchange.test'), { code: 'ENOTFOUND' }),
        );
    };
    jest.spyOn(dns, 'lookup').mockImplementation(answer);
    const at = (url: string): string => url.replace('127.0.0.1', 'exchange.test');
    recorder = await startRecorder({}, ({ upbit, bithumb }) => ({
      COLLECT: 'UPBIT:BTC-KRW,BITHUMB:BTC-KRW,KORBIT:BTC-KRW',
      UPBIT_WS_URL: at(upbit.wsUrl),
      UPBIT_REST_URL: at(upbit.restUrl),
      BITHUMB_REST_URL: at(bithumb.restUrl),
    }));
    await until(() => recorder.status('KORBIT:BTC-KRW')?.state === 'LIVE', 'Korbit LIVE');
    await until(
      () => /ENOTFOUND/.test(recorder.status('UPBIT:BTC-KRW')?.error ?? ''),
      'the failing lookup of the socket',
    );
    await until(
      () => recorder.status('BITHUMB:BTC-KRW')?.state === 'RECONNECTING',
      'the failing lookup of the poller',
    );
    known = true;
    await allLive(recorder);
    await step(recorder, 10);
    const gaps = await closedGaps(recorder, 2);
    expect(gaps.map((gap) => [gap.market, gap.cause]).sort()).toEqual([
      ['BITHUMB:BTC-KRW', 'CONNECT_FAILED'],
      ['UPBIT:BTC-KRW', 'CONNECT_FAILED'],
    ]);
    await expectExact(recorder);
  });
});
