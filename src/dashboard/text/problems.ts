import type { ApiError } from '../data/connection.js';
import { lang } from '../data/settings.js';
import { t } from './texts.js';

/** Why the API refused or was unreachable: in English its own words, in Korean those for its code. */
export function problemText({ code, message, closeMatches }: ApiError): string {
  const { problems } = t.value;
  if (code === 'UNREACHABLE') return problems.unreachable;
  if (lang.value === 'en') return message;
  const known =
    code in problems.of ? problems.of[code as keyof typeof problems.of] : problems.other(code);
  return closeMatches.length === 0 ? known : `${known} ${problems.close(closeMatches.join(', '))}`;
}
