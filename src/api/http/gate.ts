import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Refusal } from './refusal.js';

/** Header that a GraphQL GET request must carry; any value will do. */
const CSRF_HEADER = 'x-graphql-yoga-csrf';

/** Content types that a browser never sends to another site without a preflight. */
const JSON_TYPES = new Set(['application/json', 'application/graphql', 'application/graphql+json']);

/** How long a browser may cache a preflight, s. */
const PREFLIGHT_SECONDS = '600';

/** What {@link Gate} lets through. */
interface GateOptions {
  /** Whether a request with this `Host` header is answered. */
  readonly hostAllowed: (host: string | undefined) => boolean;
  /** Origins of other sites whose pages may use the API. */
  readonly corsOrigins: readonly string[];
}

/**
 * Decides by the headers whether a request is answered at all, on any path: it must be addressed to
 * this server (`Host`, against DNS rebinding) and must not come from another site's page, unless
 * `CORS_ORIGINS` lists that origin.
 */
export class Gate {
  readonly #hostAllowed: (host: string | undefined) => boolean;
  readonly #corsOrigins: ReadonlySet<string>;

  constructor({ hostAllowed, corsOrigins }: GateOptions) {
    this.#hostAllowed = hostAllowed;
    this.#corsOrigins = new Set(corsOrigins);
  }

  /** Why the request is refused, or null. */
  refusal(req: IncomingMessage): Refusal | null {
    const { host } = req.headers;
    const hosts = hostHeaders(req);
    if (hosts > 1 || (hosts === 0 && req.httpVersion !== '1.0')) {
      const message = `there are ${hosts} Host headers; send one`;
      return { status: 400, code: 'BAD_REQUEST', message };
    }
    if (!this.#hostAllowed(host)) {
      const message = `this server does not answer to the name ${JSON.stringify(host)}; use its address or localhost, or add the name to ALLOWED_HOSTS`;
      return { status: 421, code: 'HOST_REFUSED', message };
    }
    const { origin } = req.headers;
    if (origin !== undefined && !this.#originAllowed(origin, host)) {
      const message = `pages of the origin ${JSON.stringify(origin)} may not use this server; add the origin to CORS_ORIGINS if they should`;
      return { status: 403, code: 'ORIGIN_REFUSED', message };
    }
    if (origin === undefined && embedded(req)) {
      const message = 'pages of other sites may link to this server but not load from it';
      return { status: 403, code: 'CROSS_SITE_REFUSED', message };
    }
    return null;
  }

  /**
   * Lets the page of an allowed origin read the response. Never with credentials: there are no
   * cookies, and the page sends the token itself.
   */
  addCorsHeaders(req: IncomingMessage, res: ServerResponse): void {
    if (this.#corsOrigins.size === 0) return;
    res.setHeader('vary', 'origin');
    const { origin } = req.headers;
    if (origin === undefined || !this.#corsOrigins.has(origin)) return;
    res.setHeader('access-control-allow-origin', origin);
    res.setHeader(
      'access-control-expose-headers',
      'content-disposition, link, retry-after, x-gaps',
    );
  }

  /** Answers if the request is a CORS preflight; returns whether it is. */
  answerPreflight(req: IncomingMessage, res: ServerResponse): boolean {
    const { origin } = req.headers;
    if (req.method !== 'OPTIONS' || origin === undefined || !this.#corsOrigins.has(origin)) {
      return false;
    }
    if (req.headers['access-control-request-method'] === undefined) return false;
    res.writeHead(204, {
      'access-control-allow-methods': 'GET, POST',
      'access-control-allow-headers': `authorization, content-type, ${CSRF_HEADER}`,
      'access-control-max-age': PREFLIGHT_SECONDS,
    });
    res.end();
    return true;
  }

  #originAllowed(origin: string, host: string | undefined): boolean {
    if (this.#corsOrigins.has(origin)) return true;
    return URL.canParse(origin) && new URL(origin).host === host?.toLowerCase();
  }
}

function hostHeaders({ rawHeaders }: IncomingMessage): number {
  let count = 0;
  for (let i = 0; i < rawHeaders.length; i += 2) {
    if (rawHeaders[i]!.toLowerCase() === 'host') count++;
  }
  return count;
}

/**
 * Whether a page of another site loads this as an image, a script or a frame. Following a link is
 * harmless. Browsers set these headers themselves; a page cannot forge them.
 */
function embedded(req: IncomingMessage): boolean {
  const site = req.headers['sec-fetch-site'];
  if (site !== 'cross-site' && site !== 'same-site') return false;
  return !(
    req.method === 'GET' &&
    req.headers['sec-fetch-mode'] === 'navigate' &&
    req.headers['sec-fetch-dest'] === 'document'
  );
}

/**
 * Why a GraphQL request is refused as possibly made by another site's page, or null if it is not. A
 * page can make a browser send form posts and GETs anywhere, but not JSON or custom headers. Works
 * without `Origin`, which old browsers leave out.
 */
export function crossSiteProblem(req: IncomingMessage): string | null {
  if (req.headers[CSRF_HEADER] !== undefined) return null;
  if (req.method === 'POST') {
    const type = req.headers['content-type']?.split(';')[0]?.trim().toLowerCase() ?? '';
    return JSON_TYPES.has(type)
      ? null
      : `a GraphQL POST needs content-type application/json (or the header ${CSRF_HEADER}); was ${JSON.stringify(type)}`;
  }
  if (req.headers['sec-fetch-site'] === 'same-origin') return null;
  return `a GraphQL operation by GET needs the header ${CSRF_HEADER}; or send it as POST with content-type application/json`;
}
