import { describe, expect, it } from '@jest/globals';
import { bookSpecOf, profileOf } from '../../src/simulator/book/market-profile.js';
import { type BookChanges } from '../../src/simulator/book/book.js';
import { BookLevel } from '../../src/simulator/book/book.js';
import { SyntheticBook } from '../../src/simulator/book/synthetic-book.js';

type Texts = (readonly [string, string])[];

function texts(book: { asks: readonly BookLevel[]; bids: readonly BookLevel[] }): {
  asks: Texts;
  bids: Texts;
} {
  return { asks: book.asks.map((l) => l.text), bids: book.bids.map((l) => l.text) };
}

function check(book: SyntheticBook): void {
  const { tick } = book.spec;
  for (const [levels, sign] of [
    [book.asks, 1n],
    [book.bids, -1n],
  ] as const) {
    levels.forEach((level, i) => {
      if (level.volume <= 0n || level.price <= 0n) throw new Error('a level of nothing');
      if (level.price % tick !== 0n) throw new Error('a price off the tick');
      if (i > 0 && (level.price - levels[i - 1]!.price) * sign <= 0n)
        throw new Error('out of order');
    });
  }
  if (book.bids[0]!.price >= book.asks[0]!.price) throw new Error('crossed');
}

/** A side after changes, kept by price. */
function apply(levels: Map<bigint, bigint>, changes: readonly BookLevel[]): void {
  for (const { price, volume } of changes) {
    if (volume === 0n) levels.delete(price);
    else levels.set(price, volume);
  }
}

describe('SyntheticBook', () => {
  const specs = [
    ['a busy KRW book', bookSpecOf(profileOf('BTC', 'KRW'), 60, 1n)],
    ['a cheap coin in BTC', bookSpecOf(profileOf('BERA', 'BTC'), 60, 1n)],
    ['a thin book', bookSpecOf(profileOf('USDS', 'KRW'), 60, 10_000n)],
    ['four decimals and dust', { ...bookSpecOf(profileOf('XRP', 'KRW'), 45, 10_000n), dust: 0.06 }],
    [
      'hundreds of sparse levels',
      { ...bookSpecOf(profileOf('ETH', 'KRW'), 300, 1n), maxGap: 40, spread: 50 },
    ],
  ] as const;

  it.each(specs)('%s: never crossed, in order, always changed, changes complete', (_name, spec) => {
    const book = new SyntheticBook(spec, 7);
    check(book);
    const asks = new Map(book.asks.map((l) => [l.price, l.volume]));
    const bids = new Map(book.bids.map((l) => [l.price, l.volume]));
    for (let i = 0; i < 2000; i++) {
      const changes: BookChanges = book.step();
      check(book);
      expect(changes.asks.length + changes.bids.length).toBeGreaterThan(0);
      apply(asks, changes.asks);
      apply(bids, changes.bids);
    }
    expect(new Map(book.asks.map((l) => [l.price, l.volume]))).toEqual(asks);
    expect(new Map(book.bids.map((l) => [l.price, l.volume]))).toEqual(bids);
    const drift = Number((book.asks[0]!.price * 100n) / spec.price);
    expect(drift).toBeGreaterThan(80);
    expect(drift).toBeLessThan(120);
    if (spec.dust === undefined) {
      for (const level of book.asks) expect(level.volume % spec.volumeUnit).toBe(0n);
    }
  });

  it('changes something that shows within the first 12 levels at each step', () => {
    const book = new SyntheticBook(
      { ...bookSpecOf(profileOf('BTC', 'KRW'), 45, 10_000n), dust: 0.3 },
      3,
    );
    const shown = (): string =>
      JSON.stringify(
        [book.asks, book.bids].map((side) =>
          side.slice(0, 12).map((l) => `${l.price} ${l.volume / 10_000n}`),
        ),
      );
    let before = shown();
    for (let i = 0; i < 1000; i++) {
      book.step();
      const now = shown();
      expect(now).not.toBe(before);
      before = now;
    }
  });

  it('is the same again from the same seed and another from another', () => {
    const spec = bookSpecOf(profileOf('SOL', 'KRW'), 40, 1n);
    const run = (seed: number): ReturnType<typeof texts> => {
      const book = new SyntheticBook(spec, seed);
      for (let i = 0; i < 100; i++) book.step();
      return texts(book);
    };
    expect(run(5)).toEqual(run(5));
    expect(run(5)).not.toEqual(run(6));
  });

  it('takes any book as given and recovers from it at the next step', () => {
    const book = new SyntheticBook(bookSpecOf(profileOf('SOL', 'KRW'), 40, 1n), 1);
    const level = (price: bigint, volume: bigint): BookLevel =>
      new BookLevel(price * 10n ** 10n, volume);
    book.set([level(5n, 1n), level(4n, 0n)], [level(6n, 3n)]);
    expect(book.asks.map((l) => l.price / 10n ** 10n)).toEqual([5n, 4n]);
    book.step();
    check(book);
    book.set([], []);
    expect(book.asks).toEqual([]);
    book.step();
    check(book);
  });
});
