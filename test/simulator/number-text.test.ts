import { describe, expect, it } from '@jest/globals';
import {
  bigDecimalText,
  fixedText,
  javaDoubleText,
  plainText,
  unitsFromText,
} from '../../src/simulator/book/number-text.js';

describe('number texts', () => {
  it.each([
    ['116539000', '1.16539E8'],
    ['10000000', '1.0E7'],
    ['9999999', '9999999.0'],
    ['4407000', '4407000.0'],
    ['187.5', '187.5'],
    ['0.001', '0.001'],
    ['0.00077', '7.7E-4'],
    ['0.00000099', '9.9E-7'],
    ['0.0005', '5.0E-4'],
    ['0', '0.0'],
  ])('spells %s as Java does a double: %s', (text, java) => {
    expect(javaDoubleText(unitsFromText(text))).toBe(java);
    // The same value, by an independent reading (all of these are exact doubles to 15 digits).
    expect(Number(java)).toBe(Number(text));
  });

  it.each([
    ['0.0007772', true, '0.00077720'],
    ['0.0007772', false, '0.0007772'],
    ['155', false, '155'],
    ['155', true, '155.00000000'],
    ['0.00000077', true, '7.7E-7'],
    ['0.00000005', false, '5E-8'],
    ['0.0000007', true, '7.0E-7'],
    ['0.0000007', false, '7E-7'],
    ['0.000001', true, '0.00000100'],
  ])('spells %s (zeros kept: %s) as Java does a BigDecimal: %s', (text, zeros, java) => {
    expect(bigDecimalText(unitsFromText(text), zeros)).toBe(java);
  });

  it('cuts and strips without rounding', () => {
    expect(fixedText(unitsFromText('0.00019999'), 4)).toBe('0.0001');
    expect(fixedText(unitsFromText('12.5'), 0)).toBe('12');
    expect(plainText(unitsFromText('25752275.55420627'))).toBe('25752275.55420627');
    expect(plainText(unitsFromText('100.50'))).toBe('100.5');
    expect(plainText(0n)).toBe('0');
  });

  it.each(['', '1e5', '-1', '1.', '.5', '0.123456789', 'x'])('refuses %j', (text) => {
    expect(() => unitsFromText(text)).toThrow();
  });
});
