/**
 * Number texts of the wires, built digit by digit. Everywhere in the simulators a price or a volume
 * is a bigint counting units of 1e-8 (the finest step that any of the five exchanges uses); it is
 * never turned into a floating-point number.
 */

/** Units in one whole coin or won: 1e8. */
export const UNITS = 100_000_000n;

/** Decimals of a unit. */
const SCALE = 8;

/** Units of a decimal text, `0.0007772`. @throws {Error} for another form, or over 8 decimals */
export function unitsFromText(text: string): bigint {
  const match = /^(\d+)(?:\.(\d+))?$/.exec(text);
  if (match === null) throw new Error(`not a plain decimal number: ${JSON.stringify(text)}`);
  const fraction = (match[2] ?? '').replace(/0+$/, '');
  if (fraction.length > SCALE) throw new Error(`more than ${SCALE} decimals: ${text}`);
  return BigInt(match[1]! + fraction.padEnd(SCALE, '0'));
}

/** Plain text with exactly `decimals` (0 to 8) decimals, the rest cut off: `0.00077720`. */
export function fixedText(units: bigint, decimals: number): string {
  const digits = units.toString().padStart(SCALE + 1, '0');
  const whole = digits.slice(0, -SCALE);
  return decimals === 0
    ? whole
    : `${whole}.${digits.slice(-SCALE, digits.length - SCALE + decimals)}`;
}

/** Canonical text: no exponent, no trailing zeros, no trailing point: `116539000`, `0.0007772`. */
export function plainText(units: bigint): string {
  const digits = units.toString().padStart(SCALE + 1, '0');
  let end = digits.length;
  const point = end - SCALE;
  while (end > point && digits.charCodeAt(end - 1) === 48) end--;
  const whole = digits.slice(0, point);
  return end === point ? whole : `${whole}.${digits.slice(point, end)}`;
}

/** Plain text with at least one decimal: `100.0`, `0.0007772`. */
export function pointText(units: bigint): string {
  const text = plainText(units);
  return text.includes('.') ? text : `${text}.0`;
}

/** Spelling of Python's `repr`: plain, but with an exponent below 0.0001 (`8.428e-05`, `5e-08`). */
export function pythonText(units: bigint): string {
  if (units === 0n || units >= 10_000n) return pointText(units);
  const digits = units.toString();
  const [first, ...rest] = digits.replace(/0+$/, '');
  const mantissa = rest.length === 0 ? first! : `${first}.${rest.join('')}`;
  return `${mantissa}e-0${SCALE - digits.length + 1}`;
}

/**
 * Spelling of Java's `Double.toString`: at least one decimal (`4407000.0`) from 0.001 to below
 * 10,000,000, otherwise one digit before the point and an exponent (`1.16539E8`, `9.9E-7`).
 */
export function javaDoubleText(units: bigint): string {
  if (units === 0n) return '0.0';
  if (units >= UNITS / 1000n && units < UNITS * 10_000_000n) {
    return pointText(units);
  }
  return exponentText(units);
}

/** `d.dddE±n`, with at least one decimal. `units` must not be zero. */
function exponentText(units: bigint): string {
  const digits = units.toString();
  const significant = digits.replace(/0+$/, '');
  const exponent = digits.length - 1 - SCALE;
  return `${significant[0]!}.${significant.slice(1) || '0'}E${exponent}`;
}

/**
 * Spelling of Java's `BigDecimal.toString`: plain, but with an exponent below 0.000001 (`7.7E-7`,
 * `5E-8`). With `keepZeros` the number has scale 8, so its trailing zeros show (`0.00077720`).
 */
export function bigDecimalText(units: bigint, keepZeros: boolean): string {
  if (units === 0n || units >= 100n) return keepZeros ? fixedText(units, SCALE) : plainText(units);
  const digits = keepZeros ? units.toString() : units.toString().replace(/0+$/, '');
  const exponent = units.toString().length - 1 - SCALE;
  return digits.length === 1
    ? `${digits}E${exponent}`
    : `${digits[0]!}.${digits.slice(1)}E${exponent}`;
}
