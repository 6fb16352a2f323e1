import { describe, expect, it } from '@jest/globals';
import { addTraded, barAt, barsOf, tradedIn } from '../../src/dashboard/data/trade-bars.js';

const T0 = Date.UTC(2026, 8, 1);
const step = (offset: number, buyVolume: string | null, sellVolume: string | null) => ({
  time: new Date(T0 + offset).toISOString(),
  buyVolume,
  sellVolume,
});

describe('bars of trades', () => {
  it('add steps and exchanges exactly, by the side of the taker', () => {
    const upbit = [
      step(0, '0.00000001', '0'),
      step(3_000, '12345678901234567890.1', '2'),
      step(6_000, '0', '0'),
    ];
    const korbit = [step(0, '0.1', '0.2'), step(3_000, null, null), step(6_000, '0', '0')];
    expect(barsOf(tradedIn([upbit, korbit], T0, 6_000), 6_000)).toEqual([
      { at: T0, until: T0 + 6_000, buy: '12345678901234567890.20000001', sell: '2.2' },
    ]);
  });

  it('are none where no trades were recorded', () => {
    expect(barsOf(tradedIn([[step(0, null, null)]], T0, 3_000), 3_000)).toEqual([]);
  });

  it('stand in the order of time, also when a trade is late', () => {
    const traded = new Map<number, { buy: string; sell: string }>();
    addTraded(traded, T0 + 5_000, 'buy', '1');
    addTraded(traded, T0, 'sell', '0.5');
    addTraded(traded, T0 + 5_000, 'sell', '0.25');
    const bars = barsOf(traded, 5_000);
    expect(bars.map(({ at, buy, sell }) => [at - T0, buy, sell])).toEqual([
      [0, '0', '0.5'],
      [5_000, '1', '0.25'],
    ]);
    expect(barAt(bars, T0 + 4_999)).toBe(bars[0]);
    expect(barAt(bars, T0 + 5_000)).toBe(bars[1]);
    expect(barAt(bars, T0 + 10_000)).toBeUndefined();
  });
});
