import { describe, expect, it } from '@jest/globals';
import { marketKey } from '../../src/market/market.js';
import { firstAfter, KeptItems } from '../../src/nats/kept-items.js';
import type { BookMessage } from '../../src/nats/messages.js';
import { bookAt, MARKET } from './support.js';

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

  it('is before a book that a later one, which equals the last one, followed', () => {
    const events = [bookAt(6_110, '6', null), bookAt(6_120, '5', null)];
    expect(firstAfter(events, last(101, '5', null))).toBe(0);
    expect(firstAfter(events, last(6_121, '5', null))).toBe(2);
    const kept = new KeptItems(100);
    for (const [t, ask] of [
      [1_000, '5'],
      [20_000, '6'],
      [21_000, '5'],
      [60_000, '7'],
    ] as const)
      kept.add(MARKET, { kind: 'book', event: bookAt(t, ask, null), receivedAt: t });
    const books = new Map([[marketKey(MARKET), { seq: 1, message: last(1_001, '5', null) }]]);
    const lacking = (aliveAt: number) => {
      const { from, since } = kept.missing(books, aliveAt).get(marketKey(MARKET))!;
      return [from, since];
    };
    expect(lacking(5_000)).toEqual([-1, 20_000]);
    expect(lacking(30_000)).toEqual([3, null]);
  });

  it('is the newest book that it no longer keeps, and since when the log lacks books is remembered', () => {
    const kept = new KeptItems(100);
    for (const t of [1_000, 1_050, 1_060, 1_500])
      kept.add(MARKET, { kind: 'book', event: bookAt(t + 5, `${t}`, t), receivedAt: t + 5 });
    const lacking = (e: number) => {
      const books = new Map([[marketKey(MARKET), { seq: 1, message: last(e + 9, `${e}`, e) }]]);
      const { first, from, since } = kept.missing(books, 0).get(marketKey(MARKET))!;
      return [first?.event.book.exchangeTimestamp, from, since];
    };
    expect(lacking(1_000)).toEqual([1_060, -1, 1_055]);
    expect(lacking(900)).toEqual([1_060, -1, 1_005]);
    expect(lacking(1_060)).toEqual([1_500, 3, null]);
    expect(lacking(1_500)).toEqual([undefined, Infinity, null]);
  });
});
