import type { IncomingMessage } from 'node:http';

/** Header that a GraphQL request by GET must carry; any value will do. */
export const CSRF_HEADER = 'x-graphql-yoga-csrf';

/** Content types that a browser never sends to another site without asking it first. */
const JSON_TYPES = new Set(['application/json', 'application/graphql', 'application/graphql+json']);

/**
 * Why a GraphQL request is refused as possibly made by another site's page, or null when it is not.
 * A page can make a browser send form posts and GETs anywhere; JSON and own headers it cannot.
 */
export function crossSiteProblem(req: IncomingMessage): string | null {
  if (req.headers[CSRF_HEADER] !== undefined) return null;
  if (req.method === 'POST') {
    const type = req.headers['content-type']?.split(';')[0]?.trim().toLowerCase() ?? '';
    return JSON_TYPES.has(type)
      ? null
      : `a GraphQL POST needs content-type application/json (or the header ${CSRF_HEADER}); was ${JSON.stringify(type)}`;
  }
  // Browsers set this one themselves; a page cannot forge it.
  if (req.headers['sec-fetch-site'] === 'same-origin') return null;
  return `a GraphQL operation by GET needs the header ${CSRF_HEADER}; or send it as POST with content-type application/json`;
}

/** Whether a WebSocket may be opened: not from a browser, or from a page of this very server. */
export function originAllowed(req: IncomingMessage): boolean {
  const { origin, host } = req.headers;
  if (origin === undefined) return true;
  return URL.canParse(origin) && new URL(origin).host === host?.toLowerCase();
}
