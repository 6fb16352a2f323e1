import { describe, expect, it } from '@jest/globals';
import {
  applySide,
  diffSide,
  isCrossed,
  type Level,
  sortLevels,
} from '../../src/market/order-book.js';

const asks: Level[] = [
  ['99', '1'],
  ['100.5', '2'],
  ['1000', '3'],
];

describe('diffSide and applySide', () => {
  it('name new, changed and vanished levels, best first', () => {
    const after: Level[] = [
      ['98.5', '4'],
      ['99', '1'],
      ['1000', '3.5'],
    ];
    const changes = diffSide('ask', asks, after);
    expect(changes).toEqual([
      ['98.5', '4'],
      ['100.5', '0'],
      ['1000', '3.5'],
    ]);
    expect(applySide('ask', asks, changes)).toEqual(after);
  });

  it('give nothing for equal sides and everything for empty ones', () => {
    expect(diffSide('ask', asks, [...asks])).toEqual([]);
    expect(diffSide('ask', [], asks)).toEqual(asks);
    expect(applySide('ask', asks, diffSide('ask', asks, []))).toEqual([]);
  });

  it('rebuild any side from any other, on both sides (seeded walks)', () => {
    let seed = 7;
    const random = (n: number): number => {
      seed = (seed * 1103515245 + 12345) % 2147483648;
      return seed % n;
    };
    const make = (side: 'ask' | 'bid'): Level[] => {
      const prices = new Set(
        Array.from({ length: random(12) }, () => `${random(30) + 1}${random(2) ? '.5' : ''}`),
      );
      return sortLevels(
        side,
        [...prices].map((p): Level => [p, String(random(3) + 1)]),
      );
    };
    for (const side of ['ask', 'bid'] as const) {
      let levels: readonly Level[] = [];
      for (let i = 0; i < 500; i++) {
        const next = make(side);
        levels = applySide(side, levels, diffSide(side, levels, next));
        expect(levels).toEqual(next);
      }
    }
  });
});

describe('isCrossed', () => {
  it('sees a best bid at or above the best ask', () => {
    expect(isCrossed({ asks, bids: [['98.9', '1']] })).toBe(false);
    expect(isCrossed({ asks, bids: [['99', '1']] })).toBe(true);
    expect(isCrossed({ asks, bids: [] })).toBe(false);
  });
});
