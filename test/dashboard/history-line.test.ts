import { describe, expect, it } from '@jest/globals';
import { lineWithGaps } from '../../src/dashboard/data/history-line.js';

describe('the line of a history', () => {
  const points = [
    { at: 10_000, price: 1 },
    { at: 20_000, price: 2 },
    { at: 30_000, price: 3 },
  ];

  it('is broken by a gap that lies between two of its points', () => {
    expect(lineWithGaps(points, [21_500])).toEqual([
      [10, 20, 21.5, 30],
      [1, 2, null, 3],
    ]);
  });

  it('is not led on by gaps before it or after it', () => {
    expect(lineWithGaps(points, [9_000, 31_000])).toEqual([
      [10, 20, 30],
      [1, 2, 3],
    ]);
    expect(lineWithGaps([], [21_500])).toEqual([[], []]);
  });
});
