import type { Gap } from '../market/gap.js';
import { sameWord, type TradeLoss, type TradeSpan } from '../market/trade-span.js';
import type { LaneItem, WordItem } from './lane-items.js';

/** Statements about a market's trades that may wait after its last one; beyond that they become one gap. */
const MAX_SPANS = 16;
/** Why nothing better is stated about the trades of a time. */
const NO_ROOM = 'the bus was away, and what was known of the trades of that time found no room';

/**
 * The outcome for a statement; `doubted`: a time about which its collectors believe to have stated
 * something else.
 */
interface Absorbed {
  readonly doubted: Omit<TradeLoss, 'market'> | null;
}

/**
 * Merges a newer statement about a market into one that waits, unless something that must come first
 * waits between them: while the bus is down, what waits grows with the markets, not with time.
 * @returns null where it must wait itself
 */
export function absorb(waiting: readonly LaneItem[], word: WordItem): Absorbed | null {
  if (word.kind === 'gap') return absorbGap(waiting, word);
  return word.kind === 'span' ? absorbSpan(waiting, word) : null;
}

/** A gap that changes or ends. Its place among the books matters: they show what is before and what after it. */
function absorbGap(waiting: readonly LaneItem[], word: WordItem): Absorbed | null {
  const { start } = word.message as Gap;
  for (const item of newestFirst(waiting, 'gap', 'book')) {
    if ((item.message as Gap).start !== start) continue;
    item.message = word.message;
    return { doubted: null };
  }
  return null;
}

/** What is known of trades. It comes after those that it is about. */
function absorbSpan(waiting: readonly LaneItem[], word: WordItem): Absorbed | null {
  const [last, ...before] = newestFirst(waiting, 'span', 'trade');
  if (last === undefined) return null;
  const [older, newer] = [last.message as TradeSpan, word.message as TradeSpan];
  const [start, end] = [Math.min(older.start, newer.start), Math.max(older.end, newer.end)];
  const touch = newer.start <= older.end && older.start <= newer.end;
  const fills = word.behind === undefined || word.behind === last.behind;
  const same = sameWord(older, newer) && older.ifUnknown === newer.ifUnknown;
  if (touch && fills && same) {
    last.message = { ...older, start, end };
    return { doubted: null };
  }
  if (before.length + 1 < MAX_SPANS) return null;
  const gap = { start, end, cause: 'BUS_FAILED', detail: NO_ROOM } as const;
  last.message = { ...gap, completeness: 'GAP', checked: false };
  // What is unchecked, its collectors check once the bus is back.
  const known = touch && !older.checked && !newer.checked;
  return { doubted: known ? null : gap };
}

/** What waits of one kind, newest first, back to the newest item of another kind. */
function* newestFirst(
  waiting: readonly LaneItem[],
  kind: WordItem['kind'],
  behind: 'book' | 'trade',
): Generator<WordItem> {
  for (let i = waiting.length - 1; i >= 0; i--) {
    const item = waiting[i]!;
    if (item.kind === behind) return;
    if (item.kind === kind) yield item;
  }
}
