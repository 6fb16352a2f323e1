import { BookCountsDocument } from '../gql/graphql.js';
import { ask } from './connection.js';
import { changed, liveFor, type MarketRow, PERIOD, SPARK_POINTS } from './markets.js';
import { serverNow, withNextFrame } from './paint.js';

/** A line that starts with earlier counts, at the usual length. */
function withPast(past: readonly number[], live: readonly number[]): number[] {
  return [...past, ...live].slice(-SPARK_POINTS);
}

/** Prepends the database's data from before the page was opened to some markets' lines. */
export async function fillSparks(lacking: readonly MarketRow[]): Promise<void> {
  const lists = lacking.map((row) => row.spark);
  for (const row of lacking) row.sparkAsked = true;
  const to = Math.round(serverNow() - liveFor());
  try {
    const { bookCounts } = await ask(BookCountsDocument, {
      markets: lacking.map(({ exchange, symbol, currency }) => ({ exchange, symbol, currency })),
      from: to - SPARK_POINTS * PERIOD,
      to,
      step: PERIOD,
    });
    lacking.forEach((row, i) => {
      // From a previous connection.
      if (row.spark !== lists[i]) return;
      row.spark = withPast(bookCounts[i]!.counts, row.spark);
    });
    withNextFrame(changed);
  } catch {
    // The lines then start with live data.
  }
}
