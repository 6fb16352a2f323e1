import { type ExactJson, parseExactJson } from '../../../market/exact-json.js';
import { ExchangeError, faultOf } from '../../exchange-error.js';
import type { RestAnswer } from '../../rest/rest-client.js';
import { excerpt, optionalText, wireObject } from '../../wire/wire.js';
import { errorOf } from '../upbit-protocol/messages.js';

/**
 * The books of a response. Errors come with HTTP 200 (`bithumb.error.rest-errors-in-200`).
 * @throws {ExchangeError} when it is not a list of books
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
    throw new ExchangeError('UNREADABLE', `${unreadable}; the answer was ${excerpt(text)}`);
  }
  const error = errorOf(body);
  if (status === 200 && error === null && Array.isArray(body)) return body;
  // The status in the body of a 200 is the true one.
  const named =
    error === null
      ? ''
      : optionalText(wireObject(wireObject(body, 'body')['error'], 'error')['name']);
  const code = /^[4-5]\d\d$/.test(named ?? '') ? Number(named) : status;
  const fault = status === 200 && error === null ? 'OTHER' : faultOf(code, error ?? text);
  const words = error ?? excerpt(text);
  const message = status === 200 && error !== null ? words : `HTTP ${status} ${words}`.trim();
  const seconds = Number(headers.get('retry-after') ?? '0');
  const retryAfterMs = seconds > 0 ? seconds * 1000 : 0;
  throw new ExchangeError(fault, excerpt(message), { retryAfterMs });
}
