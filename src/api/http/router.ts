import type { IncomingMessage, ServerResponse } from 'node:http';
import type { HttpErrorCode } from '../errors.js';
import type { GraphiqlPage } from '../graphql/graphiql.js';
import { GRAPHQL_PATH } from '../graphql/yoga.js';
import type { DashboardFiles } from './dashboard.js';
import type { ExportEndpoint } from './export.js';
import { crossSiteProblem, type Gate } from './gate.js';
import type { Health } from './health.js';
import { METRICS_TYPE } from './metrics.js';
import { refuse } from './refusal.js';
import { replyError, replyInPieces, replyJson, replyText } from './reply.js';

/** The existing paths, listed in the answer to any other. */
const PATHS = `/, ${GRAPHQL_PATH}, /health, /metrics, /export/<EXCHANGE>.json, /export/<EXCHANGE>.ndjson`;

/** Where {@link createRouter} sends requests. */
interface Routes {
  /** Decides from the headers whether a request is answered at all. */
  readonly gate: Gate;
  /** Registers an incoming request, waiting for its turn; returns whether it may be answered. */
  readonly admit: (req: IncomingMessage, res: ServerResponse) => Promise<boolean>;
  /** Executes a GraphQL request. */
  readonly graphql: (req: IncomingMessage, res: ServerResponse) => Promise<void>;
  readonly graphiql: () => Promise<GraphiqlPage>;
  readonly health: () => Promise<Health>;
  readonly metrics: () => Promise<string>;
  readonly exports: ExportEndpoint;
  readonly dashboard: DashboardFiles;
  /** Takes errors that nothing else caught. */
  readonly onError: (error: unknown) => void;
}

/**
 * Sent with every response; a page sets its own policy. No other page may frame ours (GraphiQL has
 * a play button), load from here or keep a handle on ours.
 */
const SAFETY_HEADERS: Readonly<Record<string, string>> = {
  'content-security-policy': "default-src 'none'; base-uri 'none'; frame-ancestors 'none'",
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
};

function pathOf(req: IncomingMessage): URL | null {
  const target = `http://localhost${req.url ?? '/'}`;
  return req.url?.startsWith('/') === true && URL.canParse(target) ? new URL(target) : null;
}

/** Whether this is a browser pointed at the address rather than a GraphQL client. */
function wantsPage(req: IncomingMessage): boolean {
  return req.method === 'GET' && req.headers.accept?.includes('text/html') === true;
}

async function sendGraphiql(
  req: IncomingMessage,
  res: ServerResponse,
  page: () => Promise<GraphiqlPage>,
): Promise<void> {
  const { html, gzip, policy } = await page();
  const zipped = /\bgzip\b/.test(req.headers['accept-encoding']?.toString() ?? '');
  res.setHeader('content-security-policy', policy);
  res.appendHeader('vary', 'accept, accept-encoding');
  if (zipped) res.setHeader('content-encoding', 'gzip');
  await replyInPieces(res, 'text/html; charset=utf-8', zipped ? gzip : html);
}

/** Makes the listener that routes each request by its path. */
export function createRouter(routes: Routes): (req: IncomingMessage, res: ServerResponse) => void {
  const graphql = async (req: IncomingMessage, res: ServerResponse): Promise<void> => {
    if (wantsPage(req)) return sendGraphiql(req, res, routes.graphiql);
    if (req.method !== 'GET' && req.method !== 'POST') {
      res.setHeader('allow', 'GET, POST');
      return replyError(res, 405, 'METHOD_NOT_ALLOWED', 'GraphQL takes GET and POST');
    }
    const problem = crossSiteProblem(req);
    if (problem === null) return routes.graphql(req, res);
    const code: HttpErrorCode = 'CROSS_SITE_REFUSED';
    replyJson(res, 403, { errors: [{ message: problem, extensions: { code } }] });
  };

  const answer = async (req: IncomingMessage, res: ServerResponse): Promise<void> => {
    for (const [name, value] of Object.entries(SAFETY_HEADERS)) res.setHeader(name, value);
    if (!(await routes.admit(req, res))) return;
    const refusal = routes.gate.refusal(req);
    if (refusal !== null) return refuse(res, refusal);
    routes.gate.addCorsHeaders(req, res);
    if (routes.gate.answerPreflight(req, res)) return;
    const url = pathOf(req);
    const path = url?.pathname;
    if (path === GRAPHQL_PATH) return graphql(req, res);
    if (req.method !== 'GET' && req.method !== 'HEAD') {
      res.setHeader('allow', 'GET, HEAD');
      return replyError(res, 405, 'METHOD_NOT_ALLOWED', 'this path takes GET and HEAD');
    }
    if (path === '/health') {
      const health = await routes.health();
      replyJson(res, health.status === 'ok' ? 200 : 503, health);
    } else if (path === '/metrics') {
      replyText(res, 200, METRICS_TYPE, await routes.metrics());
    } else if (
      url === null ||
      !(routes.exports.handle(req, res, url) || (await routes.dashboard.handle(req, res, path!)))
    ) {
      if (wantsPage(req)) {
        res.appendHeader('vary', 'accept');
        if (await routes.dashboard.lost(req, res)) return;
      }
      replyError(res, 404, 'NOT_FOUND', `there is nothing here; the paths are ${PATHS}`);
    }
  };

  return (req, res) => {
    answer(req, res).catch((error: unknown) => {
      routes.onError(error);
      if (res.headersSent) res.destroy();
      else replyError(res, 500, 'INTERNAL_SERVER_ERROR', 'unexpected error; see the log');
    });
  };
}
