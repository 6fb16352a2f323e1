import { BookCountsDocument } from '../gql/graphql.js';
import { ask } from './connection.js';
import { changed, type MarketRow, PERIOD, SPARK_POINTS } from './markets.js';
import { serverNow, withNextFrame } from './paint.js';

/** Books gather for so long before they are written, ms: what is newer may be missing. */
const GATHERED = 500;

/** A line that begins with what was counted before it, as long as lines are. */
export function withPast(past: readonly number[], live: readonly number[]): number[] {
  return [...past, ...live].slice(-SPARK_POINTS);
}

/** Puts what the database has of the time before the page was opened before some markets' lines. */
export async function fillSparks(lacking: readonly MarketRow[]): Promise<void> {
  const seen = lacking.map((row) => row.spark.length);
  const lists = lacking.map((row) => row.spark);
  for (const row of lacking) row.sparkAsked = true;
  const to = Math.round(serverNow() - GATHERED);
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
      const past = bookCounts[i]!.counts;
      row.spark = withPast(past.slice(0, past.length - seen[i]!), row.spark);
    });
    withNextFrame(changed);
  } catch {
    // The lines then begin with what comes live.
  }
}
