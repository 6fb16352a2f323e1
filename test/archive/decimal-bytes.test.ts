import { expect, it } from '@jest/globals';
import { DecimalBytes } from '../../src/parquet/decimal-bytes.js';

const ONE = 10n ** 18n;

/** 128 bits as DuckDB lays them down. */
function words(value: bigint): Uint32Array {
  const bits = BigInt.asUintN(128, value);
  return Uint32Array.from({ length: 4 }, (_, i) => Number((bits >> BigInt(32 * i)) & 0xffff_ffffn));
}

/** The Decimal text of a number of 10^-18. */
function text(value: bigint): string {
  const digits = (value < 0n ? -value : value).toString().padStart(19, '0');
  const fraction = digits.slice(-18).replace(/0+$/, '');
  return `${value < 0n ? '-' : ''}${digits.slice(0, -18)}${fraction === '' ? '' : `.${fraction}`}`;
}

it('makes the text of every decimal that the column holds, digit for digit', () => {
  const most = 10n ** 38n - 1n;
  const values = [0n, 1n, 9n, 10n, ONE - 1n, ONE, ONE + 1n, most, most - ONE, -1n, -most, -ONE];
  for (let exponent = 0n; exponent < 38n; exponent++) {
    for (const near of [-1n, 0n, 1n]) values.push(10n ** exponent + near, 7n * 10n ** exponent);
  }
  for (let bit = 0n; bit < 126n; bit++) {
    for (const near of [-1n, 0n, 1n]) values.push((1n << bit) + near);
  }
  let seed = 1n;
  for (let i = 0; i < 5_000; i++) {
    seed = (seed * 6364136223846793005n + 1442695040888963407n) % (1n << 64n);
    values.push(((seed * seed) >> BigInt(i % 120)) % (most + 1n));
    // As prices and volumes are: some digits and zeros behind them.
    values.push((seed % 10n ** BigInt(i % 19)) * 10n ** BigInt(i % 20));
  }
  const bytes = new DecimalBytes();
  for (const value of values) {
    bytes.decimal(words(value), 0);
    bytes.text('|');
  }
  expect(bytes.take().split('|').slice(0, -1)).toEqual(values.map(text));
  // Again, with what was spelled lately.
  for (const value of values) {
    for (let i = 0; i < 2; i++) {
      bytes.repeated(words(value), 0);
      bytes.text('|');
    }
  }
  const twice = values.flatMap((value) => [text(value), text(value)]);
  expect(bytes.take().split('|').slice(0, -1)).toEqual(twice);
  expect(bytes.length).toBe(0);
});
