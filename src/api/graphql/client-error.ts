import { GraphQLError, type GraphQLFormattedError } from 'graphql';
import { maskError } from 'graphql-yoga';
import type { ApiLog } from '../log.js';

/** Yoga puts HTTP statuses and the like into `extensions`; clients have no use for them. */
export function formatted(error: GraphQLError): GraphQLFormattedError {
  const { extensions = {}, ...rest } = error.toJSON();
  const others = Object.entries(extensions).filter(
    ([name]) => name !== 'http' && name !== 'unexpected',
  );
  return { ...rest, extensions: Object.fromEntries(others) };
}

/** `error` as clients may see it: an unexpected one is logged and its details withheld. */
export function clientError(error: unknown, log: ApiLog): GraphQLError {
  const shown = maskError(error, 'Unexpected error.', false) as GraphQLError;
  if (shown !== error)
    log.error(error instanceof GraphQLError ? (error.originalError ?? error) : error);
  return shown;
}
