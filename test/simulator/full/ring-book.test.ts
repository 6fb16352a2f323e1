import { describe, expect, it } from '@jest/globals';
import { type Book, type BookChanges } from '../../../src/simulator/book/book.js';
import { BookLevel } from '../../../src/simulator/book/book.js';
import { RingBook } from '../../../src/simulator/full/ring-book.js';
import { bookSpecOf, profileOf } from '../../../src/simulator/book/market-profile.js';

const SPEC = bookSpecOf(profileOf('BTC', 'KRW'), 40, 1n);

type Prices = Map<bigint, bigint>;

function prices(levels: readonly BookLevel[]): Prices {
  return new Map(levels.map(({ price, volume }) => [price, volume]));
}

function follow(book: Prices, changes: readonly BookLevel[]): void {
  for (const { price, volume } of changes) {
    if (volume === 0n) book.delete(price);
    else book.set(price, volume);
  }
}

function expectSound(book: Book): void {
  for (const [levels, sign] of [
    [book.asks, 1n],
    [book.bids, -1n],
  ] as const) {
    expect(levels.every(({ price, volume }) => price > 0n && volume > 0n)).toBe(true);
    const sorted = levels.every((l, i) => i === 0 || (l.price - levels[i - 1]!.price) * sign > 0n);
    expect(sorted).toBe(true);
  }
  expect(book.bids[0]!.price).toBeLessThan(book.asks[0]!.price);
}

describe('RingBook', () => {
  it('is sound after every step, and each step changes it by what it says', () => {
    const book = new RingBook(SPEC, 5, 12);
    const asks = prices(book.asks);
    const bids = prices(book.bids);
    const touches = new Set<bigint>();
    for (let i = 0; i < 60; i++) {
      const changes: BookChanges = book.step();
      const count = changes.asks.length + changes.bids.length;
      expect(count).toBeGreaterThan(0);
      follow(asks, changes.asks);
      follow(bids, changes.bids);
      expect(asks).toEqual(prices(book.asks));
      expect(bids).toEqual(prices(book.bids));
      expectSound(book);
      touches.add(book.asks[0]!.price);
    }
    expect(touches.size).toBeGreaterThan(1);
    expect(book.changesPerStep).toBeGreaterThan(1);
  });

  it('goes through its states up and down again', () => {
    const book = new RingBook(SPEC, 5, 4);
    const states = [book.still()];
    for (let i = 0; i < 6; i++) {
      book.step();
      states.push(book.still());
    }
    expect(states[4]).toBe(states[2]);
    expect(states[5]).toBe(states[1]);
    expect(states[6]).toBe(states[0]);
    expect(new Set(states).size).toBe(4);
  });

  it('has the same states for the same seed', () => {
    const texts = (seed: number): unknown => {
      const book = new RingBook(SPEC, seed, 6);
      for (let i = 0; i < 4; i++) book.step();
      return [book.asks.map(({ text }) => text), book.bids.map(({ text }) => text)];
    };
    expect(texts(1)).toEqual(texts(1));
    expect(texts(1)).not.toEqual(texts(2));
  });

  it('takes levels by hand and finds its way back', () => {
    const book = new RingBook(SPEC, 5, 4);
    const asks = prices(book.asks);
    const bids = prices(book.bids);
    const put = book.set([new BookLevel(300n, 1n)], [new BookLevel(200n, 2n)]);
    follow(asks, put.asks);
    follow(bids, put.bids);
    expect([...asks]).toEqual([[300n, 1n]]);
    expect([...bids]).toEqual([[200n, 2n]]);
    const back = book.step();
    follow(asks, back.asks);
    follow(bids, back.bids);
    expect(asks).toEqual(prices(book.asks));
    expect(bids).toEqual(prices(book.bids));
    expectSound(book);
  });

  it('changes its dust', () => {
    const spec = { ...SPEC, volumeUnit: 10_000n, dust: 0.3 };
    const book = new RingBook(spec, 5, 4);
    const dusty = (): boolean => book.asks.some(({ volume }) => volume < 10_000n);
    expect(dusty()).toBe(true);
    book.dust = 0;
    expect(dusty()).toBe(false);
  });

  it('refuses to be of one state', () => {
    expect(() => new RingBook(SPEC, 5, 1)).toThrow('two states');
  });
});
