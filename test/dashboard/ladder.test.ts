import { describe, expect, it } from '@jest/globals';
import { ladderSides, stepsFor } from '../../src/dashboard/data/ladder.js';
import { multipleDecimal } from '../../src/market/decimal.js';

const ALL = { rows: 30, step: null, inQuote: false };

describe('multipleDecimal', () => {
  it.each([
    ['116543000', '1000', '116543000', '116543000'],
    ['116543001', '1000', '116543000', '116544000'],
    ['116543000.00000001', '5000', '116540000', '116545000'],
    ['0.01834', '0.0005', '0.018', '0.0185'],
    ['0.00000000000000000001', '1', '0', '1'],
    ['12345678901234567890123', '0.5', '12345678901234567890123', '12345678901234567890123'],
  ])('%s by %s is %s or %s', (price, step, down, up) => {
    expect(multipleDecimal(price, step, false)).toBe(down);
    expect(multipleDecimal(price, step, true)).toBe(up);
  });

  it('refuses a step of zero', () => {
    expect(() => multipleDecimal('1', '0', true)).toThrow(RangeError);
  });
});

describe('ladderSides', () => {
  const book = {
    asks: [
      { price: '101', volume: '0.1' },
      { price: '105', volume: '0.2' },
      { price: '106', volume: '12345678901234567890.7' },
    ],
    bids: [{ price: '99', volume: '0.000000000000000001' }],
  };

  it('adds exactly what floats would lose', () => {
    const { asks, bids, bidPercent } = ladderSides(book, { ...ALL, step: '5' });
    expect(asks).toEqual([
      { price: '105', volume: '0.3', sum: '0.3' },
      { price: '110', volume: '12345678901234567890.7', sum: '12345678901234567891' },
    ]);
    expect(bids).toEqual([
      { price: '95', volume: '0.000000000000000001', sum: '0.000000000000000001' },
    ]);
    expect(bidPercent).toBe('0');
  });

  it('counts only the levels that are shown, in the coin or in money', () => {
    const { asks } = ladderSides(book, { rows: 2, step: null, inQuote: true });
    expect(asks).toEqual([
      { price: '101', volume: '10.1', sum: '10.1' },
      { price: '105', volume: '21', sum: '31.1' },
    ]);
    expect(ladderSides({ asks: [], bids: [] }, ALL).bidPercent).toBeNull();
  });
});

describe('stepsFor', () => {
  it('offers steps that suit the price', () => {
    expect(stepsFor('116543000.5').slice(0, 3)).toEqual(['1000', '5000', '10000']);
    expect(stepsFor('0.01834').slice(0, 2)).toEqual(['0.0000001', '0.0000005']);
    expect(stepsFor('1398').slice(0, 3)).toEqual(['0.01', '0.05', '0.1']);
    expect(stepsFor('0')).toEqual([]);
  });
});
