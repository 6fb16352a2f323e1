import type { ReasonCode } from '../api/verdict/reasons.js';

const SECOND = 1_000;
const MINUTE = 60_000;

/**
 * How long a reason must hold before an alert is sent, ms; null: never. Transient problems get time
 * to pass; losses are reported at once.
 */
export const CALL_AFTER_MS: Readonly<Record<ReasonCode, number | null>> = {
  SHUTTING_DOWN: null,
  DATABASE_UNREADABLE: 20 * SECOND,
  DATABASE_UNWRITABLE: 10 * SECOND,
  EXCHANGES_DOWN: MINUTE,
  EXCHANGE_DOWN: MINUTE,
  LIST_UNAVAILABLE: MINUTE,
  DISK_FILLING: 0,
  BOOKS_DROPPED: 0,
  RECORDS_DROPPED: 0,
  NOTHING_RECORDED: 5 * MINUTE,
  CLOCK_WRONG: MINUTE,
  CLOCK_STEPPED: 0,
  RETENTION_HELD: 60 * MINUTE,
  ARCHIVE_FAILING: MINUTE,
  GAPS_MANY: 0,
  MARKETS_FAILED: MINUTE,
  MARKETS_INTERRUPTED: 10 * MINUTE,
  CONSOLE_BLOCKED: null,
  STARTING: null,
  STOPPED_BY_USER: null,
};

/** An alert is resolved this long after its reason last held, ms: a flapping connection is one alert. */
export const OVER_AFTER_MS = 30 * SECOND;

/** While one of these holds it is the alert, and an exchange's own silence does not raise another. */
export const CONTAINS: Readonly<Partial<Record<ReasonCode, readonly ReasonCode[]>>> = {
  EXCHANGES_DOWN: ['EXCHANGE_DOWN', 'LIST_UNAVAILABLE'],
};
