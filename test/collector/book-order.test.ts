import { describe, expect, it } from '@jest/globals';
import { BookOrder } from '../../src/collector/market/book-order.js';

/** What becomes of books with these places, each 10 ms after the one before. */
function judge(...places: number[]): string {
  const order = new BookOrder();
  return places.map((place, i) => order.judge(place, i * 10)[0]).join('');
}

describe('BookOrder', () => {
  it('takes what rises or is equal, in order of receipt', () => {
    expect(judge(1000, 1000, 1001, 1500)).toBe('NNNN');
  });

  it('leaves out an older book: a SNAPSHOT behind newer REALTIME ones', () => {
    expect(judge(306, 106, 307)).toBe('NLN');
  });

  it('leaves out what a second server with a slower clock sends, however often', () => {
    expect(judge(1000, 960, 1010, 970, 980, 1020, 985, 990, 995, 1030)).toBe('NLNLLNLLLN');
  });

  it('is not silenced by one absurd place', () => {
    const absurd = 1e12;
    expect(judge(1000, absurd, 1010, 1010, 1020, 1030)).toBe('NNLLRN');
  });

  it('follows a clock that was set back, once nothing in order has come for a while', () => {
    const order = new BookOrder();
    expect(order.judge(50_000, 0)).toBe('NEXT');
    expect(order.judge(40_000, 1000)).toBe('LATE');
    expect(order.judge(44_000, 5000)).toBe('LATE');
    expect(order.judge(45_100, 6000)).toBe('RESTART');
    expect(order.judge(45_200, 6100)).toBe('NEXT');
  });

  it('begins again after a gap', () => {
    const order = new BookOrder();
    order.judge(50_000, 0);
    order.restart();
    expect(order.judge(40_000, 10)).toBe('NEXT');
  });

  it('distinguishes books of one ms by what is behind the point', () => {
    expect(judge(1790134177753.002, 1790134177753.001, 1790134177753.003)).toBe('NLN');
  });
});
