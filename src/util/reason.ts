/** Causes in causes that are followed; a chain that leads back to itself must end. */
const MAX_DEPTH = 10;

function wordsOf(error: unknown, depth: number): string {
  // By its shape, for an error of another realm is no instance of this one's Error.
  if (typeof error !== 'object' || error === null) return String(error).trim();
  const { cause, errors, message, code, name } = error as Partial<
    AggregateError & { code: string }
  >;
  if (depth < MAX_DEPTH) {
    // `fetch failed` alone says nothing.
    if (typeof cause === 'object' && cause !== null) return wordsOf(cause, depth + 1);
    // Node leaves the message of its AggregateError empty: one error for each address it tried.
    if (Array.isArray(errors) && errors.length > 0) {
      return [...new Set(errors.map((one) => wordsOf(one, depth + 1)))].join('; ');
    }
  }
  return message?.trim() || code || name || '';
}

/**
 * Why something failed, for a log, a gap or an answer: the innermost reason. When a name stood for
 * several addresses and none could be reached, the reason of each. Never empty.
 */
export function reasonOf(error: unknown): string {
  return wordsOf(error, 0) || 'an error without a message';
}
