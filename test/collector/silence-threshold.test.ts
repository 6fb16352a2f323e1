import { describe, expect, it } from '@jest/globals';
import { PeerRhythm } from '../../src/collector/market/peer-rhythm.js';
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

  describe('in its first half hour', () => {
    const young = (every: number, frames: number, ratio: number): SilenceThreshold => {
      const rhythm = new SilenceThreshold(undefined, { ratio });
      for (let i = 0; i < frames; i++) rhythm.heard(i * every);
      return rhythm;
    };

    it('judges a market by how uneven the others of its exchange are', () => {
      expect(young(20_000, 10, 20).boundMs).toBe(400_000);
      expect(young(20_000, 10, 35).boundMs).toBe(700_000);
      expect(young(100, 50, 20).boundMs).toBe(30_000);
      expect(young(20 * MINUTE, 6, 20).boundMs).toBe(30 * MINUTE);
    });

    it('waits five minutes at least while there are few frames', () => {
      expect(young(1_000, 4, 20).boundMs).toBe(5 * MINUTE);
    });

    it('ends: then its own silences are enough', () => {
      expect(young(20_000, 89, 20).boundMs).toBe(400_000);
      expect(young(20_000, 92, 20).boundMs).toBe(60_000);
    });
  });

  it('says how uneven it is once it is known well', () => {
    const rhythm = new SilenceThreshold();
    for (let i = 0; i < 99; i++) rhythm.heard(i * 1_000);
    expect(rhythm.ratio).toBeNull();
    rhythm.heard(99_000);
    expect(rhythm.ratio).toBe(1);
    rhythm.heard(99_000 + 101_000);
    expect(rhythm.ratio).toBeCloseTo(50.5);
  });

  it('counts no silence from before a restart', () => {
    const rhythm = heard(0, 1, 2, 3, 4, 5);
    rhythm.restart();
    for (let i = 0; i < 6; i++) rhythm.heard(20 * MINUTE + i);
    expect(rhythm.boundMs).toBe(30_000);
  });
});

describe('PeerRhythm', () => {
  it('is what nearly all of the well-known markets keep within, and 20 at least', () => {
    let ratios: (number | null)[] = [null, null];
    const peers = new PeerRhythm(() => ratios);
    peers.refresh(0);
    expect(peers.ratio).toBe(20);
    ratios = [...Array.from({ length: 95 }, () => 30), 31, 400, 400, 400, 400, null];
    peers.refresh(59_000);
    expect(peers.ratio).toBe(20);
    peers.refresh(60_000);
    expect(peers.ratio).toBe(31);
  });
});
