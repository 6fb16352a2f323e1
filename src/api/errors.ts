import { GraphQLError } from 'graphql';
import {
  ExchangeUnavailableError,
  NoMatchingMarketError,
  RestorePointError,
  UnknownMarketError,
} from '../market/collector-control.js';

/** Every `extensions.code` that this program itself gives to an expected error, and what it means. */
type ErrorCode =
  /** A value given cannot be right; `extensions.argument` names the argument. */
  | 'BAD_USER_INPUT'
  /** The exchange does not list that market; `extensions.closeMatches` holds pairs that resemble it. */
  | 'UNKNOWN_MARKET'
  /** The exchange's market list is out of reach, so a market cannot be checked. */
  | 'EXCHANGE_UNAVAILABLE'
  /** API_TOKEN is set and the mutation came without it or with another. */
  | 'UNAUTHENTICATED'
  /** The server, or this connection, has as many live readers as it allows. */
  | 'TOO_MANY_SUBSCRIPTIONS'
  /** The reader stopped reading, so the server disconnected it. */
  | 'READER_IDLE'
  /** The operation has too many tokens or aliases, nests too deep, or asks for too many rows or fields. */
  | 'QUERY_TOO_COMPLEX'
  /** The query took longer than the server allows. */
  | 'QUERY_TIMEOUT'
  /** The server runs as many queries as it allows at once, or clients have left too much of their answers untaken. */
  | 'TOO_MANY_QUERIES'
  /** The server is closing and takes no new subscriptions. */
  | 'SHUTTING_DOWN';

/** Every code of a refusal that is made before GraphQL, as `{"error":{"code","message"}}`. */
export type HttpErrorCode =
  /** This is no HTTP request that can be read. */
  | 'BAD_REQUEST'
  /** The request line and headers are longer than MAX_HEADER_BYTES. */
  | 'HEADERS_TOO_LARGE'
  /** The request did not come whole within REQUEST_TIMEOUT_MS. */
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
  /** The server has as many connections as it allows. */
  | 'TOO_MANY_CONNECTIONS'
  /** The request before this one on its connection is not answered yet. */
  | 'TOO_MANY_OPERATIONS'
  /** The server runs as many exports as it allows. */
  | 'TOO_MANY_EXPORTS'
  /** The server is closing. */
  | 'SHUTTING_DOWN'
  /** A parameter cannot be right; the message names it. */
  | 'BAD_USER_INPUT'
  /** No exchange named lists that market, and nothing of it is stored. */
  | 'UNKNOWN_MARKET'
  /** Something unexpected; what it was is in the log. */
  | 'INTERNAL_SERVER_ERROR';

/** An expected error: its text reaches the client as it is, unlike that of any other error. */
export function apiError(
  code: ErrorCode,
  message: string,
  more: Readonly<Record<string, unknown>> = {},
): GraphQLError {
  return new GraphQLError(message, { extensions: { code, ...more } });
}

/** `BAD_USER_INPUT` about `argument`; the message says what it was and what is right. */
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
