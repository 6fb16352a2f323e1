import { apiError, badInput } from './errors.js';
import type { ApiLimits } from '../settings/config.js';

/** Items of a page when `first` is left out. */
export const DEFAULT_FIRST = 100;

/** Points of time series that one operation may ask for: a day has 86,400 seconds. */
export const MAX_SERIES_POINTS = 100_000;

/**
 * What one operation has asked for so far. Without it, thirty aliases of a full page would build
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

  /** The size of a page asked for as `first` (or `last`), taken from the budget. */
  take(first: number | null | undefined, argument: 'first' | 'last' = 'first'): number {
    const { rows, pageSize } = this.#limits;
    const size = first ?? Math.min(DEFAULT_FIRST, pageSize);
    if (size < 1 || size > pageSize) {
      throw badInput(argument, `must be from 1 to ${pageSize} (MAX_PAGE_SIZE); was ${size}`);
    }
    if (size > this.#left) {
      throw apiError(
        'QUERY_TOO_COMPLEX',
        `the operation asks for more than ${rows} rows in all (MAX_QUERY_ROWS); ask for fewer with ${argument}, or use several requests`,
      );
    }
    this.#left -= size;
    return size;
  }

  /** Takes points of time series from the budget. */
  takePoints(points: number): void {
    if (points > this.#points) {
      throw apiError(
        'QUERY_TOO_COMPLEX',
        `the operation asks for more than ${MAX_SERIES_POINTS} points in all; take a greater step or a shorter window`,
      );
    }
    this.#points -= points;
  }
}

/** An opaque cursor for a place of one or more whole numbers within the connection `kind`. */
export function toCursor(kind: string, ...numbers: readonly number[]): string {
  return Buffer.from([kind, ...numbers].join(':')).toString('base64url');
}

/** The numbers of a cursor that {@link toCursor} made for `kind`; undefined when there is none. */
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
      `must be the ${argument === 'after' ? 'endCursor' : 'startCursor'} or a cursor of another page of this very field`,
    );
  }
  return numbers;
}

/** A Relay connection's value. */
export interface Connection<T> {
  readonly edges: { cursor: string; node: T }[];
  readonly pageInfo: {
    hasNextPage: boolean;
    hasPreviousPage: boolean;
    startCursor: string | null;
    endCursor: string | null;
  };
}

/** Makes a connection of a page read forward from a cursor (or from the beginning). */
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
      // Pages are read forward only, so there is one before exactly when a cursor was given.
      hasPreviousPage: after !== null && after !== undefined,
      startCursor: edges[0]?.cursor ?? null,
      endCursor: edges.at(-1)?.cursor ?? null,
    },
  };
}
