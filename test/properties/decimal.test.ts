import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  addDecimal,
  compareDecimal,
  decimalFromWire,
  DecimalFormatError,
  divideDecimal,
  midDecimal,
  multiplyDecimal,
  subtractDecimal,
} from '../../src/market/decimal.js';

/** Numbers are checked as whole numbers of units of 10^-SCALE: another arithmetic than that tested. */
const SCALE = 60;
const UNIT = 10n ** BigInt(SCALE);

/** Digits of an integer and how many of them stand after the point. */
const numbers = fc.record({
  digits: fc.bigInt({ min: 0n, max: 10n ** 25n }),
  scale: fc.nat({ max: 20 }),
});
type Numeral = typeof numbers extends fc.Arbitrary<infer N> ? N : never;

const unitsOf = ({ digits, scale }: Numeral): bigint => digits * 10n ** BigInt(SCALE - scale);

/** One of the many ways to write a number: exponent, zeros before and behind. */
const spelled = fc
  .tuple(
    numbers,
    fc.integer({ min: -30, max: 30 }),
    fc.nat({ max: 3 }),
    fc.nat({ max: 3 }),
    fc.constantFrom('e', 'E', 'e+', 'E+'),
  )
  .map(([number, exponent, before, behind, mark]) => {
    // digits × 10^-scale = (digits × 10^-(scale + exponent)) × 10^exponent
    const shift = number.scale + exponent;
    const whole = '0'.repeat(before) + number.digits.toString();
    const padded = whole.padStart(shift + 1, '0');
    const mantissa =
      shift <= 0
        ? whole + '0'.repeat(-shift)
        : `${padded.slice(0, padded.length - shift)}.${padded.slice(padded.length - shift)}${'0'.repeat(behind)}`;
    if (exponent === 0) return { number, text: mantissa };
    const sign = exponent < 0 ? mark[0] : mark;
    return { number, text: `${mantissa}${sign}${exponent}` };
  });

/** The value of canonical text in units, by cutting it at the point. */
function valueOf(text: string): bigint {
  const negative = text.startsWith('-');
  const [whole = '', fraction = ''] = text.replace('-', '').split('.');
  const units = BigInt(whole) * UNIT + BigInt(fraction.padEnd(SCALE, '0'));
  return negative ? -units : units;
}

const CANONICAL = /^(0|[1-9]\d*)(\.\d*[1-9])?$/;
const canonical = numbers.map((number) => decimalFromWire(`${number.digits}E-${number.scale}`));

describe('decimal text', () => {
  it('is the same number, in the one canonical spelling, however it was sent', () => {
    fc.assert(
      fc.property(spelled, ({ number, text }) => {
        const decimal = decimalFromWire(text);
        expect(decimal).toMatch(CANONICAL);
        expect(valueOf(decimal)).toBe(unitsOf(number));
        expect(decimalFromWire(decimal)).toBe(decimal);
      }),
    );
  });

  it('of any text is a number or an error that says what is right', () => {
    const near = fc.string({
      unit: fc.constantFrom(...'0123456789.eE+-, NaxI\u0661'),
      maxLength: 12,
    });
    fc.assert(
      fc.property(fc.oneof(fc.string(), near), (text) => {
        let decimal: string;
        try {
          decimal = decimalFromWire(text);
        } catch (error) {
          expect(error).toBeInstanceOf(DecimalFormatError);
          return;
        }
        expect(decimal).toMatch(CANONICAL);
        expect(text).toMatch(/^-?\d+(\.\d*)?([eE][+-]?\d+)?$/);
        // A zero may carry a sign.
        if (text.startsWith('-')) expect(decimal).toBe('0');
      }),
      { numRuns: 500 },
    );
  });

  it('is ordered, added, subtracted, halved and multiplied without an error', () => {
    fc.assert(
      fc.property(canonical, canonical, (a, b) => {
        const [x, y] = [valueOf(a), valueOf(b)];
        expect(Math.sign(compareDecimal(a, b))).toBe(x < y ? -1 : x > y ? 1 : 0);
        expect(valueOf(addDecimal(a, b))).toBe(x + y);
        expect(valueOf(subtractDecimal(a, b))).toBe(x - y);
        expect(valueOf(midDecimal(a, b)) * 2n).toBe(x + y);
        expect(valueOf(multiplyDecimal(a, b)) * UNIT).toBe(x * y);
      }),
    );
  });

  it('is divided to the nearest decimal asked for', () => {
    fc.assert(
      fc.property(canonical, canonical, fc.nat({ max: 20 }), (a, b, decimals) => {
        fc.pre(b !== '0');
        const { value, exact } = divideDecimal(a, b, decimals);
        const difference = valueOf(value) * valueOf(b) - valueOf(a) * UNIT;
        const half = (UNIT / 10n ** BigInt(decimals)) * valueOf(b);
        expect(2n * (difference < 0n ? -difference : difference) <= half).toBe(true);
        expect(exact).toBe(difference === 0n);
      }),
    );
  });
});
