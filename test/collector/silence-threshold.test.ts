import { describe, expect, it } from '@jest/globals';
import { SilenceThreshold } from '../../src/collector/market/silence-threshold.js';

const MINUTE = 60_000;

function heard(...times: number[]): SilenceThreshold {
  const rhythm = new SilenceThreshold();
  for (const time of times) rhythm.heard(time);
  return rhythm;
}

describe('SilenceThreshold', () => {
  it('lets a busy market be silent for the floor, however busy it is', () => {
    const rhythm = heard(...Array.from({ length: 50 }, (_, i) => i * 100));
    expect(rhythm.boundMs).toBe(30_000);
    expect(rhythm.silentMs(4900 + 31_000)).toBe(31_000);
  });

  it('takes three times the longest silence of late for usual', () => {
    const rhythm = heard(0, 1000, 2000, 62_000, 63_000, 64_000);
    expect(rhythm.boundMs).toBe(180_000);
  });

  it('never waits longer than the ceiling', () => {
    const rhythm = heard(...Array.from({ length: 8 }, (_, i) => i * 25 * MINUTE));
    expect(rhythm.boundMs).toBe(30 * MINUTE);
  });

  it('waits five minutes while it knows too little', () => {
    expect(heard(0, 10, 20).boundMs).toBe(5 * MINUTE);
  });

  it('forgets a long silence after an hour at the latest', () => {
    const rhythm = heard(0, 9 * MINUTE);
    for (let at = 9 * MINUTE; at <= 75 * MINUTE; at += 5000) rhythm.heard(at);
    expect(rhythm.boundMs).toBe(30_000);
  });

  it('learns from a silence that was proven quiet', () => {
    const rhythm = heard(0, 1, 2, 3, 4, 5);
    rhythm.confirmed(5 + 2 * MINUTE);
    expect(rhythm.silentMs(5 + 3 * MINUTE)).toBe(MINUTE);
    expect(rhythm.boundMs).toBe(6 * MINUTE);
  });

  it('counts no silence from before a restart', () => {
    const rhythm = heard(0, 1, 2, 3, 4, 5);
    rhythm.restart();
    for (let i = 0; i < 6; i++) rhythm.heard(20 * MINUTE + i);
    expect(rhythm.boundMs).toBe(30_000);
  });
});
