import { lang } from '../data/settings.js';

/** Shown where nothing is known. */
export const NONE = '–';

/** Decimal text with its thousands apart, digit for digit as it came: `116,539,000.05`. */
export function grouped(decimal: string | null | undefined): string {
  if (decimal === null || decimal === undefined) return NONE;
  const dot = decimal.indexOf('.');
  const whole = dot === -1 ? decimal : decimal.slice(0, dot);
  const fraction = dot === -1 ? '' : decimal.slice(dot);
  return whole.replace(/\B(?=(\d{3})+(?!\d))/g, ',') + fraction;
}

/** A count or rate of ours (never a price or volume) with as many decimals as are worth reading. */
export function rate(value: number): string {
  if (value === 0) return '0';
  if (value < 10) return value.toFixed(1);
  return Math.round(value).toLocaleString('en-US');
}

/** A count. */
export function count(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}

const SIZES = ['B', 'kB', 'MB', 'GB', 'TB'];

/** Bytes, by thousands: `1.25 GB`. */
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

/** A length of time in words short enough for a table: `350 ms`, `4.2 s`, `3 m`, `5 h`, `12 d`. */
export function duration(ms: number | null): string {
  if (ms === null || !Number.isFinite(ms)) return NONE;
  const ko = lang.value === 'ko';
  const seconds = Math.max(0, ms) / 1000;
  const unit = (short: string, korean: string): string => (ko ? korean : ` ${short}`);
  if (seconds < 10) return `${seconds.toFixed(1)}${unit('s', '초')}`;
  if (seconds < 90) return `${Math.round(seconds)}${unit('s', '초')}`;
  if (seconds < 5400) return `${Math.round(seconds / 60)}${unit('min', '분')}`;
  if (seconds < 129_600) return `${Math.round(seconds / 3600)}${unit('h', '시간')}`;
  const days = seconds / 86_400;
  if (days < 730) return `${Math.round(days)}${unit('d', '일')}`;
  return `${Math.round(days / 365)}${unit('y', '년')}`;
}

const two = (value: number): string => String(value).padStart(2, '0');

/** Local time of day, `20:32:01`. */
export function clock(ms: number): string {
  const date = new Date(ms);
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}

/** Local date and time, `2026-09-01 20:32:01`. */
export function moment(ms: number): string {
  const date = new Date(ms);
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ${clock(ms)}`;
}

/** As {@link moment}, to the millisecond. */
export function exactMoment(ms: number): string {
  return `${moment(ms)}.${String(new Date(ms).getMilliseconds()).padStart(3, '0')}`;
}
