import { BookCountsDocument } from '../gql/graphql.js';
import { ask } from './connection.js';
import { changed, liveFor, type MarketRow, PERIOD, SPARK_POINTS } from './markets.js';
import { serverNow, withNextFrame } from './paint.js';

/** A line that begins with what was counted before it, as long as lines are. */
function withPast(past: readonly number[], live: readonly number[]): number[] {
  return [...past, ...live].slice(-SPARK_POINTS);
}

/** Puts what the database has of the time before the page was opened before some markets' lines. */
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
      // Of a connection before this one.
      if (row.spark !== lists[i]) return;
      row.spark = withPast(bookCounts[i]!.counts, row.spark);
    });
    withNextFrame(changed);
  } catch {
    // The lines then begin with what comes live.
  }
}
