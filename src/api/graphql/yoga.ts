import { createYoga, type YogaServerInstance } from 'graphql-yoga';
import type { ApiContext, ApiServices } from '../context.js';
import type { ApiLimits } from '../../settings/config.js';
import type { ApiLog } from '../log.js';
import { RowBudget } from '../paging.js';
import { schema } from '../schema/index.js';
import { DocumentCache } from './document-cache.js';
import { useLimits } from './limits.js';
import type { TransportContext } from './live-slot.js';
import { useLiveStreams } from './live-subscriptions.js';
import { useReadyTexts } from './ready-texts.js';
import { useRunningLimit } from './running.js';
import { useMutationToken } from './token.js';
import { useValueErrors } from './value-errors.js';

/** Path of GraphQL, over HTTP and WebSocket. */
export const GRAPHQL_PATH = '/graphql';

/** The GraphQL engine of a server. */
export type ApiYoga = YogaServerInstance<TransportContext, ApiContext>;

/** The GraphQL engine, without CORS, form uploads and batching; `http/` checks requests first. */
export function createApiYoga(
  services: ApiServices,
  token: string | null,
  limits: ApiLimits,
  unsentBytes: () => number,
  log: ApiLog,
): ApiYoga {
  return createYoga<TransportContext, ApiContext>({
    schema,
    graphqlEndpoint: GRAPHQL_PATH,
    context: (): ApiContext => ({ ...services, rows: new RowBudget(limits), texts: new Map() }),
    plugins: [
      useLimits(limits),
      useValueErrors(),
      useMutationToken(token),
      useRunningLimit(limits, unsentBytes),
      useLiveStreams(services, limits, log),
      useReadyTexts(),
    ],
    parserAndValidationCache: {
      documentCache: new DocumentCache(),
      errorCache: new DocumentCache(),
    },
    logging: log,
    // Never by NODE_ENV: the details of an unexpected error are for the log, not for clients.
    maskedErrors: { isDev: false },
    maxRequestBodySize: limits.bodyBytes,
    cors: false,
    multipart: false,
    batching: false,
    landingPage: false,
    graphiql: false,
  });
}
