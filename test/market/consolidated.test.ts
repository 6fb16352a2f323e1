import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { ConsolidatedBook, fill, type Leg } from '../../src/market/consolidated.js';
import { EXCHANGES } from '../../src/market/exchange.js';
import type { Level, OrderBook } from '../../src/market/order-book.js';

const SCALE = 12;

/** Decimal text of `units` of 10^-12. */
function text(units: bigint): string {
  const digits = units.toString().padStart(SCALE + 1, '0');
  const whole = digits.slice(0, -SCALE);
  const fraction = digits.slice(-SCALE).replace(/0+$/, '');
  return fraction === '' ? whole : `${whole}.${fraction}`;
}

/** Units of 10^-12 of a decimal text with at most so many decimals. */
function units(decimal: string, scale = SCALE): bigint {
  const [whole, fraction = ''] = decimal.split('.') as [string, string?];
  return BigInt(whole + fraction.padEnd(scale, '0'));
}

const amount = fc.bigInt({ min: 1n, max: 10n ** 20n });
const level = fc.tuple(amount, amount);
/** Levels best first, each price once. */
const asks = fc
  .uniqueArray(level, { maxLength: 8, selector: ([price]) => price })
  .map((levels) => levels.sort(([a], [b]) => (a < b ? -1 : 1)));
const leg = fc.record({
  state: fc.constantFrom('LIVE' as const, 'STALE' as const, 'RECONNECTING' as const, null),
  asks,
  bids: asks.map((levels) => [...levels].reverse()),
});

function toLevels(levels: readonly (readonly [bigint, bigint])[]): Level[] {
  return levels.map(([price, volume]) => [text(price), text(volume)]);
}

function bookOf(
  legs: readonly (typeof leg extends fc.Arbitrary<infer L> ? L : never)[],
  all: boolean,
) {
  const made = legs.map((one, i): Leg => {
    const exchange = EXCHANGES[i]!;
    const book: OrderBook = {
      market: { exchange, symbol: 'BTC', currency: 'KRW' },
      timestamp: 1,
      exchangeTimestamp: null,
      sequence: i + 1,
      asks: toLevels(one.asks),
      bids: toLevels(one.bids),
    };
    return { exchange, state: one.state, book, confirmedAt: 1 };
  });
  return new ConsolidatedBook({ symbol: 'BTC', currency: 'KRW' }, 2, made, all);
}

describe('a consolidated book', () => {
  it('is all levels of the counted legs, sorted by price, then by exchange', () => {
    fc.assert(
      fc.property(fc.array(leg, { maxLength: 5 }), fc.boolean(), (legs, all) => {
        const book = bookOf(legs, all);
        for (const side of ['ask', 'bid'] as const) {
          const naive = legs
            .flatMap((one, i) =>
              all || one.state === 'LIVE'
                ? one[side === 'ask' ? 'asks' : 'bids'].map(([price, volume]) => ({
                    i,
                    price,
                    volume,
                  }))
                : [],
            )
            .sort((a, b) => {
              const order = a.price < b.price ? -1 : a.price > b.price ? 1 : 0;
              return (side === 'ask' ? order : -order) || a.i - b.i;
            })
            .map(({ i, price, volume }) => ({
              exchange: EXCHANGES[i],
              level: [text(price), text(volume)],
            }));
          expect([...book.levels(side)]).toEqual(naive);
          expect(book.best(side)).toEqual(naive[0] ?? null);
        }
      }),
    );
  });
});

describe('a fill', () => {
  it('is what a naive sum over whole numbers gives', () => {
    fc.assert(
      fc.property(asks, amount, (levels, wanted) => {
        const got = fill(toLevels(levels), text(wanted));
        let left = wanted;
        let cost = 0n;
        let touched = 0;
        for (const [price, volume] of levels) {
          if (left === 0n) break;
          const taken = volume < left ? volume : left;
          cost += price * taken;
          left -= taken;
          touched++;
        }
        const filled = wanted - left;
        expect(units(got.filled)).toBe(filled);
        expect(units(got.cost, 2 * SCALE)).toBe(cost);
        expect(got.levels).toBe(touched);
        expect(got.complete).toBe(left === 0n);
        expect(got.worst).toBe(touched === 0 ? null : text(levels[touched - 1]![0]));
        if (filled === 0n) return expect(got.average).toBeNull();
        // cost / filled in units of 10^-18, a half up: cost has 24 decimals, filled 12.
        const numerator = cost * 10n ** 6n;
        const rounded = (2n * numerator + filled) / (2n * filled);
        expect(units(got.average!, 18)).toBe(rounded);
        expect(got.averageExact).toBe(numerator % filled === 0n);
      }),
    );
  });

  it('rounds a half up at the eighteenth decimal, and says that it rounded', () => {
    const third = fill(
      [
        ['1', '1'],
        ['2', '2'],
      ],
      '3',
    );
    expect(third).toMatchObject({
      cost: '5',
      average: '1.666666666666666667',
      averageExact: false,
    });
    const half = fill(
      [
        ['0.000000000000000001', '1'],
        ['0.000000000000000002', '1'],
      ],
      '2',
    );
    expect(half).toMatchObject({ average: '0.000000000000000002', averageExact: false });
    expect(fill([['100.5', '0.1']], '0.1')).toMatchObject({ average: '100.5', averageExact: true });
  });

  it('of nothing has no price', () => {
    expect(fill([], '1')).toEqual({
      filled: '0',
      complete: false,
      cost: '0',
      average: null,
      averageExact: true,
      worst: null,
      levels: 0,
    });
  });
});
