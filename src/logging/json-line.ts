import type { LogRecord } from '../market/log-record.js';
import { pairText } from '../market/market.js';

const digits = (n: number, length = 2): string => String(n).padStart(length, '0');

/** `2024-04-14T20:32:01.007+09:00`: local time, so that it can be found in the files. */
function zonedTime(ms: number): string {
  const d = new Date(ms);
  const ahead = -d.getTimezoneOffset();
  const zone = Math.abs(ahead);
  return (
    `${digits(d.getFullYear(), 4)}-${digits(d.getMonth() + 1)}-${digits(d.getDate())}` +
    `T${digits(d.getHours())}:${digits(d.getMinutes())}:${digits(d.getSeconds())}.${digits(d.getMilliseconds(), 3)}` +
    `${ahead < 0 ? '-' : '+'}${digits(Math.trunc(zone / 60))}:${digits(zone % 60)}`
  );
}

/**
 * A record as one line of JSON for log collectors, without the line end: `time`, `level`, `event`
 * (as in the API's `logs`), `exchange` and `market` if any, `message`, `params`.
 */
export function jsonLine(record: LogRecord): string {
  const { timestamp, level, event, exchange, pair, message, params } = record;
  const line = JSON.stringify({
    time: zonedTime(timestamp),
    level,
    event,
    exchange: exchange ?? undefined,
    market: pair === null ? undefined : pairText(pair),
    message,
  });
  // They are already JSON, and sanitised.
  return params === null || params === undefined
    ? line
    : `${line.slice(0, -1)},"params":${params}}`;
}
