import { describe, expect, it } from '@jest/globals';
import { DECIMAL_COLUMN, fitsDecimalColumn } from '../../src/market/decimal-column.js';

describe('the decimal column of Parquet files', () => {
  it('is one type', () => expect(DECIMAL_COLUMN).toBe('DECIMAL(38,18)'));

  it.each([
    ['0', true],
    ['116539000', true],
    ['-0.5', true],
    ['0.000000000000000001', true],
    ['0.0000000000000000001', false],
    [`${'9'.repeat(20)}.${'9'.repeat(18)}`, true],
    [`-${'9'.repeat(20)}`, true],
    [`1${'0'.repeat(20)}`, false],
  ])('holds %s exactly: %s', (text, fits) => expect(fitsDecimalColumn(text)).toBe(fits));
});
