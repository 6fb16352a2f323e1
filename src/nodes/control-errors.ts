import type { CollectPattern } from '../market/collect-pattern.js';
import {
  ExchangeUnavailableError,
  NoMatchingMarketError,
  RestorePointError,
  UnknownMarketError,
} from '../market/collector-control.js';
import type { Exchange } from '../market/exchange.js';
import type { Market } from '../market/market.js';

/** What an error of a mutation is rebuilt from on the node that received it. */
type Details =
  | { readonly kind: 'UNKNOWN_MARKET'; readonly market: Market; readonly close: readonly string[] }
  | { readonly kind: 'UNAVAILABLE'; readonly exchange: Exchange }
  | { readonly kind: 'NO_MATCH' }
  | { readonly kind: 'RESTORE_POINT' }
  | null;

/** The details of an error. */
export function controlErrorDetails(error: unknown): Details {
  if (error instanceof UnknownMarketError)
    return { kind: 'UNKNOWN_MARKET', market: error.market, close: error.closeMatches };
  if (error instanceof ExchangeUnavailableError)
    return { kind: 'UNAVAILABLE', exchange: error.exchange };
  if (error instanceof NoMatchingMarketError) return { kind: 'NO_MATCH' };
  if (error instanceof RestorePointError) return { kind: 'RESTORE_POINT' };
  return null;
}

/** The error that another node threw. @param pattern the mutation's pattern, if any */
export function remakeControlError(
  exchange: Exchange,
  pattern: CollectPattern | null,
): (text: { readonly message: string; readonly details: unknown }) => Error {
  return ({ message, details }) => {
    const known = details as Details;
    switch (known?.kind) {
      case 'UNKNOWN_MARKET':
        return new UnknownMarketError(known.market, known.close);
      case 'UNAVAILABLE':
        return new ExchangeUnavailableError(
          known.exchange,
          message.replace(`${known.exchange} cannot be reached: `, ''),
        );
      case 'NO_MATCH':
        return pattern === null ? new Error(message) : new NoMatchingMarketError(pattern);
      case 'RESTORE_POINT':
        return new RestorePointError();
      default:
        return new ExchangeUnavailableError(exchange, message);
    }
  };
}
