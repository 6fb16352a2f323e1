/**
 * The one place where an exchange's number text becomes Decimal text.
 *
 * Decimal text: plain digits with at most one point; no exponent, no plus sign, no leading or
 * trailing zeros, no trailing point; zero is `0`. No floating point number is involved, so any
 * number of digits survives.
 */

/** Thrown when a text is not a number that an exchange could mean as a price or volume. */
export class DecimalFormatError extends Error {
  constructor(text: string, why: string) {
    const shown = text.length > 40 ? `${text.slice(0, 40)}…` : text;
    super(
      `not a price or volume: ${JSON.stringify(shown)} (${why}); expected a decimal number such as 116539000, 0.0207 or 1.16539E8`,
    );
    this.name = 'DecimalFormatError';
  }
}

/** Maximum digits; far beyond any exchange, it only bounds what `1e999999999` may expand to. */
const MAX_DIGITS = 200;

const NUMBER = /^-?(\d+)(?:\.(\d*))?(?:[eE]([+-]?\d{1,4}))?$/;

/**
 * A number as sent on the wire (`1.16539E8`, `0.00077720`, `695.5`, `5.0E-4`) as Decimal text of
 * exactly the same value. Negative numbers are rejected: no price or volume of an order book is
 * negative.
 * @throws {DecimalFormatError} when `text` is not such a number.
 */
export function decimalFromWire(text: string): string {
  const length = text.length;
  if (length === 0) throw new DecimalFormatError(text, 'it is empty');
  if (length > MAX_DIGITS)
    throw new DecimalFormatError(text, `longer than ${MAX_DIGITS} characters`);
  // Fast path, one scan without allocation: nearly every price and volume is canonical already.
  let point = -1;
  for (let i = 0; i < length; i++) {
    const code = text.charCodeAt(i);
    if (code >= 48 && code <= 57) continue;
    if (code === 46 && point === -1 && i > 0) point = i;
    else return slowDecimal(text);
  }
  const first = text.charCodeAt(0);
  if (first === 48 && length > 1 && point !== 1) return slowDecimal(text);
  if (point !== -1 && (point === length - 1 || text.charCodeAt(length - 1) === 48)) {
    return slowDecimal(text);
  }
  return text;
}

function slowDecimal(text: string): string {
  const match = NUMBER.exec(text);
  if (match === null) throw new DecimalFormatError(text, 'it is not a number');
  const whole = match[1]!;
  const fraction = match[2] ?? '';
  const exponent = match[3] === undefined ? 0 : Number.parseInt(match[3], 10);
  let digits = whole + fraction;
  let point = whole.length + exponent;
  if (point > MAX_DIGITS || point < -MAX_DIGITS) {
    throw new DecimalFormatError(text, `its exponent is beyond ±${MAX_DIGITS}`);
  }
  if (point <= 0) {
    digits = '0'.repeat(1 - point) + digits;
    point = 1;
  } else if (point > digits.length) {
    digits += '0'.repeat(point - digits.length);
  }
  const integer = digits.slice(0, point).replace(/^0+(?=\d)/, '');
  const rest = digits.slice(point).replace(/0+$/, '');
  const result = rest === '' ? integer : `${integer}.${rest}`;
  // A zero may carry a sign where a server computes with floats.
  if (text.startsWith('-') && result !== '0') throw new DecimalFormatError(text, 'it is negative');
  return result;
}

/** Compares two Decimal texts: negative when `a < b`, zero when equal, positive when `a > b`. */
export function compareDecimal(a: string, b: string): number {
  if (a === b) return 0;
  const pointA = a.indexOf('.');
  const pointB = b.indexOf('.');
  const wholeA = pointA === -1 ? a.length : pointA;
  const wholeB = pointB === -1 ? b.length : pointB;
  // Without leading zeros, more integer digits mean a larger number, and equal lengths compare as text.
  if (wholeA !== wholeB) return wholeA - wholeB;
  return a < b ? -1 : 1;
}

/** Coefficient and number of decimals of a Decimal text: `695.5` is `{ digits: 6955n, scale: 1 }`. */
function scaled(text: string): { digits: bigint; scale: number } {
  const negative = text.startsWith('-');
  const plain = negative ? text.slice(1) : text;
  const point = plain.indexOf('.');
  const digits = BigInt(point === -1 ? plain : plain.slice(0, point) + plain.slice(point + 1));
  return {
    digits: negative ? -digits : digits,
    scale: point === -1 ? 0 : plain.length - point - 1,
  };
}

function fromScaled(digits: bigint, scale: number): string {
  if (digits < 0n) return `-${fromScaled(-digits, scale)}`;
  const text = digits.toString().padStart(scale + 1, '0');
  const whole = text.slice(0, text.length - scale);
  const fraction = text.slice(text.length - scale).replace(/0+$/, '');
  return fraction === '' ? whole : `${whole}.${fraction}`;
}

/** A Decimal text as an exact number: its digits, of which the last `scale` are decimals. */
interface Few {
  digits: number;
  scale: number;
}

/** Up to this value, ten times the sum of two integers is exact. */
const FEW = 4e14;
const POWERS = Array.from({ length: 16 }, (_, i) => 10 ** i);

/** Reads a Decimal text of few digits. @returns false when it has more, or is negative */
function readFew(text: string, into: Few): boolean {
  const { length } = text;
  if (length > 15) return false;
  let digits = 0;
  let point = length - 1;
  for (let i = 0; i < length; i++) {
    const code = text.charCodeAt(i);
    if (code === 46) point = i;
    else if (code === 45) return false;
    else digits = digits * 10 + code - 48;
  }
  into.digits = digits;
  into.scale = length - 1 - point;
  return true;
}

const [left, right]: [Few, Few] = [
  { digits: 0, scale: 0 },
  { digits: 0, scale: 0 },
];

/**
 * Reads two Decimal texts into `left` and `right` at equal scale, as numbers, without allocating;
 * false where that would not be exact.
 */
function readBoth(a: string, b: string): boolean {
  if (!readFew(a, left) || !readFew(b, right)) return false;
  const apart = left.scale - right.scale;
  const [finer, other] = apart >= 0 ? [left, right] : [right, left];
  other.digits *= POWERS[Math.abs(apart)]!;
  other.scale = finer.scale;
  return left.digits <= FEW && right.digits <= FEW;
}

function fromFew(digits: number, scale: number): string {
  if (digits < 0) return `-${fromFew(-digits, scale)}`;
  if (digits === 0) return '0';
  let rest = digits;
  let decimals = scale;
  for (; decimals > 0 && rest % 10 === 0; decimals--) rest /= 10;
  const text = String(rest);
  if (decimals === 0) return text;
  const padded = text.padStart(decimals + 1, '0');
  return `${padded.slice(0, -decimals)}.${padded.slice(-decimals)}`;
}

/** Exact `a - b` as Decimal text; negative results (the spread of a crossed book) start with `-`. */
export function subtractDecimal(a: string, b: string): string {
  if (readBoth(a, b)) return fromFew(left.digits - right.digits, left.scale);
  const x = scaled(a);
  const y = scaled(b);
  const scale = Math.max(x.scale, y.scale);
  const difference =
    x.digits * 10n ** BigInt(scale - x.scale) - y.digits * 10n ** BigInt(scale - y.scale);
  return fromScaled(difference, scale);
}

/** Exact midpoint of two Decimal texts, `(a + b) / 2`. */
export function midDecimal(a: string, b: string): string {
  if (readBoth(a, b)) return fromFew((left.digits + right.digits) * 5, left.scale + 1);
  const x = scaled(a);
  const y = scaled(b);
  const scale = Math.max(x.scale, y.scale);
  const sum = x.digits * 10n ** BigInt(scale - x.scale) + y.digits * 10n ** BigInt(scale - y.scale);
  // Halving is multiplying by 5 with one more decimal, so nothing is rounded.
  return fromScaled(sum * 5n, scale + 1);
}

/** Exact `a + b` of two Decimal texts. */
export function addDecimal(a: string, b: string): string {
  if (readBoth(a, b)) return fromFew(left.digits + right.digits, left.scale);
  const x = scaled(a);
  const y = scaled(b);
  const scale = Math.max(x.scale, y.scale);
  const sum = x.digits * 10n ** BigInt(scale - x.scale) + y.digits * 10n ** BigInt(scale - y.scale);
  return fromScaled(sum, scale);
}

/** Exact `a × b` of two Decimal texts. */
export function multiplyDecimal(a: string, b: string): string {
  const x = scaled(a);
  const y = scaled(b);
  return fromScaled(x.digits * y.digits, x.scale + y.scale);
}

/** A quotient, and whether it is exact. */
interface Quotient {
  readonly value: string;
  /** Whether `value` is exact; false when digits were cut off. */
  readonly exact: boolean;
}

/** `a ÷ b` to at most `decimals` decimals, half away from zero; `b` > 0. @throws {RangeError} */
export function divideDecimal(a: string, b: string, decimals: number): Quotient {
  if (a.startsWith('-')) {
    const { value, exact } = divideDecimal(a.slice(1), b, decimals);
    return { value: value === '0' ? value : `-${value}`, exact };
  }
  const x = scaled(a);
  const y = scaled(b);
  if (y.digits === 0n) throw new RangeError('division by zero');
  const numerator = x.digits * 10n ** BigInt(decimals + y.scale);
  const denominator = y.digits * 10n ** BigInt(x.scale);
  const rest = numerator % denominator;
  const digits = numerator / denominator + (2n * rest >= denominator ? 1n : 0n);
  return { value: fromScaled(digits, decimals), exact: rest === 0n };
}

/**
 * The multiple of `step` next to `a`: the largest not above it, or with `up` the smallest not below
 * it. Exact; neither is negative.
 * @throws {RangeError} when `step` is zero
 */
export function multipleDecimal(a: string, step: string, up: boolean): string {
  const x = scaled(a);
  const y = scaled(step);
  if (y.digits === 0n) throw new RangeError('a step of zero');
  const scale = Math.max(x.scale, y.scale);
  const value = x.digits * 10n ** BigInt(scale - x.scale);
  const unit = y.digits * 10n ** BigInt(scale - y.scale);
  const rest = value % unit;
  return fromScaled(rest === 0n ? value : value - rest + (up ? unit : 0n), scale);
}
