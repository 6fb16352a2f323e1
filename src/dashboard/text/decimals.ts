import { divideDecimal, multiplyDecimal, subtractDecimal } from '../../market/decimal.js';
import { grouped, NONE } from './format.js';

/** Decimal text to exactly so many decimals, a half rounded away from zero. */
export function rounded(decimal: string, decimals: number): string {
  const { value } = divideDecimal(decimal, '1', decimals);
  if (decimals === 0) return value;
  const [whole, fraction = ''] = value.split('.');
  return `${whole}.${fraction.padEnd(decimals, '0')}`;
}

/** As {@link rounded}, its thousands apart and its sign before it: `+1,203.50`, `-0.3`, `0`. */
export function signed(decimal: string | null | undefined, decimals: number): string {
  if (decimal == null) return NONE;
  return withSign(rounded(decimal, decimals));
}

/** Decimal text digit for digit, its thousands apart and its sign before it. */
export function withSign(decimal: string | null | undefined): string {
  if (decimal == null) return NONE;
  const sign = decimal.startsWith('-') || /^[0.]*$/.test(decimal) ? '' : '+';
  return `${sign}${grouped(decimal)}`;
}

/** How far `price` lies above `base`, in percent to 6 decimals, a half rounded away from zero. */
export function percentAbove(price: string, base: string): string | null {
  if (base === '0') return null;
  return divideDecimal(multiplyDecimal(subtractDecimal(price, base), '100'), base, 6).value;
}

/**
 * Where a decimal lies on a chart, or how long its bar is. Nothing else of a price or a volume is ever
 * a float: what is written in words is made of the texts.
 */
export function forPixels(decimal: string): number {
  return Number(decimal);
}
