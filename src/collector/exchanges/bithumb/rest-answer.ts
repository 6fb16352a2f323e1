import { type ExactJson, parseExactJson } from '../../../market/exact-json.js';
import type { GapCause } from '../../../market/gap.js';
import { type RefusalKind, refusalKind } from '../../limits/refusal.js';
import type { RestAnswer } from '../../rest/rest-client.js';
import { excerpt, optionalText, wireObject } from '../../wire/wire.js';
import { errorOf } from '../upbit-protocol/messages.js';

/** Thrown for an answer of Bithumb that is no list of books. */
export class PollError extends Error {
  constructor(
    message: string,
    readonly gapCause: GapCause,
    readonly kind: RefusalKind = 'OTHER',
    /** Wait that the exchange asks for, ms. */
    readonly retryAfterMs = 0,
  ) {
    super(message);
  }
}

/**
 * The array of books of an answer. Errors come with HTTP 200, so the body decides
 * (`bithumb.error.rest-errors-in-200`).
 */
export function booksOf(answer: RestAnswer): ExactJson[] {
  const { status, headers, text } = answer;
  let body: ExactJson = null;
  let unreadable: string | null = null;
  try {
    body = parseExactJson(text);
  } catch (error) {
    unreadable = (error as Error).message;
  }
  if (status === 200 && unreadable !== null) {
    throw new PollError(`${unreadable}; the answer was ${excerpt(text)}`, 'PARSE_FAILED');
  }
  const error = errorOf(body);
  if (status === 200 && error === null && Array.isArray(body)) return body;
  // The status in the body of a 200 is its true one.
  const named =
    error === null
      ? ''
      : optionalText(wireObject(wireObject(body, 'body')['error'], 'error')['name']);
  const code = /^[4-5]\d\d$/.test(named ?? '') ? Number(named) : status;
  const kind = status === 200 && error === null ? 'OTHER' : refusalKind(code, error ?? text);
  const words = error ?? excerpt(text);
  const message = status === 200 && error !== null ? words : `HTTP ${status} ${words}`.trim();
  const seconds = Number(headers.get('retry-after') ?? '0');
  const cause = kind === 'RATE' ? 'RATE_LIMITED' : code === 503 ? 'MAINTENANCE' : 'REFUSED';
  throw new PollError(excerpt(message), cause, kind, seconds > 0 ? seconds * 1000 : 0);
}
