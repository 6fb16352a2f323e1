import { afterEach, expect, it } from '@jest/globals';
import type { Exchange } from '../../src/market/exchange.js';
import { allLive, type Recorder, startRecorder } from '../helpers/recorder.js';
import { until } from '../helpers/wait.js';
import { CONNECTION_ENV } from './connection-faults.js';
import { closedGaps, collected, expectExact, recovered, step } from './support.js';

const TEN_MINUTES = 600_000;
/** Told 429 or 418, the program waits up to ten minutes more; so those end earlier. */
const LIMITED_MS = 120_000;
const STATUS: Readonly<Partial<Record<Exchange, number>>> = {
  UPBIT: 429,
  BITHUMB: 418,
  COINONE: 500,
  KORBIT: 503,
  GOPAX: 502,
};

let recorder: Recorder;
afterEach(() => recorder.close());

it('recovers from ten minutes of refused connects, and never comes in a storm', async () => {
  recorder = await startRecorder({}, CONNECTION_ENV);
  await allLive(recorder);
  await step(recorder, 10);
  const { all, upbit, bithumb } = recorder.simulators;
  const begun = Date.now();
  for (const simulator of all) {
    simulator.faults.refuseUpgrades(STATUS[simulator.exchange] ?? 500);
    simulator.faults.dropConnections();
  }
  await until(() => Date.now() - begun > LIMITED_MS, 'two minutes', LIMITED_MS + 5_000);
  // 10, 20, 40 and 80 s at most, half of that at least, after the first ordinary wait.
  for (const simulator of [upbit, bithumb]) {
    const refused = simulator.upgrades.filter((u) => u.status !== 101).length;
    expect(refused).toBeGreaterThanOrEqual(3);
    expect(refused).toBeLessThanOrEqual(6);
    simulator.faults.refuseUpgrades(null);
  }
  await until(() => Date.now() - begun > TEN_MINUTES, 'ten minutes', TEN_MINUTES);
  for (const simulator of all) {
    const refused = simulator.upgrades.filter((u) => u.status !== 101);
    const least = (STATUS[simulator.exchange] ?? 500) < 500 ? 3 : 21;
    expect(refused.length).toBeGreaterThanOrEqual(least);
    expect(refused.length).toBeLessThanOrEqual(47);
    simulator.faults.refuseUpgrades(null);
  }
  const back = Date.now();
  await recovered(recorder, collected(recorder), 60_000);
  console.log(
    `refused for ten minutes: ${all.map((s) => `${s.exchange} ${s.upgrades.length - 2} tries`).join(', ')}; ` +
      `all LIVE ${Date.now() - back} ms after the end`,
  );
  await step(recorder, 10);
  const gaps = await closedGaps(recorder, collected(recorder).length);
  expect(new Set(gaps.map((gap) => gap.market))).toEqual(new Set(collected(recorder)));
  await expectExact(recorder);
}, 800_000);
