import { describe, expect, it } from '@jest/globals';
import { firstAfter } from '../../src/nats/kept-items.js';
import type { BookMessage } from '../../src/nats/messages.js';
import { bookAt } from './support.js';

describe('where a standby goes on', () => {
  const last = (t: number, price: string, e: number | null): BookMessage => {
    return { t, e, g: false, p: 0, w: 0, asks: `[["${price}","1"]]`, bids: '[]', changes: null };
  };

  it('is behind the book that was received when the last one was, though later ones equal it', () => {
    const events = [bookAt(100, '5', null), bookAt(110, '6'), bookAt(120, '5', null)];
    expect(firstAfter(events, last(101, '5', null))).toBe(1);
    expect(firstAfter(events, last(119, '5', null))).toBe(3);
  });

  it("is found by the exchange's time where the last one did not come", () => {
    const events = [bookAt(100, '5', 90), bookAt(110, '6', 95)];
    expect(firstAfter(events, last(105, '7', 92))).toBe(1);
  });
});
