import type { GapCause } from '../market/gap.js';
import type { Pair } from '../market/market.js';

/**
 * What an exchange did wrong. `NO_ANSWER`: no complete response, or no connection. `UNREADABLE`:
 * the response breaks its protocol. `MAINTENANCE`: it is out of service and says so. The others are
 * refusals: `RATE` too many requests; `SIZE` too many markets in one request; `MEMBER` one of its
 * markets; `UNSURE` the size or a member; `OTHER` the whole request.
 */
export type ExchangeFault =
  'NO_ANSWER' | 'UNREADABLE' | 'MAINTENANCE' | 'RATE' | 'SIZE' | 'MEMBER' | 'UNSURE' | 'OTHER';

/** The gap cause for each fault. */
const GAP_CAUSE: Readonly<Record<ExchangeFault, GapCause>> = {
  NO_ANSWER: 'CONNECT_FAILED',
  UNREADABLE: 'PARSE_FAILED',
  MAINTENANCE: 'MAINTENANCE',
  RATE: 'RATE_LIMITED',
  SIZE: 'REFUSED',
  MEMBER: 'REFUSED',
  UNSURE: 'REFUSED',
  OTHER: 'REFUSED',
};

/** Thrown for anything an exchange does wrong, by WebSocket or REST. The message is one line. */
export class ExchangeError extends Error {
  readonly fault: ExchangeFault;
  /** The market concerned, if known. */
  pair: Pair | null = null;
  /** Wait requested by the exchange, ms. */
  readonly retryAfterMs: number;

  constructor(
    fault: ExchangeFault,
    message: string,
    { cause, retryAfterMs = 0 }: { cause?: unknown; retryAfterMs?: number } = {},
  ) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'ExchangeError';
    this.fault = fault;
    this.retryAfterMs = retryAfterMs;
  }

  /** The cause of a resulting gap. */
  get gapCause(): GapCause {
    return GAP_CAUSE[this.fault];
  }

  /** Whether requesting less, or other markets, may help. */
  get narrowable(): boolean {
    return this.fault === 'SIZE' || this.fault === 'MEMBER' || this.fault === 'UNSURE';
  }
}

/** An error for a message or response that cannot be read. */
export function unreadable(message: string): ExchangeError {
  return new ExchangeError('UNREADABLE', message);
}

/** Adds the pair to any error thrown while reading something about it. @throws {ExchangeError} */
export function aboutPair<T>(pair: Pair, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    const error =
      cause instanceof ExchangeError
        ? cause
        : new ExchangeError('UNREADABLE', (cause as Error).message, { cause });
    error.pair ??= pair;
    throw error;
  }
}

const RATE_WORDS =
  /too many requests|rate.?limit|teapot|temporarily restricted|요청.{0,12}(초과|많)/i;
const SIZE_WORDS =
  /less than|at most|too (many|long|large|big)|exceed|maximum|\bitems\b|개 ?이하|최대/i;
const MEMBER_WORDS =
  /not found|unknown|unsupported|not support|not exist|no such|invalid (market|code|symbol|pair)|상장|존재하지|지원하지/i;

/**
 * Classifies a refusal by its status and words: exchanges put the true status into the body of a
 * 200 (`bithumb.error.rest-errors-in-200`), and change both.
 * @param status HTTP status, or the one given in the body; 0 where there is none
 * @param text the body or its message
 */
export function faultOf(status: number, text: string): ExchangeFault {
  if (status === 429 || status === 418) return 'RATE';
  if (status === 413 || status === 414 || status === 431) return 'SIZE';
  if (RATE_WORDS.test(text)) return 'RATE';
  if (status === 503) return 'MAINTENANCE';
  if (status === 401 || status === 403 || status >= 500) return 'OTHER';
  if (SIZE_WORDS.test(text)) return 'SIZE';
  if (MEMBER_WORDS.test(text)) return 'MEMBER';
  return status >= 400 ? 'UNSURE' : 'OTHER';
}
