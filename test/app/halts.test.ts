import { expect } from '@jest/globals';
import { atOnce as it } from '../helpers/at-once.js';
import { gapsOf } from '../helpers/accounts.js';
import { allLive, logged, type Recorder, recording } from '../helpers/recorder.js';
import { until } from '../helpers/wait.js';

const BTC = 'UPBIT:BTC-KRW';

async function start(): Promise<Recorder> {
  const recorder = await recording(
    { pairs: ['BTC-KRW', 'ETH-KRW'] },
    { COLLECT: 'UPBIT:*-KRW', MARKETS_REFRESH_MS: '1000' },
  );
  await allLive(recorder);
  return recorder;
}

it('a market that leaves the list is recorded on while its books come, and that is said once', async () => {
  const recorder = await start();
  const { upbit } = recorder.simulators;
  upbit.faults.rest({ status: 200, body: '[{"market":"KRW-ETH"}]' });
  const lists = (): number => upbit.requests.filter((r) => r.url.includes('market/all')).length;
  const before = lists();
  // The market is confirmed as missing by the second list, and a third one follows.
  await until(() => {
    upbit.step('BTC-KRW');
    return lists() >= before + 4;
  }, 'four more lists');
  expect(recorder.status(BTC)).toMatchObject({ state: 'LIVE' });
  const missing = await logged(recorder, 'MARKET_MISSING');
  expect(missing.map(({ symbol }) => symbol)).toEqual(['BTC']);
  await until(() => recorder.status(BTC)?.state === 'STOPPED', 'the end, once no book comes');
});

it('a market that leaves the list and comes back has a gap from the last list without it to its first book', async () => {
  const recorder = await start();
  const { upbit } = recorder.simulators;
  upbit.delist('BTC-KRW');
  const halted = Date.now();
  await until(() => recorder.status(BTC)?.state === 'STOPPED', 'the halt');
  upbit.list('BTC-KRW');
  const back = Date.now();
  await until(() => recorder.status(BTC)?.state === 'LIVE', 'the return');
  const first = recorder.status(BTC)!.lastBookAt!;
  await until(() => recorder.app.storeStats().queuedBooks === 0, 'all written');
  const gaps = (await gapsOf((query) => recorder.query(query))).filter(
    (gap) => gap.cause === 'UNLISTED',
  );
  expect(gaps).toHaveLength(1);
  expect(gaps[0]).toMatchObject({ market: BTC, end: first });
  expect(gaps[0]!.start).toBeGreaterThan(halted);
  expect(gaps[0]!.start).toBeLessThanOrEqual(back);
});

it('looks soon for a market that is wanted by name and not listed, and marks what may be lost', async () => {
  const recorder = await recording({ pairs: ['BTC-KRW', 'ETH-KRW'] }, (simulators) => {
    simulators.korbit.delist('BTC-KRW');
    return { COLLECT: 'KORBIT:BTC-KRW', MARKETS_REFRESH_MS: '1000' };
  });
  const korbit = 'KORBIT:BTC-KRW';
  await until(() => recorder.status(korbit)?.state === 'FAILED', 'the first list');
  recorder.simulators.korbit.list('BTC-KRW');
  const back = Date.now();
  await until(() => recorder.status(korbit)?.state === 'LIVE', 'the return');
  const end = recorder.status(korbit)!.lastBookAt!;
  await until(() => recorder.app.storeStats().queuedBooks === 0, 'all written');
  const gaps = await gapsOf((query) => recorder.query(query));
  expect(gaps).toEqual([expect.objectContaining({ market: korbit, cause: 'UNLISTED', end })]);
  expect(gaps[0]!.start).toBeLessThanOrEqual(back);
});
