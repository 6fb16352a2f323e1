import { signal } from '@preact/signals';
import { useEffect, useRef, useState } from 'preact/hooks';
import {
  type Exchange,
  PremiumLiveDocument,
  type PremiumLiveSubscription,
  PremiumsDocument,
  type PremiumsQuery,
  SeriesCloseDocument,
} from '../gql/graphql.js';
import { useAnswer } from './answer.js';
import { type ApiError, ask, connectionCount, follow } from './connection.js';
import { exchangeOrder } from './exchanges.js';
import { keyOf, markets } from './markets.js';
import { serverNow, withNextFrame } from './paint.js';
import type { Pair } from './pair.js';
import { forPixels } from '../text/decimals.js';

/** A pair's prices on each exchange compared with one of them. */
export type Premium = PremiumLiveSubscription['premium'];
/** The same for one pair in the list of all. */
export type PremiumRow = PremiumsQuery['premiums'][number];
/** Where a pair can be bought for less than it can be sold for elsewhere. */
export type Crossing = NonNullable<PremiumRow['crossing']>;

/** Minimum interval between two deliveries of one pair, and interval between two lists of all pairs, ms. */
const EVERY = 250;
const LIST_EVERY = 2_000;
/** Maximum number of pairs in a list. */
const MOST_PAIRS = 1_000;

/** Follows the premium of a pair. @param fee per trade, percent */
export function usePremium(
  { symbol, currency }: Pair,
  against: Exchange,
  fee: string,
): { readonly premium: Premium | null; readonly problem: ApiError | null } {
  const [premium, setPremium] = useState<Premium | null>(null);
  const [problem, setProblem] = useState<ApiError | null>(null);
  useEffect(() => {
    let newest: Premium | null = null;
    const show = (): void => {
      setPremium(newest);
      setProblem(null);
    };
    return follow(
      PremiumLiveDocument,
      { symbol, currency, against, fee, every: EVERY },
      (data) => {
        newest = data.premium;
        withNextFrame(show);
      },
      setProblem,
    );
  }, [symbol, currency, against, fee]);
  return { premium, problem };
}

/** Follows the premiums of all pairs on two or more exchanges; null before the first. */
export function usePremiums(
  currency: string,
  against: Exchange,
  fee: string,
): { readonly rows: readonly PremiumRow[] | null; readonly problem: ApiError | null } {
  const variables = { currency, against, fee, first: MOST_PAIRS };
  const { answer, problem } = useAnswer(PremiumsDocument, variables, { everyMs: LIST_EVERY });
  return { rows: answer?.premiums ?? null, problem };
}

/** Premiums over a window, in percent. For drawing only, so they are numbers. */
export interface PremiumCourse {
  /** Unix seconds. */
  readonly times: number[];
  readonly values: ReadonlyMap<Exchange, (number | null)[]>;
}

/** Steps of a course. */
const STEPS = 240;
/** Interval of live points, ms. */
const LIVE_STEP = 1_000;

/** How far `price` is above `base`, percent, for a chart. */
function percentAbove(price: string | null, base: string | null): number | null {
  if (price === null || base === null) return null;
  return (forPixels(price) / forPixels(base) - 1) * 100;
}

/** The stored course of a pair on all exchanges that record it. */
async function loadCourse(pair: Pair, against: Exchange, length: number): Promise<PremiumCourse> {
  const step = length / STEPS;
  const to = Math.floor(serverNow() / step) * step;
  const window = { from: to - length, to, step };
  const recorded = exchangeOrder.value.filter(
    (exchange) => exchange === against || markets.get(keyOf({ exchange, ...pair }))?.state != null,
  );
  const series = new Map(
    await Promise.all(
      recorded.map(async (exchange) => {
        const answer = await ask(SeriesCloseDocument, { exchange, ...pair, ...window });
        return [exchange, answer.series] as const;
      }),
    ),
  );
  const base = series.get(against) ?? [];
  return {
    times: base.map(({ time }) => Date.parse(time) / 1000),
    values: new Map(
      [...series].map(([exchange, points]) => [
        exchange,
        // A price holds until the next one; where nothing was recorded, nothing is known.
        points.map(({ close, covered }, i) => {
          const on = base[i];
          if (covered === 0 || on === undefined || on.covered === 0) return null;
          return percentAbove(close ?? null, on.close ?? null);
        }),
      ]),
    ),
  };
}

/**
 * The premiums of a pair over a window that ends now: from the store, then live.
 * @param length ms
 * @param premium the newest
 * @param ready whether it is known which exchanges record the pair
 */
export function usePremiumCourse(
  pair: Pair,
  against: Exchange,
  length: number,
  premium: Premium | null,
  ready: boolean,
): PremiumCourse | null {
  const course = useRef<PremiumCourse | null>(null);
  const newest = useRef(premium);
  newest.current = premium;
  const [version] = useState(() => signal(0));
  const connected = connectionCount.value;
  useEffect(() => {
    if (connected === 0 || !ready) return;
    let left = false;
    const draw = (): void => {
      version.value++;
    };
    const load = async (): Promise<void> => {
      try {
        const loaded = await loadCourse(pair, against, length);
        if (left) return;
        course.current = loaded;
        withNextFrame(draw);
      } catch {
        // The lines then start with live data.
        course.current ??= { times: [], values: new Map() };
      }
    };
    const add = (): void => {
      const now = newest.current;
      const { times, values } = course.current ?? { times: null, values: null };
      if (times === null || now === null || now.against !== against) return;
      times.push(Math.max(serverNow() / 1000, (times.at(-1) ?? 0) + 0.001));
      for (const [exchange, line] of values) {
        const price = now.prices.find((each) => each.exchange === exchange);
        line.push(price?.percent == null || price.stale ? null : forPixels(price.percent));
      }
      withNextFrame(draw);
    };
    course.current = null;
    draw();
    void load();
    const adding = setInterval(add, Math.max(LIVE_STEP, length / STEPS / 5));
    const loading = setInterval(() => void load(), length / 12);
    return () => {
      left = true;
      clearInterval(adding);
      clearInterval(loading);
    };
  }, [pair.symbol, pair.currency, against, length, ready, connected]);
  void version.value;
  return course.current;
}
