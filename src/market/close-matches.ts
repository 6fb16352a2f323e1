import { editDistance } from './edit-distance.js';
import { type Pair, pairText } from './market.js';

/**
 * Listed pairs that `asked` may have meant, nearest first: the same symbol in another currency, the
 * parts swapped, or a symbol at most two edits away.
 */
export function closeMatches(asked: Pair, listed: readonly Pair[], most = 3): string[] {
  return listed
    .map((pair) => ({ pair, distance: distance(asked, pair) }))
    .filter(({ distance }) => distance <= Math.min(2, asked.symbol.length - 1))
    .sort((a, b) => a.distance - b.distance || (pairText(a.pair) < pairText(b.pair) ? -1 : 1))
    .slice(0, most)
    .map(({ pair }) => pairText(pair));
}

function distance(asked: Pair, pair: Pair): number {
  if (
    asked.symbol === pair.symbol ||
    (asked.symbol === pair.currency && asked.currency === pair.symbol)
  ) {
    return 0;
  }
  return editDistance(asked.symbol, pair.symbol) + (asked.currency === pair.currency ? 0 : 1);
}
