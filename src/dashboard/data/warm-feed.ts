import { PairFeed } from './books.js';
import { type Pair, pairName } from './pair.js';

/** How long a hidden feed is kept, ms. */
const KEPT_MS = 15_000;

/** The one feed followed but not shown: of a page that may be opened, or was just left. */
let warm: { readonly name: string; readonly feed: PairFeed } | null = null;
let timer: ReturnType<typeof setTimeout> | undefined;

function keep(pair: Pair, feed: PairFeed): void {
  drop();
  warm = { name: pairName(pair), feed };
  timer = setTimeout(drop, KEPT_MS);
}

function drop(): void {
  clearTimeout(timer);
  warm?.feed.close();
  warm = null;
}

/** Starts following a pair whose page may be opened next, so that its books are already there. */
export function warmFeed(pair: Pair): void {
  if (warm?.name !== pairName(pair)) keep(pair, new PairFeed(pair.symbol, pair.currency));
}

/** The feed of a pair whose page is opened. Return it with {@link leaveFeed}. */
export function takeFeed(pair: Pair): PairFeed {
  if (warm?.name !== pairName(pair) || warm.feed.error.peek() !== null) {
    return new PairFeed(pair.symbol, pair.currency);
  }
  const { feed } = warm;
  clearTimeout(timer);
  warm = null;
  return feed;
}

/** The page of a pair is left. Its feed continues for a while: many users come back. */
export function leaveFeed(pair: Pair, feed: PairFeed): void {
  keep(pair, feed);
}
