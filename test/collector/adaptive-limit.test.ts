import { beforeEach, describe, expect, it } from '@jest/globals';
import {
  AdaptiveLimit,
  RATE_MANNER,
  SIZE_MANNER,
} from '../../src/collector/limits/adaptive-limit.js';
import { LimitBoard } from '../../src/collector/limits/limit-board.js';
import { RateLimiter } from '../../src/collector/limits/rate-limiter.js';

let now = 0;
let changes: (readonly [number, string | null])[] = [];
const parts = {
  now: () => now,
  clock: () => 1_000_000 + now,
  onChange: (limit: { value: number }, reason: string | null) =>
    changes.push([limit.value, reason]),
};

beforeEach(() => {
  now = 0;
  changes = [];
});

describe('a rate', () => {
  it('falls to 0.7 by a refusal, once for those under way together, and recovers by steps', () => {
    const rate = new AdaptiveLimit('REST_RATE', 100, RATE_MANNER, parts);
    rate.refused('HTTP 429');
    rate.refused('HTTP 429');
    expect(rate.value).toBeCloseTo(70);
    expect(rate.state).toMatchObject({ refusals: 2, reason: 'HTTP 429', since: 1_000_000 });
    now = 29_999;
    expect(rate.value).toBeCloseTo(70);
    now = 30_000;
    expect(rate.value).toBeCloseTo(75);
    expect(rate.value).toBeCloseTo(75);
    for (now = 60_000; now <= 300_000; now += 30_000) void rate.value;
    expect(rate.value).toBe(100);
    expect(changes[0]).toEqual([70, 'HTTP 429']);
    expect(changes.at(-1)).toEqual([100, null]);
  });

  it('waits longer for the next step when a step was refused', () => {
    const rate = new AdaptiveLimit('REST_RATE', 100, RATE_MANNER, parts);
    rate.refused('no');
    now = 30_000;
    expect(rate.value).toBeCloseTo(75);
    rate.refused('no');
    now += 59_999;
    expect(rate.value).toBeCloseTo(52.5);
    now += 1;
    expect(rate.value).toBeCloseTo(57.5);
  });

  it('narrows a rate limiter in proportion, below one event a window too', () => {
    const rate = new AdaptiveLimit('REST_RATE', 2, { ...RATE_MANNER, factor: 0.25 }, parts, 0.1);
    const limiter = new RateLimiter([{ count: 2, ms: 1000 }], () => now, rate);
    expect([limiter.tryTake(), limiter.tryTake(), limiter.tryTake()]).toEqual([true, true, false]);
    rate.refused('no');
    now = 1000;
    expect(limiter.waitMs()).toBe(1000);
    now = 2000;
    expect(limiter.tryTake()).toBe(true);
    now = 3999;
    expect(limiter.tryTake()).toBe(false);
    now = 4000;
    expect(limiter.tryTake()).toBe(true);
  });
});

describe('a size', () => {
  it('halves down to one, and says when there is nothing less', () => {
    const size = new AdaptiveLimit('REST_BATCH', 5, SIZE_MANNER, parts);
    expect([size.refused('big'), size.value]).toEqual([true, 2]);
    expect([size.refused('big'), size.value]).toEqual([true, 1]);
    expect([size.refused('big'), size.value]).toEqual([false, 1]);
  });

  it('learns from what was asked, and not again from what was asked before it knew', () => {
    const size = new AdaptiveLimit('REST_BATCH', 200, SIZE_MANNER, parts);
    size.refused('big', 120);
    expect(size.value).toBe(60);
    size.refused('big', 200);
    expect(size.value).toBe(60);
    expect(size.state.refusals).toBe(2);
  });

  it('tries more rarely, and ever more so when that is refused', () => {
    const size = new AdaptiveLimit('REST_BATCH', 200, SIZE_MANNER, parts);
    size.refused('big');
    now = 900_000;
    expect(size.value).toBe(200);
    size.refused('big');
    now += 900_000;
    expect(size.value).toBe(100);
    now += 900_000;
    expect(size.value).toBe(200);
  });
});

it('is made once by name, and shown with the others', () => {
  const board = new LimitBoard(parts);
  const rate = board.limit('REST_RATE', 10, RATE_MANNER);
  rate.refused('x'.repeat(1000));
  expect(board.limit('REST_RATE', 10, RATE_MANNER)).toBe(rate);
  expect(board.states).toHaveLength(1);
  expect(board.states[0]).toMatchObject({ name: 'REST_RATE', value: 7, atStart: 10 });
  expect(board.states[0]!.reason!.length).toBeLessThanOrEqual(201);
});
