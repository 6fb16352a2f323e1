import { describe, expect, it } from '@jest/globals';
import {
  addDecimal,
  compareDecimal,
  decimalFromWire,
  DecimalFormatError,
  midDecimal,
  subtractDecimal,
} from '../../src/market/decimal.js';

describe('decimalFromWire', () => {
  it.each([
    ['116539000', '116539000'],
    ['1.16539E8', '116539000'],
    ['1.15086E8', '115086000'],
    ['4407000.0', '4407000'],
    ['0.00077720', '0.0007772'],
    ['7.9276E-4', '0.00079276'],
    ['5.0E-4', '0.0005'],
    ['9.9E-7', '0.00000099'],
    ['1e-8', '0.00000001'],
    ['1E+2', '100'],
    ['0', '0'],
    ['0.0', '0'],
    ['0E8', '0'],
    ['-0.0', '0'],
    ['-0', '0'],
    ['-0.00E-7', '0'],
    ['000.10', '0.1'],
    ['00', '0'],
    ['5.', '5'],
    ['1.76373410121466379999997512', '1.76373410121466379999997512'],
    ['99999999999.99999999', '99999999999.99999999'],
    ['123456789012345678', '123456789012345678'],
    ['25752275.55420627', '25752275.55420627'],
  ])('%s is exactly %s', (wire, decimal) => {
    expect(decimalFromWire(wire)).toBe(decimal);
  });

  it.each([
    '',
    '-1',
    '-0.1',
    '+1',
    'NaN',
    'Infinity',
    '1,000',
    '0x10',
    ' 1',
    '1 ',
    '.5',
    '1.2.3',
    'e5',
    '1e',
    '1e99999',
    '1e201',
    '١',
  ])('refuses %p and says what is right', (text) => {
    expect(() => decimalFromWire(text)).toThrow(DecimalFormatError);
    expect(() => decimalFromWire(text)).toThrow(/expected a decimal number such as/);
  });
});

describe('arithmetic on Decimal text', () => {
  it('orders by value, not by text', () => {
    const sorted = [
      '0.00000099',
      '0.5',
      '0.45',
      '9',
      '9.5',
      '10',
      '10.1',
      '116539000',
      '123456789012345678',
    ];
    for (let i = 0; i < sorted.length; i++) {
      for (let j = 0; j < sorted.length; j++) {
        const expected = sorted[i] === '0.5' && sorted[j] === '0.45' ? 1 : undefined;
        if (expected !== undefined)
          expect(Math.sign(compareDecimal(sorted[i]!, sorted[j]!))).toBe(expected);
      }
    }
    expect(['10.1', '9.5', '0.5', '0.45', '10', '9'].sort(compareDecimal)).toEqual([
      '0.45',
      '0.5',
      '9',
      '9.5',
      '10',
      '10.1',
    ]);
  });

  it('subtracts and halves without rounding', () => {
    expect(subtractDecimal('116539000', '116538000')).toBe('1000');
    expect(subtractDecimal('0.0000168', '0.00001687')).toBe('-0.00000007');
    expect(subtractDecimal('687.5', '687.4')).toBe('0.1');
    expect(midDecimal('687.5', '687.4')).toBe('687.45');
    expect(midDecimal('99999999999.99999999', '0.00000001')).toBe('50000000000');
    expect(midDecimal('3', '4')).toBe('3.5');
  });

  it('gives the same of few digits and of many, of either sign', () => {
    // By integers of a scale beyond all: an independent way to the same.
    const SCALE = 40;
    const whole = (text: string): bigint => {
      const [before, after = ''] = text.split('.');
      return (
        BigInt(before!.replace('-', '') + after.padEnd(SCALE, '0')) *
        (text.startsWith('-') ? -1n : 1n)
      );
    };
    const spelled = (value: bigint): string => {
      const digits = (value < 0n ? -value : value).toString().padStart(SCALE + 1, '0');
      const text = `${digits.slice(0, -SCALE)}.${digits.slice(-SCALE)}`.replace(/\.?0+$/, '');
      return value < 0n ? `-${text}` : text;
    };
    const digits = (count: number): string =>
      Array.from({ length: count }, () => Math.floor(Math.random() * 10)).join('');
    const some = (): string => {
      const before = digits(1 + Math.floor(Math.random() * 15)).replace(/^0+(?=.)/, '');
      const after = digits(Math.floor(Math.random() * 15)).replace(/0+$/, '');
      return after === '' ? before : `${before}.${after}`;
    };
    const edges = ['0', '400000000000000', '400000000000001', '999999999999999', '0.0000000000001'];
    const all = [...edges, ...Array.from({ length: 300 }, some)];
    for (const a of all) {
      const others = [...edges, some(), some(), a];
      expect(
        others.map((b) => [a, b, subtractDecimal(a, b), addDecimal(a, b), midDecimal(a, b)]),
      ).toEqual(
        others.map((b) => {
          const [x, y] = [whole(a), whole(b)];
          return [a, b, spelled(x - y), spelled(x + y), spelled((x + y) / 2n)];
        }),
      );
    }
  });
});
