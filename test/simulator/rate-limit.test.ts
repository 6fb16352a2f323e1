import { describe, expect, it } from '@jest/globals';
import {
  Penalty,
  SlidingLimit,
  TokenBucket,
  WindowLimit,
} from '../../src/simulator/server/rate-limit.js';

describe('rate limits', () => {
  it('counts whole seconds of the clock', () => {
    const limit = new WindowLimit(2);
    expect([limit.take('a', 1900), limit.take('a', 1950), limit.take('a', 1999)]).toEqual([
      1, 0, -1,
    ]);
    expect(limit.take('b', 1999)).toBe(1);
    expect(limit.take('a', 2000)).toBe(1);
  });

  it('counts the last moments', () => {
    const limit = new SlidingLimit(2, 1000);
    expect([limit.take('a', 900), limit.take('a', 1500), limit.take('a', 1899)]).toEqual([
      1, 0, -1,
    ]);
    expect(limit.take('a', 1900)).toBe(0);
    expect(limit.take('a', 2000)).toBe(-1);
  });

  it('refills a bucket steadily', () => {
    const bucket = new TokenBucket(2, 10);
    expect([bucket.take('a', 0), bucket.take('a', 0), bucket.take('a', 0)]).toEqual([1, 0, -1]);
    expect(bucket.take('a', 99)).toBe(-1);
    expect(bucket.take('a', 180)).toBe(0);
  });

  it('blocks who goes on, the next time for twice as long', () => {
    const penalty = new Penalty(2, 100);
    penalty.refused('a', 1000, 0);
    expect(penalty.remaining('a', 0)).toBe(0);
    penalty.refused('a', 1000, 50);
    expect(penalty.remaining('a', 50)).toBe(1000);
    expect(penalty.remaining('b', 50)).toBe(0);
    penalty.refused('a', 1000, 2000);
    penalty.refused('a', 1000, 2000);
    expect(penalty.remaining('a', 2000)).toBe(2000);
  });
});
