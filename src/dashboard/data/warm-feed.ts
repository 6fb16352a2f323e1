import { PairFeed } from './books.js';
import { type Pair, pairName } from './pair.js';

/** How long a feed that is not shown is kept, ms. */
const KEPT_MS = 15_000;

/** The one feed that is followed and not shown: of a page that may be opened, or was just left. */
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

/** Begins to follow a pair whose page may be opened next: its books are here when it is. */
export function warmFeed(pair: Pair): void {
  if (warm?.name !== pairName(pair)) keep(pair, new PairFeed(pair.symbol, pair.currency));
}

/** The feed of a pair whose page is opened. Give it back by {@link leaveFeed}. */
export function takeFeed(pair: Pair): PairFeed {
  if (warm?.name !== pairName(pair) || warm.feed.error.peek() !== null) {
    return new PairFeed(pair.symbol, pair.currency);
  }
  const { feed } = warm;
  clearTimeout(timer);
  warm = null;
  return feed;
}

/** The page of a pair is left. Its feed goes on for a while: many come back. */
export function leaveFeed(pair: Pair, feed: PairFeed): void {
  keep(pair, feed);
}
