import { afterEach, describe, expect, it } from '@jest/globals';
import type { Recorder } from '../helpers/recorder.js';
import { allLive, startRecorder } from '../helpers/recorder.js';
import { until } from '../helpers/wait.js';
import { CONNECTION_ENV } from './connection-faults.js';
import { closedGaps, collected, expectExact, recovered, step } from './support.js';

let recorder: Recorder;
afterEach(() => recorder.close());

describe('half-open connections of all five exchanges (no FIN, nothing comes, nothing is read)', () => {
  it('are given up within 80 s, and recover by themselves when the network is back', async () => {
    recorder = await startRecorder({}, CONNECTION_ENV);
    await allLive(recorder);
    await step(recorder, 10);
    const { all } = recorder.simulators;
    const begun = Date.now();
    for (const simulator of all) simulator.faults.halfOpen(true);
    const since = new Map<string, number>();
    await until(
      () => {
        for (const { market, state } of recorder.app.supervisor.collectors()) {
          if (state === 'RECONNECTING' && !since.has(market.exchange)) {
            since.set(market.exchange, Date.now() - begun);
          }
        }
        return recorder.app.supervisor.collectors().every((c) => c.state === 'RECONNECTING');
      },
      'every connection given up',
      95_000,
    );
    const back = Date.now();
    for (const simulator of all) simulator.faults.halfOpen(false);
    await recovered(recorder, collected(recorder), 60_000);
    console.log(
      `half open: noticed after ${JSON.stringify(Object.fromEntries(since))} ms, ` +
        `all LIVE ${Date.now() - back} ms after the network was back`,
    );
    await step(recorder, 10);
    const gaps = await closedGaps(recorder, collected(recorder).length);
    expect(new Set(gaps.map((gap) => gap.market))).toEqual(new Set(collected(recorder)));
    expect(new Set(gaps.map((gap) => gap.cause))).toEqual(new Set(['DISCONNECTED']));
    // The gap begins where the silence began, not where it was noticed.
    for (const gap of gaps) expect(gap.start).toBeLessThan(begun + 5_000);
    await expectExact(recorder);
  }, 200_000);
});

describe('lost heartbeats of GOPAX', () => {
  it('on a quiet market end in a new connection within 70 s', async () => {
    recorder = await startRecorder({}, { COLLECT: 'GOPAX:BTC-KRW' });
    await allLive(recorder);
    const { gopax } = recorder.simulators;
    gopax.faults.missHeartbeats(true);
    await until(() => gopax.upgrades.length === 2, 'the new connection', 80_000);
    gopax.faults.missHeartbeats(false);
    await recovered(recorder);
    const gaps = await closedGaps(recorder, 1);
    expect(gaps.map((gap) => gap.detail)).toEqual([expect.stringMatching(/no sign of life/)]);
    await expectExact(recorder);
  }, 120_000);
});
