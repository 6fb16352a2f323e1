import type { GapCause } from '../market/gap.js';
import type { Pair } from '../market/market.js';

/**
 * What an exchange did wrong. `NO_ANSWER`: no complete answer from the exchange came, or no
 * connection. `UNREADABLE`: what
 * came is not what its protocol promises. `MAINTENANCE`: it is out of service and says so. The others
 * are refusals: `RATE` too many requests; `SIZE` too many markets in one; `MEMBER` a market of it;
 * `UNSURE` the size or a member; `OTHER` all that is asked.
 */
export type ExchangeFault =
  'NO_ANSWER' | 'UNREADABLE' | 'MAINTENANCE' | 'RATE' | 'SIZE' | 'MEMBER' | 'UNSURE' | 'OTHER';

/** The cause of a gap that each fault makes. */
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

/** Thrown for whatever an exchange does wrong, by WebSocket or REST. The message is one line. */
export class ExchangeError extends Error {
  readonly fault: ExchangeFault;
  /** The market concerned, where that is known. */
  pair: Pair | null = null;
  /** Wait that the exchange asks for, ms. */
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

  /** What it means for a gap. */
  get gapCause(): GapCause {
    return GAP_CAUSE[this.fault];
  }

  /** Whether asking for less, or for other markets, may help. */
  get narrowable(): boolean {
    return this.fault === 'SIZE' || this.fault === 'MEMBER' || this.fault === 'UNSURE';
  }
}

/** An error for a message or answer that cannot be read. */
export function unreadable(message: string): ExchangeError {
  return new ExchangeError('UNREADABLE', message);
}

/** Names the pair in every error of reading what is said about it. @throws {ExchangeError} */
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
 * Says what a refusal may be about, by its status and words: exchanges put the true status into the
 * body of a 200 (`bithumb.error.rest-errors-in-200`), and change both.
 * @param status HTTP status, or the one that the body names; 0 where there is none
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
