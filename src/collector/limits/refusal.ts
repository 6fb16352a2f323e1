/**
 * What a refusal by REST may be about: `RATE` too many calls; `SIZE` too many markets in a call;
 * `MEMBER` a market of the call; `UNSURE` the size or a member; `OTHER` all that is asked.
 */
export type RefusalKind = 'RATE' | 'SIZE' | 'MEMBER' | 'UNSURE' | 'OTHER';

const RATE_WORDS =
  /too many requests|rate.?limit|teapot|temporarily restricted|요청.{0,12}(초과|많)/i;
const SIZE_WORDS =
  /less than|at most|too (many|long|large|big)|exceed|maximum|\bitems\b|개 ?이하|최대/i;
const MEMBER_WORDS =
  /not found|unknown|unsupported|not support|not exist|no such|invalid (market|code|symbol|pair)|상장|존재하지|지원하지/i;

/**
 * Says what a refusal may be about, by its status and words: exchanges put the true status into the
 * body of a 200 (`bithumb.error.rest-errors-in-200`), and change both.
 * @param status HTTP status, or the one that the body names. @param text the body or its message
 */
export function refusalKind(status: number, text: string): RefusalKind {
  if (status === 429 || status === 418) return 'RATE';
  if (status === 413 || status === 414 || status === 431) return 'SIZE';
  if (RATE_WORDS.test(text)) return 'RATE';
  if (status === 401 || status === 403 || status >= 500) return 'OTHER';
  if (SIZE_WORDS.test(text)) return 'SIZE';
  if (MEMBER_WORDS.test(text)) return 'MEMBER';
  return status >= 400 ? 'UNSURE' : 'OTHER';
}
