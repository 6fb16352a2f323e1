import { useEffect, useState } from 'preact/hooks';
import {
  BookAtDocument,
  type BookAtQuery,
  CoverageDocument,
  type CoverageQuery,
  PriceHistoryDocument,
  type PriceHistoryQuery,
} from '../gql/graphql.js';
import { ApiError, ask, connectionCount } from './connection.js';
import type { MarketId } from './markets.js';
import { serverNow } from './paint.js';

/** Points of the line: each is a book that the server rebuilds. */
const POINTS = 101;
/** How long the slider must rest before the book is fetched, ms. */
const REST = 120;

/** How a window was covered. */
export type Coverage = CoverageQuery['coverage'];
/** End of the time before the market was first recorded, within a window, Unix ms; null where there is none. */
export function unrecordedUntil({
  coverage,
  from,
  to,
}: Pick<History, 'coverage' | 'from' | 'to'>): number | null {
  const first = coverage.recordedFrom == null ? to : Date.parse(coverage.recordedFrom);
  return first > from ? Math.min(first, to) : null;
}

/** When a market was deliberately not recorded, Unix ms. */
export function stopsOf({ stopped }: Coverage): { readonly start: number; readonly end: number }[] {
  return stopped.map(({ start, end }) => ({ start: Date.parse(start), end: Date.parse(end) }));
}

/** A gap in the history. */
export type Gap = Coverage['gaps']['edges'][number]['node'];
/** A stored book; null: there is none. */
export type StoredBook = BookAtQuery['orderbook'];

/** What is stored for a window. */
export interface History {
  readonly from: number;
  readonly to: number;
  readonly coverage: Coverage;
  readonly gaps: readonly Gap[];
  /** Whether there are more gaps than these. */
  readonly moreGaps: boolean;
  /** Empty until they have arrived. */
  readonly prices: PriceHistoryQuery['priceHistory'];
}

/**
 * Loads a stored window, again after each connection.
 * @param to end of the window, Unix ms; null: now
 * @param asked changes to trigger a reload
 */
export function useHistory(
  market: MarketId,
  length: number,
  to: number | null,
  asked: number,
): { readonly loaded: History | null; readonly problem: ApiError | null } {
  const [loaded, setLoaded] = useState<History | null>(null);
  const [problem, setProblem] = useState<ApiError | null>(null);
  const connected = connectionCount.value;
  useEffect(() => {
    if (connected === 0) return;
    let left = false;
    const end = to ?? serverNow();
    const window = { ...market, from: end - length, to: end };
    const load = async (): Promise<void> => {
      try {
        const { coverage } = await ask(CoverageDocument, window);
        if (left) return;
        // Gaps and book need not wait for the line, which takes the store a while.
        const found: History = {
          from: window.from,
          to: end,
          coverage,
          gaps: coverage.gaps.edges.map(({ node }) => node),
          moreGaps: coverage.gaps.pageInfo.hasNextPage,
          prices: [],
        };
        setLoaded(found);
        setProblem(null);
        const { priceHistory } = await ask(PriceHistoryDocument, { ...window, points: POINTS });
        if (!left) setLoaded({ ...found, prices: priceHistory });
      } catch (error) {
        if (!left && error instanceof ApiError) setProblem(error);
      }
    };
    void load();
    return () => {
      left = true;
    };
  }, [market.exchange, market.symbol, market.currency, length, to, asked, connected]);
  return { loaded, problem };
}

/** The stored book at a moment; undefined until it has arrived. */
export function useBookAt(market: MarketId, at: number, ready: boolean): StoredBook | undefined {
  const [book, setBook] = useState<StoredBook | undefined>(undefined);
  const connected = connectionCount.value;
  useEffect(() => {
    if (!ready) return;
    let left = false;
    const timer = setTimeout(() => {
      ask(BookAtDocument, { ...market, at }).then(
        ({ orderbook }) => {
          if (!left) setBook(orderbook ?? null);
        },
        () => undefined,
      );
    }, REST);
    return () => {
      left = true;
      clearTimeout(timer);
    };
  }, [market.exchange, market.symbol, market.currency, at, ready, connected]);
  return book;
}
