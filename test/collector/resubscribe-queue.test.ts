import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { ResubscribeQueue } from '../../src/collector/socket/resubscribe-queue.js';
import type { Pair } from '../../src/market/market.js';
import { pair } from '../helpers/feed.js';

const BTC = pair('BTC-KRW');
const ETH = pair('ETH-KRW');
const MINUTE = 60_000;

describe('books in doubt', () => {
  let asked: (readonly Pair[] | null)[];
  let doubted: ResubscribeQueue;

  beforeEach(() => {
    jest.useFakeTimers();
    asked = [];
    doubted = new ResubscribeQueue((pairs) => asked.push(pairs));
  });
  afterEach(() => {
    doubted.clear();
    jest.useRealTimers();
  });

  it('are asked for at once, several of one burst together', () => {
    doubted.add(BTC);
    doubted.add(ETH);
    doubted.add(BTC);
    jest.advanceTimersByTime(1);
    expect(asked).toEqual([[BTC, ETH]]);
  });

  it('are all books when it is not known whose message it was', () => {
    doubted.add(BTC);
    doubted.add(null);
    doubted.add(ETH);
    jest.advanceTimersByTime(1);
    expect(asked).toEqual([null]);
  });

  it('are asked for less and less often while the doubt goes on', () => {
    for (let second = 0; second < 3600; second++) {
      doubted.add(BTC);
      jest.advanceTimersByTime(1000);
    }
    // 5 s, 10 s, ... to 10 minutes: not one in 5 s, which were 720.
    expect(asked.length).toBeGreaterThan(9);
    expect(asked.length).toBeLessThan(14);
    jest.advanceTimersByTime(11 * MINUTE);
    const before = asked.length;
    doubted.add(ETH);
    jest.advanceTimersByTime(1);
    doubted.add(ETH);
    jest.advanceTimersByTime(5_000);
    expect(asked.length).toBe(before + 2);
  });

  it('are not asked for when all are asked for anyway', () => {
    doubted.add(BTC);
    doubted.clear();
    jest.advanceTimersByTime(MINUTE);
    expect(asked).toEqual([]);
    doubted.add(ETH);
    jest.advanceTimersByTime(1);
    expect(asked).toEqual([[ETH]]);
  });
});
