import { describe, expect, it } from '@jest/globals';
import { ConsolidatedBook, type Leg } from '../../src/market/consolidated.js';
import type { Exchange } from '../../src/market/exchange.js';
import { marginOf, Premium, widestFirst } from '../../src/market/premium.js';

/** A leg with one level a side. */
function leg(exchange: Exchange, ask: string, bid: string, more: Partial<Leg> = {}): Leg {
  const market = { exchange, symbol: 'BTC', currency: 'KRW' };
  const [asks, bids] = [[[ask, '2'] as const], [[bid, '1'] as const]];
  const book = { market, timestamp: 1, exchangeTimestamp: null, sequence: 1, asks, bids };
  return { exchange, state: 'LIVE', confirmedAt: 1, book, ...more };
}

function premium(legs: Leg[], against: Exchange = 'UPBIT', symbol = 'BTC'): Premium {
  return new Premium(new ConsolidatedBook({ symbol, currency: 'KRW' }, 1, legs, true), against);
}

describe('Premium', () => {
  it('compares each middle price with that of one exchange, exactly and in percent', () => {
    const { base, prices } = premium([leg('KORBIT', '98', '97'), leg('UPBIT', '101', '99')]);
    expect(base).toBe('100');
    expect(prices.map(({ mid, difference }) => [mid, difference])).toEqual([
      ['97.5', { amount: '-2.5', percent: '-2.5' }],
      ['100', { amount: '0', percent: '0' }],
    ]);
  });

  it('rounds a percentage to six decimals, a half away from zero', () => {
    const percent = (mid: string, base: string) =>
      premium([leg('KORBIT', mid, mid), leg('UPBIT', base, base)]).prices[0]!.difference?.percent;
    expect(percent('4', '3')).toBe('33.333333');
    expect(percent('2', '3')).toBe('-33.333333');
    expect(percent('100.000000005', '100')).toBe('0');
    expect(percent('200.00000001', '200')).toBe('0');
  });

  it('gives no difference where a price is missing', () => {
    const empty = premium([leg('KORBIT', '98', '97'), leg('UPBIT', '1', '1', { book: null })]);
    expect(empty.base).toBeNull();
    expect(empty.prices.map(({ difference }) => difference)).toEqual([null, null]);
    expect(premium([leg('KORBIT', '98', '97')]).prices[0]!.difference).toBeNull();
  });

  it('shows a stale price, and counts it neither in the widest spread nor in a crossing', () => {
    const stale = leg('GOPAX', '50', '49', { state: 'STALE' });
    const all = premium([stale, leg('KORBIT', '100', '99'), leg('UPBIT', '102', '101')]);
    expect(all.prices[0]!.mid).toBe('49.5');
    expect(all.compared).toBe(2);
    expect(all.widestPercent).toBe('2.01005');
    expect(all.crossing).toMatchObject({ buyAt: 'KORBIT', sellAt: 'UPBIT' });
    expect(premium([stale, leg('KORBIT', '100', '99')]).widestPercent).toBeNull();
  });

  it('says where to buy, where to sell and how much both levels hold', () => {
    const { crossing } = premium([leg('KORBIT', '100', '99'), leg('UPBIT', '103', '102')]);
    expect(crossing).toEqual({
      buyAt: 'KORBIT',
      buyPrice: '100',
      sellAt: 'UPBIT',
      sellPrice: '102',
      volume: '1',
    });
    expect(premium([leg('KORBIT', '100', '99'), leg('UPBIT', '101', '100')]).crossing).toBeNull();
  });

  it('says what is left after the fee of both trades, and that it may be a loss', () => {
    const { crossing } = premium([leg('KORBIT', '100', '99'), leg('UPBIT', '103', '102')]);
    expect(marginOf(crossing!, '0')).toEqual({ perUnit: '2', total: '2', percent: '2' });
    expect(marginOf(crossing!, '0.05')).toMatchObject({ perUnit: '1.899', total: '1.899' });
    expect(marginOf(crossing!, '1').perUnit).toBe('-0.02');
  });

  it('sorts the widest first and leaves out what cannot be compared', () => {
    const narrow = premium([leg('KORBIT', '100', '99'), leg('UPBIT', '100', '100')], 'UPBIT', 'A');
    const wide = premium([leg('KORBIT', '100', '99'), leg('UPBIT', '120', '119')], 'UPBIT', 'B');
    const alone = premium([leg('UPBIT', '120', '119')], 'UPBIT', 'C');
    expect(widestFirst([narrow, alone, wide])).toEqual([wide, narrow]);
  });
});
