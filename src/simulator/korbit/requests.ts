/** Reading of Korbit's client messages (`korbit.request.array`). */
import { isObject } from '../simulator.js';

/** Channels that are simulated. */
export type Channel = 'orderbook' | 'trade';

/** One request object of a message. `M` is the market that a symbol stands for. */
export type KorbitRequest<M> =
  /** The message is not an array, or this part of it not an object. */
  | { readonly kind: 'invalid_format' }
  | { readonly kind: 'fail'; readonly code: string; readonly message: string; readonly id: unknown }
  /** Of a channel that is not simulated: accepted, then silent. */
  | { readonly kind: 'other'; readonly id: unknown }
  | {
      readonly kind: 'subscribe' | 'unsubscribe';
      readonly channel: Channel;
      readonly markets: readonly M[];
      readonly id: unknown;
    };

/** The request objects of a message; `find` gives the market of a symbol, if it exists. */
export function parseKorbitMessage<M>(
  text: string,
  find: (symbol: unknown) => M | undefined,
): KorbitRequest<M>[] {
  let requests: unknown;
  try {
    requests = JSON.parse(text);
  } catch {
    return [{ kind: 'invalid_format' }];
  }
  if (!Array.isArray(requests)) return [{ kind: 'invalid_format' }];
  return (requests as unknown[]).map((request) =>
    isObject(request) ? parseRequest(request, find) : { kind: 'invalid_format' },
  );
}

/** Validates `type`, then `symbols`; one bad symbol fails the whole object (assumed). */
function parseRequest<M>(
  request: Record<string, unknown>,
  find: (symbol: unknown) => M | undefined,
): KorbitRequest<M> {
  const { method, type, symbols, requestId: id } = request;
  const fail = (code: string, message: string): KorbitRequest<M> => ({
    kind: 'fail',
    code,
    message,
    id,
  });
  if (type !== 'orderbook' && type !== 'ticker' && type !== 'trade') {
    return fail('INVALID_REQUEST', 'unknown_type');
  }
  // The messages of these two refusals are guesses modelled on the captured ones.
  if (method !== 'subscribe' && method !== 'unsubscribe') {
    return fail('INVALID_REQUEST', 'unknown_method');
  }
  if (!Array.isArray(symbols) || symbols.length === 0) {
    return fail('INVALID_REQUEST', 'invalid_symbols');
  }
  const markets: M[] = [];
  for (const symbol of symbols as unknown[]) {
    const market = find(symbol);
    if (market === undefined) {
      return fail('INVALID_SYMBOL', `The symbol does not exist (${String(symbol)})`);
    }
    markets.push(market);
  }
  if (type === 'ticker') return { kind: 'other', id };
  return { kind: method, channel: type, markets, id };
}
