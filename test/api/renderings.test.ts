import { describe, expect, it } from '@jest/globals';
import { KeptRenderings, Rendering } from '../../src/api/live/rendering.js';

describe('kept renderings', () => {
  const keep = (count: number, length: number): number => {
    const kept = new KeptRenderings();
    for (let i = 0; i < count; i++) kept.set(i, new Rendering('x'.repeat(length)));
    expect(kept.get(count - 1)).toBeDefined();
    return Array.from({ length: count }, (_, i) => kept.get(i)).filter(Boolean).length;
  };

  it('are the newest ones, bounded in number and in bytes', () => {
    expect(keep(100, 10)).toBe(64);
    expect(keep(100, 50_000)).toBe(2);
    expect(keep(100, 500_000)).toBe(1);
  });
});
