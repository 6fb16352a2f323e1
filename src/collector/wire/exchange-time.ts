import { decimalFromWire } from '../../market/decimal.js';
import { BareNumberError, type Json } from './quoted-json.js';

/**
 * How far before and after receipt a book's own time is plausible, ms. A rarely traded market may
 * send a book that is months old; one from tomorrow is a mistake.
 */
const OLDEST_MS = 366 * 86_400_000;
const NEWEST_MS = 86_400_000;

/** ISO 8601 with its zone; without one the time is ambiguous. */
const ISO = /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)$/i;

/**
 * The time of a book as an exchange writes it, as Unix ms. The unit follows from the magnitude
 * (seconds, ms, µs, ns), since exchanges have changed it without notice; numbers and texts,
 * fractions, exponents and ISO 8601 are all accepted.
 * @returns undefined when it is none of these
 */
export function exchangeTime(wire: Json | undefined): number | undefined {
  const value = timeText(wire);
  if (typeof value !== 'string') return undefined;
  if (ISO.test(value)) {
    const time = Date.parse(value.replace(' ', 'T'));
    return Number.isNaN(time) ? undefined : time;
  }
  let decimal: string;
  try {
    decimal = decimalFromWire(value);
  } catch {
    return undefined;
  }
  const point = decimal.indexOf('.');
  const whole = point === -1 ? decimal : decimal.slice(0, point);
  if (whole.length <= 11) {
    const fraction = point === -1 ? '' : decimal.slice(point + 1, point + 4);
    return Number(whole) * 1000 + Number(fraction.padEnd(3, '0'));
  }
  if (whole.length <= 14) return Number(whole);
  if (whole.length <= 17) return Number(whole.slice(0, -3));
  return whole.length <= 20 ? Number(whole.slice(0, -6)) : undefined;
}

/** Plain digits at ms resolution or finer: what the exchanges promise. */
const PLAIN = /^\d{13}/;

/**
 * Whether a time gives a book's position among others. Seconds are too coarse for that (of two
 * books in one second the later would look older), and a time in an unusual form may come from
 * another clock: such books are ordered by receipt.
 * @param value as for {@link exchangeTime}
 */
export function showsOrder(value: Json | undefined): boolean {
  return PLAIN.test(timeText(value) ?? '');
}

/** A time as text; undefined when it is neither text nor a number. */
function timeText(value: Json | undefined): string | undefined {
  if (typeof value === 'string') return value;
  if (typeof value !== 'number') return undefined;
  if (Number.isSafeInteger(value)) return String(value);
  throw new BareNumberError();
}

/**
 * A book's time if plausible for one received now, otherwise undefined.
 * @param time Unix ms; null: none; undefined: unreadable.
 * @param receivedAt Unix ms
 */
export function believedTime(
  time: number | null | undefined,
  receivedAt: number,
): number | null | undefined {
  if (time === null || time === undefined) return time;
  return time >= receivedAt - OLDEST_MS && time <= receivedAt + NEWEST_MS ? time : undefined;
}
