import type { Json } from '../wire/quoted-json.js';
import type { Pair } from '../../market/market.js';
import type { Level, Sides } from '../../market/order-book.js';
import { parseExactJson } from '../../market/exact-json.js';
import { ExchangeError, faultOf } from '../exchange-error.js';
import type { RestClient } from './rest-client.js';
import { excerpt } from '../wire/wire.js';

/** The REST books of an exchange, for checking a silent or suspect stream. */
export interface RestBooks {
  /** Markets per call. */
  readonly batch: number;
  /** Interval between two calls, ms; well within the exchange's limit. */
  readonly everyMs: number;
  /** Levels a side that response and stream have in common; deeper ones cannot be compared. */
  readonly depth: number;
  /**
   * Set where the two may hold different numbers of those levels: Bithumb truncates a book first,
   * and dust is dropped from what is left. They are then compared as far as both go.
   */
  readonly ragged?: boolean;
  /** Books of some markets, by `BTC-KRW`. @throws {ExchangeError} for a missing or wrong response */
  fetch(rest: RestClient, pairs: readonly Pair[]): Promise<Map<string, Sides>>;
}

/** Fetches and reads one response. @throws {ExchangeError} */
export async function fetchBody<T>(
  rest: RestClient,
  path: string,
  read: (body: Json) => T,
): Promise<T> {
  const answer = await rest.get(path);
  if (answer.status !== 200) {
    const words = `HTTP ${answer.status} ${excerpt(answer.text)}`.trim();
    throw new ExchangeError(faultOf(answer.status, answer.text), words);
  }
  try {
    return read(parseExactJson(answer.text));
  } catch (error) {
    const why = excerpt((error as Error).message);
    const fault = error instanceof ExchangeError ? error.fault : 'UNREADABLE';
    throw new ExchangeError(fault, `${why}; the answer was ${excerpt(answer.text)}`, {
      cause: error,
    });
  }
}

/** Whether two books are equal in their first `depth` levels a side. See {@link RestBooks.ragged}. */
export function sameToDepth(a: Sides, b: Sides, depth: number, ragged: boolean): boolean {
  return sameLevels(a.asks, b.asks, depth, ragged) && sameLevels(a.bids, b.bids, depth, ragged);
}

function sameLevels(
  a: readonly Level[],
  b: readonly Level[],
  depth: number,
  ragged: boolean,
): boolean {
  const count = Math.min(a.length, b.length, depth);
  if (!ragged && Math.max(a.length, b.length) > count && count < depth) return false;
  for (let i = 0; i < count; i++) {
    if (a[i]![0] !== b[i]![0] || a[i]![1] !== b[i]![1]) return false;
  }
  return true;
}
