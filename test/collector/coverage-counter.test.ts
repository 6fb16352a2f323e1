import { beforeEach, describe, expect, it } from '@jest/globals';
import { CoverageCounter } from '../../src/collector/market/coverage-counter.js';
import type { CoverageMinute } from '../../src/market/coverage.js';

const market = { exchange: 'UPBIT', symbol: 'BTC', currency: 'KRW' } as const;
const MINUTE = 60_000;

let records: Omit<CoverageMinute, 'market'>[];
let counter: CoverageCounter;

beforeEach(() => {
  records = [];
  counter = new CoverageCounter(market, ({ market: of, ...record }) => {
    expect(of).toBe(market);
    records.push(record);
  });
});

describe('CoverageCounter', () => {
  it('publishes a minute when the next one begins', () => {
    counter.count(MINUTE + 1000, true);
    counter.count(MINUTE + 4000, false);
    counter.count(MINUTE + 5000, true);
    expect(records).toEqual([]);
    counter.count(2 * MINUTE, false);
    expect(records).toEqual([
      { minute: MINUTE, frames: 3, changed: 2, repeats: 1, longestSilenceMs: 3000 },
    ]);
  });

  it('counts audits and late books, also in a minute without a frame', () => {
    counter.count(MINUTE + 1000, true);
    counter.audited(MINUTE + 2000, true);
    counter.audited(MINUTE + 3000, false);
    counter.late(2 * MINUTE + 1);
    counter.flush(3 * MINUTE);
    const frame = { frames: 1, changed: 1, repeats: 0, longestSilenceMs: 0 };
    const none = { frames: 0, changed: 0, repeats: 0, longestSilenceMs: 0 };
    expect(records).toEqual([
      { minute: MINUTE, ...frame, audits: 2, auditDifferences: 1 },
      { minute: 2 * MINUTE, ...none, lateBooks: 1 },
    ]);
  });

  it('publishes the last minute of a quiet market once it is over, and only once', () => {
    counter.count(MINUTE + 1000, true);
    counter.flush(2 * MINUTE - 1);
    expect(records).toEqual([]);
    counter.flush(2 * MINUTE);
    counter.flush(3 * MINUTE);
    expect(records).toHaveLength(1);
  });

  it('takes a clock that is set for no silence', () => {
    counter.count(MINUTE + 1000, true);
    counter.clockSet(60 * MINUTE);
    counter.count(61 * MINUTE + 3000, true);
    counter.clockSet(-60 * MINUTE);
    counter.count(MINUTE + 6000, true);
    counter.flush(2 * MINUTE);
    expect(records.map((r) => [r.minute / MINUTE, r.longestSilenceMs])).toEqual([
      [1, 0],
      [61, 2000],
      [1, 3000],
    ]);
  });

  it('lets a silence reach back over minutes without a frame', () => {
    counter.count(MINUTE, true);
    counter.count(5 * MINUTE + 10, false);
    counter.flush(Infinity);
    expect(records[1]).toEqual({
      minute: 5 * MINUTE,
      frames: 1,
      changed: 0,
      repeats: 1,
      longestSilenceMs: 4 * MINUTE + 10,
    });
  });

  it('counts no silence over a stop, and loses no frame by it', () => {
    counter.count(MINUTE, true);
    counter.restart();
    counter.count(MINUTE + 50_000, true);
    counter.flush(Infinity);
    expect(records.map((r) => [r.frames, r.longestSilenceMs])).toEqual([
      [1, 0],
      [1, 0],
    ]);
  });

  it('begins another minute when the clock is set back', () => {
    counter.count(5 * MINUTE, true);
    counter.count(2 * MINUTE, true);
    counter.flush(Infinity);
    expect(records.map((r) => [r.minute, r.frames, r.longestSilenceMs])).toEqual([
      [5 * MINUTE, 1, 0],
      [2 * MINUTE, 1, 0],
    ]);
  });
});
