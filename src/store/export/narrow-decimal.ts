import { DECIMAL_COLUMN, DECIMAL_SCALE, fitsDecimalColumn } from '../../market/decimal-column.js';

/**
 * A 64-bit decimal, which is parsed from text and read by DuckDB many times faster than a wide one.
 * Used for a column where it holds every digit of its values.
 */
export const NARROW = { width: 18, scale: 8 } as const;

/** The unit of a narrow fraction, and the factor to a wide decimal's. */
const UNIT = 10 ** NARROW.scale;
const FINER = 10n ** BigInt(DECIMAL_SCALE - NARROW.scale);
const WHOLE_DIGITS = NARROW.width - NARROW.scale;
const POWERS = Array.from({ length: NARROW.scale + 1 }, (_, i) => 10 ** i);

const BITS_16 = 65_536;
const BITS_32 = 4_294_967_296;
const MINUS = 45;
const POINT = 46;
const ZERO = 48;

/** A price or volume does not fit into the columns of Parquet files. */
class DecimalRangeError extends Error {
  constructor(value: string) {
    super(
      `${value} does not fit into ${DECIMAL_COLUMN}, so a Parquet file cannot hold it exactly; csv and json can`,
    );
    this.name = 'DecimalRangeError';
  }
}

/** @throws {Error} when the columns of Parquet files cannot hold a Decimal text exactly */
export function checkDecimal(text: string): void {
  if (!fitsDecimalColumn(text)) throw new DecimalRangeError(text);
}

/** Whether {@link NARROW} holds a Decimal text exactly. */
export function isNarrow(text: string): boolean {
  const start = text.charCodeAt(0) === MINUS ? 1 : 0;
  const point = text.indexOf('.');
  const whole = (point === -1 ? text.length : point) - start;
  return whole <= WHOLE_DIGITS && (point === -1 || text.length - point - 1 <= NARROW.scale);
}

/**
 * Writes a Decimal text as a narrow decimal: 64 bits, computed from integers below 2^53 only, hence
 * exact.
 * @param words 32 bits each, least significant first
 * @returns false, having written nothing, when it does not fit
 */
export function putNarrow(words: Int32Array, at: number, text: string): boolean {
  const { length } = text;
  const negative = text.charCodeAt(0) === MINUS;
  let i = negative ? 1 : 0;
  const start = i;
  let whole = 0;
  for (; i < length; i++) {
    const code = text.charCodeAt(i);
    if (code === POINT) break;
    whole = whole * 10 + code - ZERO;
  }
  const decimals = i === length ? 0 : length - i - 1;
  if (i - start > WHOLE_DIGITS || decimals > NARROW.scale) return false;
  let fraction = 0;
  for (i++; i < length; i++) fraction = fraction * 10 + text.charCodeAt(i) - ZERO;
  fraction *= POWERS[NARROW.scale - decimals]!;
  // whole × UNIT + fraction exceeds 2^53: split as high × 2^16 + low, neither of which does.
  const upper = Math.floor(whole / BITS_16);
  const high = upper * UNIT;
  const low = (whole - upper * BITS_16) * UNIT + fraction;
  const sum = (high % BITS_16) * BITS_16 + (low % BITS_32);
  let word = sum | 0;
  let next = Math.floor(high / BITS_16) + Math.floor(low / BITS_32) + (sum >= BITS_32 ? 1 : 0);
  if (negative) {
    next = ~next + (word === 0 ? 1 : 0);
    word = -word | 0;
  }
  words[at] = word;
  words[at + 1] = next;
  return true;
}

/** Writes a Decimal as 128 bits, least significant word first. @throws {Error} when it does not fit */
export function putWide(words: BigInt64Array, at: number, text: string): void {
  checkDecimal(text);
  const point = text.indexOf('.');
  const decimals = point === -1 ? 0 : text.length - point - 1;
  const digits = point === -1 ? text : text.slice(0, point) + text.slice(point + 1);
  putBits(words, at, BigInt(digits) * 10n ** BigInt(DECIMAL_SCALE - decimals));
}

/** The first `count` narrow decimals as wide ones, with room for `capacity`. */
export function widened(narrow: BigInt64Array, count: number, capacity: number): BigInt64Array {
  const wide = new BigInt64Array(capacity * 2);
  for (let i = 0; i < count; i++) putBits(wide, i * 2, narrow[i]! * FINER);
  return wide;
}

function putBits(words: BigInt64Array, at: number, value: bigint): void {
  words[at] = BigInt.asIntN(64, value);
  words[at + 1] = value >> 64n;
}
