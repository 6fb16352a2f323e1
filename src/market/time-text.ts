const UNIX_MS = /^(?:0|\d{12,15})$/;
/** A space before the offset is a plus sign that a query string decoded as a space. */
const ISO =
  /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,20}))?)?(Z|([+ -])(\d\d)(?::?(\d\d))?)?)?$/i;

/** What {@link timeFromText} accepts, in words, for error messages. */
export const TIME_EXAMPLES =
  'a time such as 2024-04-14T20:32:01+09:00, 2024-04-14 (local time) or 1713094321000 (Unix milliseconds)';

/**
 * Parses a time as written by a user or client, the one format for the API, the export and the
 * dashboard: Unix milliseconds, or ISO 8601. Without an offset it is local time of this machine (as
 * in the log files); a date alone is the start of that day. Anything finer than a millisecond is
 * cut off.
 * @returns Unix ms; null when it is not a time, a day or hour that does not exist, or a number too
 * small for milliseconds (seconds, or a year)
 */
export function timeFromText(text: string): number | null {
  if (UNIX_MS.test(text)) return Number(text);
  const match = ISO.exec(text);
  if (match === null) return null;
  const part = (i: number): number => Number(match[i] ?? 0);
  const date = [part(1), part(2) - 1, part(3)] as const;
  const clock = [
    part(4),
    part(5),
    part(6),
    Number(match[7]?.slice(0, 3).padEnd(3, '0') ?? 0),
  ] as const;
  const offset = [part(10), part(11)] as const;
  if (clock[0] > 23 || clock[1] > 59 || clock[2] > 59 || offset[0] > 23 || offset[1] > 59)
    return null;
  // Not Date.UTC, which maps the years 0 to 99 to the last century.
  const time = new Date(0);
  time.setUTCFullYear(...date);
  if (time.getUTCMonth() !== date[1] || time.getUTCDate() !== date[2]) return null;
  if (match[8] === undefined) {
    time.setFullYear(...date);
    return time.setHours(...clock);
  }
  const sign = match[9] === '-' ? -1 : 1;
  return time.setUTCHours(...clock) - sign * (offset[0] * 60 + offset[1]) * 60_000;
}
