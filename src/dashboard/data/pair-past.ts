import { SeriesPastDocument } from '../gql/graphql.js';
import { type PairFeed, TRACK_LENGTH } from './books.js';
import { ask } from './connection.js';
import { exchangeOrder } from './exchanges.js';
import { keyOf, markets } from './markets.js';
import { serverNow } from './paint.js';
import type { Pair } from './pair.js';
import { BAR_MS, type Tape } from './tape.js';
import { tradedIn } from './trade-bars.js';

/** A trade is in the store at most this long after it happened, ms. */
const STORED_AFTER = 1_000;

/**
 * Puts the store's data of the last minutes before the lines, the bars and the trades of the tape:
 * now, and again once it has every trade from before the trade stream was up.
 * @returns stops it
 */
export function loadPairPast(feed: PairFeed, tape: Tape, pair: Pair): () => void {
  const load = (): void => {
    void tape.loadPast(pair);
    void loadLines(feed, tape, pair);
  };
  load();
  const again = setTimeout(load, tape.liveFrom + STORED_AFTER - serverNow());
  return () => clearTimeout(again);
}

/** The lines and the bars. */
async function loadLines(feed: PairFeed, tape: Tape, pair: Pair): Promise<void> {
  const to = Math.min(Math.floor(serverNow() / BAR_MS) * BAR_MS, tape.liveFrom);
  const window = { from: to - TRACK_LENGTH, to, step: BAR_MS };
  const all = await Promise.all(
    exchangeOrder.peek().map(async (exchange) => {
      if (markets.get(keyOf({ exchange, ...pair }))?.state == null) return [];
      try {
        const { series } = await ask(SeriesPastDocument, { exchange, ...pair, ...window });
        feed.prepend(
          exchange,
          series.map(({ time, close }) => ({
            at: Date.parse(time) + BAR_MS,
            price: close ?? null,
          })),
        );
        return series;
      } catch {
        // The lines then start with live data.
        return [];
      }
    }),
  );
  tape.setPast(tradedIn(all, 0, BAR_MS));
}
