import { lang } from '../data/settings.js';
import { inZone, zoneName } from './zone.js';

/** Shown where nothing is known. */
export const NONE = '–';

/** Decimal text with thousands separators, digit for digit as received: `116,539,000.05`. */
export function grouped(decimal: string | null | undefined): string {
  if (decimal === null || decimal === undefined) return NONE;
  const dot = decimal.indexOf('.');
  const whole = dot === -1 ? decimal : decimal.slice(0, dot);
  const fraction = dot === -1 ? '' : decimal.slice(dot);
  return whole.replace(/\B(?=(\d{3})+(?!\d))/g, ',') + fraction;
}

/** A count or rate of ours (never a price or volume) with a sensible number of decimals. */
export function rate(value: number): string {
  if (value === 0) return '0';
  if (value < 10) return value.toFixed(1);
  return Math.round(value).toLocaleString('en-US');
}

/** A count. */
export function count(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}

/** A share from 0 to 100, truncated and never rounded up: `99.99%` is not all. */
export function percent(share: number): string {
  return `${share >= 100 ? '100' : (Math.floor(share * 100) / 100).toFixed(2)}%`;
}

const SIZES = ['B', 'kB', 'MB', 'GB', 'TB'];

/** Bytes, in powers of a thousand: `1.25 GB`. */
export function bytes(value: number | null): string {
  if (value === null || !Number.isFinite(value)) return NONE;
  let size = value;
  let unit = 0;
  while (Math.abs(size) >= 1000 && unit < SIZES.length - 1) {
    size /= 1000;
    unit++;
  }
  const digits = unit === 0 || Math.abs(size) >= 100 ? 0 : Math.abs(size) >= 10 ? 1 : 2;
  return `${size.toFixed(digits)} ${SIZES[unit]}`;
}

/** Units of a duration, largest first: seconds, and label. */
const UNITS = [
  [365 * 86_400, 'y', '년'],
  [86_400, 'd', '일'],
  [3_600, 'h', '시간'],
  [60, 'min', '분'],
  [1, 's', '초'],
] as const;

/**
 * A duration in at most two units, truncated and never rounded up: `4.2 s`, `1 min 30 s`, `5 h 12
 * min`, `1분 30초`. Below ten seconds it has a decimal.
 */
export function duration(ms: number | null): string {
  if (ms === null || !Number.isFinite(ms)) return NONE;
  const seconds = Math.max(0, ms) / 1000;
  if (seconds < 10) return part(Math.floor(seconds * 10) / 10, 4, 1);
  return wholeDuration(seconds);
}

function part(value: number, unit: number, digits = 0): string {
  const [, short, korean] = UNITS[unit]!;
  return lang.value === 'ko'
    ? `${value.toFixed(digits)}${korean}`
    : `${value.toFixed(digits)} ${short}`;
}

/** As {@link duration}, in whole seconds. */
export function wholeDuration(seconds: number): string {
  const first = Math.max(
    0,
    UNITS.findIndex(([length]) => seconds >= length),
  );
  const [length] = seconds < 1 ? UNITS[4] : UNITS[first]!;
  const unit = seconds < 1 ? 4 : first;
  const many = Math.floor(seconds / length);
  const next = UNITS[unit + 1];
  const rest = next === undefined ? 0 : Math.floor((seconds - many * length) / next[0]);
  return rest === 0 ? part(many, unit) : `${part(many, unit)} ${part(rest, unit + 1)}`;
}

/** The page's knowledge of a market's newest book may be this old, ms: a smaller age is unknown. */
const AGE_KNOWN_FROM = 3_000;

/**
 * Age of something followed live. It counts whole seconds, so that it ticks like a clock; below
 * three seconds it only says so, since the page gets most markets every two.
 */
export function age(ms: number | null): string {
  if (ms === null || !Number.isFinite(ms)) return NONE;
  if (ms < AGE_KNOWN_FROM) return `<${part(3, 4)}`;
  return wholeDuration(ms / 1000);
}

const two = (value: number): string => String(value).padStart(2, '0');

/** Time of day in the selected zone, `20:32:01`. */
export function clock(ms: number): string {
  const date = inZone(ms);
  return `${two(date.getUTCHours())}:${two(date.getUTCMinutes())}:${two(date.getUTCSeconds())}`;
}

/** Date and time in the selected zone, `2026-09-01 20:32:01`. */
export function moment(ms: number): string {
  const date = inZone(ms);
  return `${date.getUTCFullYear()}-${two(date.getUTCMonth() + 1)}-${two(date.getUTCDate())} ${clock(ms)}`;
}

/** As {@link moment}, to the millisecond and with its zone. */
export function exactMoment(ms: number): string {
  const thousandths = String(inZone(ms).getUTCMilliseconds()).padStart(3, '0');
  return `${moment(ms)}.${thousandths} ${zoneName(ms)}`;
}
