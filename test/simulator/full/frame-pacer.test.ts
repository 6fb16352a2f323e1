import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { FramePacer, type Rhythm } from '../../../src/simulator/full/frame-pacer.js';

let pacers: FramePacer[] = [];

beforeEach(() => {
  jest.useFakeTimers();
});

afterEach(() => {
  for (const pacer of pacers) pacer.stop();
  pacers = [];
  jest.useRealTimers();
});

function start(speed: number, seed = 1): FramePacer {
  const pacer = new FramePacer(seed, speed);
  pacers.push(pacer);
  return pacer;
}

/** Times of the beats of one market, ms from now. */
function beats(pacer: FramePacer, rhythm: Rhythm, key = 'UPBIT:BTC-KRW'): number[] {
  const from = performance.now();
  const times: number[] = [];
  pacer.add(key, rhythm, () => times.push(performance.now() - from));
  return times;
}

describe('FramePacer', () => {
  it.each<[string, Rhythm]>([
    ['at random', { perSecond: 4 }],
    ['with a shortest gap', { perSecond: 9, gapMs: 91 }],
    ['on a grid', { perSecond: 5.7, gridMs: 100 }],
    ['at most of its grid points', { perSecond: 9.5, gridMs: 100 }],
    ['every few seconds', { perSecond: 0.4 }],
  ])('beats %s as often as it should', (_name, rhythm) => {
    const times = beats(start(1), rhythm);
    jest.advanceTimersByTime(200_000);
    const wanted = 200 * rhythm.perSecond;
    expect(Math.abs(times.length - wanted)).toBeLessThan(4 * Math.sqrt(wanted));
    const { gapMs = 0, gridMs = 0 } = rhythm;
    const gaps = times.slice(1).map((time, i) => time - times[i]!);
    // A look at what is due every 4 ms.
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(gapMs - 4);
    if (gridMs === 0) return;
    const phase = times[0]! % gridMs;
    for (const time of times) expect(Math.abs((time % gridMs) - phase)).toBeLessThanOrEqual(4);
  });

  it('goes as fast as its speed says, from the moment that it is set', () => {
    const pacer = start(1);
    const times = beats(pacer, { perSecond: 10, gridMs: 100 });
    jest.advanceTimersByTime(10_000);
    expect(times).toHaveLength(100);
    pacer.speed = 0;
    jest.advanceTimersByTime(10_000);
    expect(times).toHaveLength(100);
    pacer.speed = 2;
    jest.advanceTimersByTime(5_000);
    expect(times).toHaveLength(200);
  });

  it('beats at the same moments for the same seed and key', () => {
    const [a, b] = [start(1, 7), start(1, 7)].map((pacer) => beats(pacer, { perSecond: 3 }));
    const other = beats(start(1, 8), { perSecond: 3 });
    jest.advanceTimersByTime(20_000);
    expect(a).toEqual(b);
    expect(a).not.toEqual(other);
  });

  it('stops a market that is removed, and takes one up again', () => {
    const pacer = start(1);
    const first = beats(pacer, { perSecond: 10, gridMs: 100 });
    jest.advanceTimersByTime(1000);
    pacer.remove('UPBIT:BTC-KRW');
    const second = beats(pacer, { perSecond: 10, gridMs: 100 });
    jest.advanceTimersByTime(1000);
    expect(first).toHaveLength(10);
    expect(second).toHaveLength(10);
    pacer.remove('UPBIT:NOPE-KRW');
  });

  it('does not send what it could not while the process stood still', () => {
    const pacer = start(1);
    const times = beats(pacer, { perSecond: 10, gridMs: 100 });
    jest.advanceTimersByTime(1000);
    const later = performance.now() + 60_000;
    const now = jest.spyOn(performance, 'now').mockReturnValue(later);
    jest.advanceTimersByTime(4);
    expect(times).toHaveLength(20);
    now.mockRestore();
  });
});
