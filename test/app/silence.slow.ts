import { expect } from '@jest/globals';
import { type Exchange, EXCHANGES } from '../../src/market/exchange.js';
import type { SilenceTally } from '../../src/market/silence-tally.js';
import { atOnce as it } from '../helpers/at-once.js';
import { allLive, type Recorder, recording } from '../helpers/recorder.js';
import { eventually, until } from '../helpers/wait.js';

const SHORT = { rhythm: { floorMs: 300, ceilingMs: 300, unknownMs: 300 } };
const GAPS = '{ gaps { edges { node { exchange symbol cause start end } } } }';
interface Gaps {
  gaps: {
    edges: {
      node: { exchange: string; symbol: string; cause: string; start: string; end: string | null };
    }[];
  };
}

const gapsOf = async (recorder: Recorder): Promise<Gaps['gaps']['edges'][number]['node'][]> =>
  (await recorder.query<Gaps>(GAPS)).gaps.edges.map((edge) => edge.node);

it('a silent market that was only quiet is asked about by REST and stays LIVE: no gap, no new connection', async () => {
  const recorder = await recording(
    { pairs: ['BTC-KRW'] },
    { COLLECT: 'BTC-KRW', BITHUMB_TRANSPORT: 'ws' },
    SHORT,
  );
  await allLive(recorder);
  const seen: string[] = [];
  recorder.app.bus.status.on(({ state }) => seen.push(state));
  const silence = (exchange: Exchange): SilenceTally =>
    recorder.app.supervisor.tally(exchange).silence;
  for (const exchange of EXCHANGES)
    await until(() => silence(exchange).quiet > 1, `${exchange} quiet twice`, 20_000);
  expect(seen).toEqual([]);
  for (const exchange of EXCHANGES)
    expect(silence(exchange)).toMatchObject({ lost: 0, falseAlarms: 0 });
  expect(await gapsOf(recorder)).toEqual([]);
  expect(recorder.simulators.upbit.upgrades).toHaveLength(1);
  expect(recorder.simulators.gopax.upgrades).toHaveLength(1);
});

it('a silent market on a frozen socket that still pongs is STALE with a gap since its last book, and recovers', async () => {
  const recorder = await recording(
    { pairs: ['BTC-KRW', 'ETH-KRW'] },
    { COLLECT: 'UPBIT:BTC-KRW,UPBIT:ETH-KRW' },
    SHORT,
  );
  await allLive(recorder);
  const { upbit } = recorder.simulators;
  upbit.faults.freeze(true);
  const lastBookAt = recorder.status('UPBIT:BTC-KRW')!.lastBookAt!;
  upbit.step('BTC-KRW');
  const [open] = await eventually(
    async () => (await gapsOf(recorder)).filter((gap) => gap.symbol === 'BTC'),
    (gaps) => gaps.length > 0,
    'the gap',
  );
  expect(open).toMatchObject({ cause: 'STALE', end: null });
  expect(Date.parse(open!.start)).toBe(lastBookAt);
  expect(recorder.status('UPBIT:BTC-KRW')!.state).toBe('STALE');
  expect(recorder.status('UPBIT:BTC-KRW')!.error).toMatch(/its book by REST has changed/);
  upbit.faults.freeze(false);
  await until(() => recorder.status('UPBIT:BTC-KRW')!.state === 'LIVE', 'BTC live', 30_000);
  await eventually(
    () => gapsOf(recorder),
    (gaps) => gaps.every((gap) => gap.end !== null),
    'closed gaps',
  );
  const { orderbook } = await recorder.query<{ orderbook: { asks: { price: string }[] } }>(
    '{ orderbook(exchange: UPBIT) { asks { price } } }',
  );
  const sent = upbit.sent.filter((book) => book.symbol === 'BTC').at(-1)!;
  expect(orderbook.asks[0]!.price).toBe(sent.asks[0]![0]);
}, 60_000);

it('an audit finds a lost GOPAX delta and reads the book again, with a gap since the last agreement', async () => {
  const recorder = await recording(
    { pairs: ['BTC-KRW'] },
    { COLLECT: 'GOPAX:BTC-KRW,UPBIT:BTC-KRW', AUDIT_EVERY_MS: '100' },
  );
  await allLive(recorder);
  const { gopax } = recorder.simulators;
  await until(
    () => recorder.status('GOPAX:BTC-KRW')!.auditAgreedAt !== null,
    'an agreement',
    20_000,
  );
  // All of one step: the first one alone may be of a level so deep that no audit compares it.
  gopax.faults.dropNextDelta(100);
  gopax.step('BTC-KRW');
  const agreedAt = recorder.status('GOPAX:BTC-KRW')!.auditAgreedAt!;
  await until(
    () => recorder.status('GOPAX:BTC-KRW')!.auditDifferences === 1,
    'the difference',
    40_000,
  );
  const [gap, ...others] = await eventually(
    () => gapsOf(recorder),
    (gaps) => gaps.length > 0 && gaps[0]!.end !== null,
    'the closed gap',
  );
  expect(others).toEqual([]);
  expect(gap).toMatchObject({ exchange: 'GOPAX', cause: 'RESYNC' });
  expect(Date.parse(gap!.start)).toBeGreaterThanOrEqual(agreedAt);
  await until(() => recorder.status('GOPAX:BTC-KRW')!.state === 'LIVE', 'GOPAX live');
  expect(recorder.status('UPBIT:BTC-KRW')!.auditDifferences).toBe(0);
  expect(recorder.status('UPBIT:BTC-KRW')!.audits).toBeGreaterThan(0);
}, 90_000);
