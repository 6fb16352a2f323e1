import { afterEach, describe, expect, it } from '@jest/globals';
import { allLive, type Recorder, startRecorder } from '../helpers/recorder.js';
import { until } from '../helpers/wait.js';

let recorder: Recorder;
afterEach(() => recorder.close());

describe('an exchange that sends garbage at full rate', () => {
  it('is counted, logged in few lines, and harms no other exchange', async () => {
    recorder = await startRecorder(
      { pairs: ['BTC-KRW', 'ETH-KRW'], rate: 20 },
      { COLLECT: 'BTC-KRW,ETH-KRW' },
    );
    await allLive(recorder);
    const { supervisor, bus } = recorder.app;
    let lines = 0;
    bus.logs.on((record) => {
      if (record.event === 'API_ERROR') lines++;
    });
    const unreadable = (): number =>
      supervisor.tally('UPBIT').unreadableMessages +
      supervisor.collectors('UPBIT').reduce((sum, c) => sum + c.parseFailures, 0);
    const books = (): number =>
      supervisor
        .collectors()
        .filter((c) => c.market.exchange !== 'UPBIT')
        .reduce((sum, c) => sum + c.books, 0);
    recorder.simulators.upbit.faults.garble(true);
    const before = books();
    await until(() => unreadable() >= 100, 'a hundred unreadable messages');
    await until(() => books() >= before + 200, 'books of the others');
    expect(lines).toBeLessThan(unreadable() / 2);
    const others = supervisor.collectors().filter((c) => c.market.exchange !== 'UPBIT');
    expect(new Set(others.map((c) => c.state))).toEqual(new Set(['LIVE']));
    recorder.simulators.upbit.faults.garble(false);
    await until(
      () => supervisor.collectors('UPBIT').every((c) => c.state === 'LIVE'),
      'Upbit live again',
    );
    const metrics = await (await fetch(`${recorder.app.url}/metrics`)).text();
    expect(metrics).toMatch(/parse_failures_total\{exchange="UPBIT"\} [1-9]\d{2,}/);
  }, 60_000);
});
