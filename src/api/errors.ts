import { GraphQLError } from 'graphql';
import {
  ExchangeUnavailableError,
  NoMatchingMarketError,
  RestorePointError,
  UnknownMarketError,
} from '../market/collector-control.js';

/** Every `extensions.code` this program puts on an expected error, and its meaning. */
type ErrorCode =
  /** An argument is invalid; `extensions.argument` names the argument. */
  | 'BAD_USER_INPUT'
  /** The exchange does not list that market; `extensions.closeMatches` holds pairs that resemble it. */
  | 'UNKNOWN_MARKET'
  /** The exchange's market list is unavailable, so a market cannot be checked. */
  | 'EXCHANGE_UNAVAILABLE'
  /** API_TOKEN is set and the mutation came without it or with a wrong one. */
  | 'UNAUTHENTICATED'
  /** The server or this connection has reached its limit of live subscriptions. */
  | 'TOO_MANY_SUBSCRIPTIONS'
  /** The client stopped reading, so the server disconnected it. */
  | 'READER_IDLE'
  /** The operation has too many tokens or aliases, nests too deep, or requests too many rows or fields. */
  | 'QUERY_TOO_COMPLEX'
  /** The query took longer than the server allows. */
  | 'QUERY_TIMEOUT'
  /** The server has reached its limit of concurrent queries, or clients have left too much of their responses unread. */
  | 'TOO_MANY_QUERIES'
  /** The server is shutting down and accepts no new subscriptions. */
  | 'SHUTTING_DOWN';

/** Every code of a refusal issued before GraphQL, as `{"error":{"code","message"}}`. */
export type HttpErrorCode =
  /** The HTTP request is malformed. */
  | 'BAD_REQUEST'
  /** The request line and headers are longer than MAX_HEADER_BYTES. */
  | 'HEADERS_TOO_LARGE'
  /** The request was not complete within REQUEST_TIMEOUT_MS. */
  | 'REQUEST_TIMEOUT'
  /** The server does not answer to the name in the Host header. */
  | 'HOST_REFUSED'
  /** Pages of this origin may not use the server. */
  | 'ORIGIN_REFUSED'
  /** The request may have been made by a page of another site. */
  | 'CROSS_SITE_REFUSED'
  /** There is nothing at this path. */
  | 'NOT_FOUND'
  /** The path does not take this method. */
  | 'METHOD_NOT_ALLOWED'
  /** The server has reached its limit of connections. */
  | 'TOO_MANY_CONNECTIONS'
  /** The request before this one on its connection has not been answered yet. */
  | 'TOO_MANY_OPERATIONS'
  /** The server has reached its limit of concurrent exports. */
  | 'TOO_MANY_EXPORTS'
  /** The server is shutting down. */
  | 'SHUTTING_DOWN'
  /** A parameter is invalid; the message names it. */
  | 'BAD_USER_INPUT'
  /** None of the exchanges named lists that market, and nothing is stored for it. */
  | 'UNKNOWN_MARKET'
  /** An unexpected error; the log has the details. */
  | 'INTERNAL_SERVER_ERROR';

/** An expected error: clients see its text as is, unlike that of any other error. */
export function apiError(
  code: ErrorCode,
  message: string,
  more: Readonly<Record<string, unknown>> = {},
): GraphQLError {
  return new GraphQLError(message, { extensions: { code, ...more } });
}

/** `BAD_USER_INPUT` about `argument`; the message says what it was and what would be right. */
export function badInput(argument: string, message: string): GraphQLError {
  return apiError('BAD_USER_INPUT', `${argument}: ${message}`, { argument });
}

/** Runs `work`, turning the errors that collectors are known to throw into API errors. */
export async function withKnownErrors<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof UnknownMarketError) {
      throw apiError('UNKNOWN_MARKET', error.message, { closeMatches: error.closeMatches });
    }
    if (error instanceof ExchangeUnavailableError) {
      throw apiError('EXCHANGE_UNAVAILABLE', error.message, { exchange: error.exchange });
    }
    if (error instanceof NoMatchingMarketError) throw badInput('pattern', error.message);
    if (error instanceof RestorePointError) throw badInput('point', error.message);
    throw error;
  }
}
