import { expect, it } from '@jest/globals';
import { MarketTrades } from '../../src/collector/history/market-trades.js';
import type { TradeHistory } from '../../src/collector/history/trade-history.js';
import { compareVolumes } from '../../src/collector/history/volume-check.js';

const MARKET = { exchange: 'UPBIT', symbol: 'BTC', currency: 'KRW' } as const;
const MINUTE = 60_000;
const T0 = 1_790_000_040_000;

const newMarket = (): MarketTrades =>
  new MarketTrades(
    MARKET,
    MARKET,
    () => undefined,
    () => 0,
  );

/** Parts of a comparison whose candles are `minutes`, at most so many a call; nothing is stored. */
const partsWith = (
  maxMinutes: number,
  minutes: NonNullable<TradeHistory['minutes']>,
): Parameters<typeof compareVolumes>[0] => ({
  history: {
    rows: 1,
    everyMs: 1,
    older: true,
    page: () => Promise.reject(new Error('not asked for')),
    maxMinutes,
    minutes,
  },
  rest: null as never,
  memory: { tradeVolumes: async () => new Map() },
  clock: () => T0 + 60 * MINUTE,
  slot: async () => true,
});

it('a minute that was checked in two parts is compared once both are', async () => {
  const market = newMarket();
  market.begin({ open: [], until: null }, T0 - MINUTE, 0);
  market.report(T0 + 10 * MINUTE);
  const agreed: number[] = [];
  const checked = async (start: number, end: number): Promise<void> => {
    market.verified({ start: T0 + start * MINUTE, end: T0 + end * MINUTE }, 'VERIFIED_BY_REST');
    await compareVolumes(
      partsWith(10, async () => new Map([[T0 - 5 * MINUTE, '1']])),
      market,
      { agreed: () => void agreed.push(end), differs: () => undefined },
    );
  };
  await checked(4.5, 6);
  expect(agreed).toEqual([6]);
  await checked(3, 4.5);
  // The third, and the fourth of two parts.
  expect(agreed).toEqual([6, 4.5, 4.5]);
  expect(market.volumes).toEqual([]);
});

it('minutes whose candles could not be fetched are compared the next time, the others once', async () => {
  const market = newMarket();
  market.volumes = [{ start: T0 - 5_000, end: T0 + 4 * MINUTE + 5_000 }];
  const agreed: number[] = [];
  let failures = 1;
  const compare = (): Promise<void> =>
    compareVolumes(
      partsWith(2, async (_rest, _pair, to, count) => {
        if (to < T0 + 3 * MINUTE && failures-- > 0) throw new Error('HTTP 503');
        agreed.push(...Array.from({ length: count }, (_, i) => (to - T0) / MINUTE - count + i));
        return new Map();
      }),
      market,
      { agreed: () => undefined, differs: () => undefined },
    );
  await expect(compare()).rejects.toThrow('HTTP 503');
  expect(agreed).toEqual([2, 3]);
  await compare();
  expect(agreed).toEqual([2, 3, 0, 1]);
  // The parts of minutes at both ends are given up.
  await compare();
  expect(agreed).toHaveLength(4);
  expect(market.volumes).toEqual([]);
});

it('a minute without a candle had no trade only behind a candle that there is', async () => {
  const market = newMarket();
  const minutes = async (
    candles: readonly [number, string][],
    stored: readonly [number, string][],
  ) => {
    market.volumes = [{ start: T0, end: T0 + 4 * MINUTE }];
    const compared: string[] = [];
    const parts = partsWith(10, async () => new Map(candles));
    await compareVolumes(
      { ...parts, memory: { tradeVolumes: async () => new Map(stored) } },
      market,
      {
        agreed: () => void compared.push('agreed'),
        differs: (minute) => void compared.push(`differs ${(minute - T0) / MINUTE}`),
      },
    );
    return compared;
  };
  // As where an answer is empty by mistake, or of another time than was asked for.
  expect(await minutes([], [])).toEqual([]);
  expect(await minutes([[T0 + 9 * MINUTE, '1']], [])).toEqual([]);
  expect(await minutes([], [[T0 + MINUTE, '1']])).toEqual(['differs 1']);
  expect(await minutes([[T0 + MINUTE, '1']], [[T0 + MINUTE, '1']])).toEqual([
    'agreed',
    'agreed',
    'agreed',
  ]);
});
