import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Level } from '../../src/market/order-book.js';
import { decodeLevels, encodeLevels, forEachLevel } from '../../src/market/level-text.js';

const decimal = fc
  .tuple(fc.bigInt(0n, 10n ** 20n), fc.option(fc.stringMatching(/^\d{0,17}[1-9]$/)))
  .map(([whole, fraction]) => (fraction === null ? String(whole) : `${whole}.${fraction}`));
const levels = fc.array(fc.tuple(decimal, decimal));

describe('levels as text', () => {
  it('are JSON, and come back as they were', () => {
    fc.assert(
      fc.property(levels, (some: Level[]) => {
        expect(encodeLevels(some)).toBe(JSON.stringify(some));
        expect(decodeLevels(encodeLevels(some))).toEqual(some);
      }),
    );
  });

  it.each(['[["1", "2"]]', ' [["1","2"]]', '[["1","2"] ]', '[["1","2"],["3","4"]]\n', '[ ]'])(
    'are read from JSON that another program wrote: %j',
    (text) => {
      expect(forEachLevel(text, () => undefined)).toBe(false);
      expect(decodeLevels(text)).toEqual(JSON.parse(text));
    },
  );

  it.each(['', '[["1","2"', '[["1"]]', '[["1","2"],]', '[["', 'null]]'])(
    'are refused when they are no levels: %j',
    (text) => {
      expect(forEachLevel(text, () => undefined)).toBe(false);
    },
  );
});
