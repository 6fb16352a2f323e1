import { compareDecimal, DecimalFormatError, decimalFromWire } from '../../market/decimal.js';
import { kept } from './kept.js';

/** A decimal that a person wrote, as Decimal text; null when it is none, or is negative. */
export function decimalFromPerson(text: string): string | null {
  try {
    return decimalFromWire(text.trim().replaceAll(',', ''));
  } catch (error) {
    if (error instanceof DecimalFormatError) return null;
    throw error;
  }
}

/** A fee in percent, from 0 to 100, as Decimal text; null when a person wrote something else. */
export function feeFromPerson(text: string): string | null {
  const fee = decimalFromPerson(text);
  return fee === null || compareDecimal(fee, '100') > 0 ? null : fee;
}

/** What each trade costs, in percent of its amount. */
export const fee = kept<string>(
  'fee',
  (text) => (text === null ? null : feeFromPerson(text)) ?? '0',
  (value) => (value === '0' ? null : value),
);
