import { apiError, badInput } from './errors.js';
import type { ApiLimits } from '../settings/config.js';

/** Page size when `first` is absent. */
export const DEFAULT_FIRST = 100;

/** Maximum number of time series points per operation: a day has 86,400 seconds. */
export const MAX_SERIES_POINTS = 100_000;

/**
 * What one operation has requested so far. Without it, thirty aliases of a full page would build
 * thirty thousand objects on the thread that also receives the books.
 */
export class RowBudget {
  readonly #limits: Pick<ApiLimits, 'rows' | 'pageSize'>;
  #left: number;
  #points = MAX_SERIES_POINTS;

  constructor(limits: Pick<ApiLimits, 'rows' | 'pageSize'>) {
    this.#limits = limits;
    this.#left = limits.rows;
  }

  /** The page size given as `first` (or `last`), charged to the budget. */
  take(first: number | null | undefined, argument: 'first' | 'last' = 'first'): number {
    const { rows, pageSize } = this.#limits;
    const size = first ?? Math.min(DEFAULT_FIRST, pageSize);
    if (size < 1 || size > pageSize) {
      throw badInput(argument, `must be from 1 to ${pageSize} (MAX_PAGE_SIZE); was ${size}`);
    }
    if (size > this.#left) {
      throw apiError(
        'QUERY_TOO_COMPLEX',
        `the operation requests more than ${rows} rows in all (MAX_QUERY_ROWS); request fewer with ${argument}, or use several requests`,
      );
    }
    this.#left -= size;
    return size;
  }

  /** Charges time series points to the budget. */
  takePoints(points: number): void {
    if (points > this.#points) {
      throw apiError(
        'QUERY_TOO_COMPLEX',
        `the operation requests more than ${MAX_SERIES_POINTS} points in all; use a larger step or a shorter window`,
      );
    }
    this.#points -= points;
  }
}

/** An opaque cursor made of one or more integers, for the connection `kind`. */
export function toCursor(kind: string, ...numbers: readonly number[]): string {
  return Buffer.from([kind, ...numbers].join(':')).toString('base64url');
}

/**
 * The integers of a cursor that {@link toCursor} made for `kind`; undefined when there is no
 * cursor.
 */
export function fromCursor(
  kind: string,
  count: number,
  after: string | null | undefined,
  argument: 'after' | 'before' = 'after',
): readonly number[] | undefined {
  if (after === null || after === undefined) return undefined;
  const [name, ...rest] = Buffer.from(after, 'base64url').toString('latin1').split(':');
  const numbers = rest.filter((part) => /^\d{1,16}$/.test(part)).map(Number);
  const sound =
    name === kind &&
    rest.length === count &&
    numbers.length === count &&
    numbers.every((number) => Number.isSafeInteger(number));
  if (!sound) {
    throw badInput(
      argument,
      `must be the ${argument === 'after' ? 'endCursor' : 'startCursor'} or a cursor from another page of this same field`,
    );
  }
  return numbers;
}

/** A Relay connection. */
export interface Connection<T> {
  readonly edges: { cursor: string; node: T }[];
  readonly pageInfo: {
    hasNextPage: boolean;
    hasPreviousPage: boolean;
    startCursor: string | null;
    endCursor: string | null;
  };
}

/** Builds a connection from a page read forward from a cursor (or from the start). */
export function toConnection<I, T>(
  page: { readonly items: readonly I[]; readonly more: boolean },
  after: string | null | undefined,
  cursorOf: (item: I) => string,
  nodeOf: (item: I) => T,
): Connection<T> {
  const edges = page.items.map((item) => ({ cursor: cursorOf(item), node: nodeOf(item) }));
  return {
    edges,
    pageInfo: {
      hasNextPage: page.more,
      // Pages are read forward only, so there is a previous one exactly when a cursor was given.
      hasPreviousPage: after !== null && after !== undefined,
      startCursor: edges[0]?.cursor ?? null,
      endCursor: edges.at(-1)?.cursor ?? null,
    },
  };
}
