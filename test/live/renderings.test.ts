import { describe, expect, it } from '@jest/globals';
import { delivery } from '../../src/live/delivery.js';
import { Renderings } from '../../src/live/rendering.js';

describe('kept renderings', () => {
  const keep = (count: number, length: number): number => {
    const render = (): string => 'x'.repeat(length);
    const renderings = new Renderings({ render, showsMissed: false, showsAge: false });
    const all = Array.from({ length: count }, (_, i) => delivery('k', i, i));
    for (const one of all) renderings.of(one, true);
    renderings.of(all.at(-1)!, true);
    expect(renderings.made).toBe(count);
    return all.reverse().findIndex((one) => {
      renderings.of(one, false);
      return renderings.made > count;
    });
  };

  it('are the newest ones, bounded in number and in bytes', () => {
    expect(keep(100, 10)).toBe(64);
    expect(keep(100, 50_000)).toBe(2);
    expect(keep(100, 500_000)).toBe(1);
  });

  it('are made for one reader alone where the text says what it missed', () => {
    const render = ({ skipped }: { skipped: number }): string => `skipped ${skipped}`;
    const renderings = new Renderings({ render, showsMissed: true, showsAge: false });
    const event = delivery('k', 1, 'book');
    expect(renderings.of({ ...event, skipped: 3 }, true).texts).toEqual(['skipped 3']);
    expect(renderings.of(event, true).texts).toEqual(['skipped 0']);
    expect(renderings.of(event, true)).toBe(renderings.of(event, true));
  });
});
