import { divideDecimal, multiplyDecimal, subtractDecimal } from '../../market/decimal.js';
import { grouped, NONE } from './format.js';

/** Decimal text to exactly this many decimals, half away from zero. */
export function rounded(decimal: string, decimals: number): string {
  const { value } = divideDecimal(decimal, '1', decimals);
  if (decimals === 0) return value;
  const [whole, fraction = ''] = value.split('.');
  return `${whole}.${fraction.padEnd(decimals, '0')}`;
}

/** As {@link rounded}, with thousands separators and a sign: `+1,203.50`, `-0.3`, `0`. */
export function signed(decimal: string | null | undefined, decimals: number): string {
  if (decimal == null) return NONE;
  return withSign(rounded(decimal, decimals));
}

/** Decimal text digit for digit, with thousands separators and a sign. */
export function withSign(decimal: string | null | undefined): string {
  if (decimal == null) return NONE;
  const sign = decimal.startsWith('-') || /^[0.]*$/.test(decimal) ? '' : '+';
  return `${sign}${grouped(decimal)}`;
}

/** How far `price` is above `base`, in percent to 6 decimals, half away from zero. */
export function percentAbove(price: string, base: string): string | null {
  if (base === '0') return null;
  return divideDecimal(multiplyDecimal(subtractDecimal(price, base), '100'), base, 6).value;
}

/**
 * The position of a decimal on a chart, or the length of its bar. Nothing else about a price or
 * volume is ever a float: displayed text is made from text.
 */
export function forPixels(decimal: string): number {
  return Number(decimal);
}
