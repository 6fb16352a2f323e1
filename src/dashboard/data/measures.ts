import { useEffect, useState } from 'preact/hooks';
import { SeriesMeasuresDocument, type SeriesMeasuresQuery } from '../gql/graphql.js';
import { ApiError, ask } from './connection.js';
import type { MarketId } from './markets.js';
import { barsOf, type TradeBar, tradedIn } from './trade-bars.js';

/** Steps of the lines, how many of them make a trade bar, and the smallest step, ms. */
const STEPS = 300;
const BAR_STEPS = 3;
const LEAST_STEP = 100;

/** Measures of a market over a window, in one query. */
export interface Measures {
  /** Spread and imbalance of each step; null until they have arrived. */
  readonly points: SeriesMeasuresQuery['series'] | null;
  /** What was traded; empty where no trades were recorded. */
  readonly bars: readonly TradeBar[];
  readonly problem: ApiError | null;
}

const NONE: Measures = { points: null, bars: [], problem: null };

/** Spread, imbalance and trades of a window, Unix ms; null: not known yet. */
export function useMeasures(
  market: MarketId,
  window: { readonly from: number; readonly to: number } | null,
): Measures {
  const [measures, setMeasures] = useState(NONE);
  const { from, to } = window ?? {};
  useEffect(() => {
    setMeasures(NONE);
    if (from === undefined || to === undefined) return;
    let left = false;
    const begin = Math.round(from);
    const step = Math.max(LEAST_STEP, Math.ceil((to - from) / STEPS));
    const length = step * BAR_STEPS;
    ask(SeriesMeasuresDocument, { ...market, from: begin, to: Math.round(to), step }).then(
      ({ series: points }) => {
        if (left) return;
        const bars = barsOf(tradedIn([points], begin, length), length);
        setMeasures({ points, bars, problem: null });
      },
      (error: unknown) => {
        if (!left && error instanceof ApiError) setMeasures({ ...NONE, problem: error });
      },
    );
    return () => {
      left = true;
    };
  }, [market.exchange, market.symbol, market.currency, from, to]);
  return measures;
}
