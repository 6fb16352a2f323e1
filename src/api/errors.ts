import { GraphQLError } from 'graphql';
import {
  ExchangeUnavailableError,
  NoMatchingMarketError,
  RestorePointError,
  UnknownMarketError,
} from '../market/collector-control.js';

/** Every `extensions.code` that this program itself gives to an error, and what it means. */
export const ERROR_CODES = {
  BAD_USER_INPUT: 'A value given cannot be right; `extensions.argument` names the argument.',
  UNKNOWN_MARKET:
    'The exchange does not list that market; `extensions.closeMatches` holds pairs that resemble it.',
  EXCHANGE_UNAVAILABLE:
    "The exchange's market list is out of reach, so a market cannot be checked.",
  UNAUTHENTICATED: 'API_TOKEN is set and the mutation came without it or with another.',
  TOO_MANY_SUBSCRIPTIONS: 'The server, or this connection, has as many live readers as it allows.',
  READER_IDLE: 'The reader stopped reading, so the server disconnected it.',
  QUERY_TOO_COMPLEX:
    'The operation has too many tokens or aliases, nests too deep, or asks for too many rows or fields.',
  QUERY_TIMEOUT: 'The query took longer than the server allows.',
  TOO_MANY_QUERIES:
    'The server runs as many queries as it allows at once, or clients have left too much of their answers untaken.',
  SHUTTING_DOWN: 'The server is closing and takes no new subscriptions.',
} as const;

/** Code of an expected error. */
type ErrorCode = keyof typeof ERROR_CODES;

/** Every code of a refusal that is made before GraphQL, as `{"error":{"code","message"}}`. */
export const HTTP_ERROR_CODES = {
  BAD_REQUEST: 'This is no HTTP request that can be read.',
  HEADERS_TOO_LARGE: 'The request line and headers are longer than MAX_HEADER_BYTES.',
  REQUEST_TIMEOUT: 'The request did not come whole within REQUEST_TIMEOUT_MS.',
  HOST_REFUSED: 'The server does not answer to the name in the Host header.',
  ORIGIN_REFUSED: 'Pages of this origin may not use the server.',
  CROSS_SITE_REFUSED: 'The request may have been made by a page of another site.',
  NOT_FOUND: 'There is nothing at this path.',
  METHOD_NOT_ALLOWED: 'The path does not take this method.',
  TOO_MANY_CONNECTIONS: 'The server has as many connections as it allows.',
  TOO_MANY_OPERATIONS: 'The request before this one on its connection is not answered yet.',
  TOO_MANY_EXPORTS: 'The server runs as many exports as it allows.',
  SHUTTING_DOWN: 'The server is closing.',
  BAD_USER_INPUT: 'A parameter cannot be right; the message names it.',
  UNKNOWN_MARKET: 'No exchange named lists that market, and nothing of it is stored.',
  INTERNAL_SERVER_ERROR: 'Something unexpected; what it was is in the log.',
} as const;

/** Code of a refusal that is made before GraphQL. */
export type HttpErrorCode = keyof typeof HTTP_ERROR_CODES;

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
