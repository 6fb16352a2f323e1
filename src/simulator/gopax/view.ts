import type { BookLevel } from '../book/book.js';
import type { Delta, Entry, Side } from './frames.js';

/**
 * The book that a correct client holds, given what was really sent to it. Where `gopax.book.rules`
 * forgets a removed level, this remembers it: an older entry that comes after the removal does not
 * bring the level back, because updates are ordered by `(updatedAt, entryId)`.
 */
export class GopaxView {
  readonly #maxEntryId: number;
  readonly #known = { asks: new Map<bigint, Entry>(), bids: new Map<bigint, Entry>() };
  readonly #levels: Record<Side, BookLevel[]>;

  /** Starts with a snapshot, whose entries are best first. */
  constructor(asks: readonly Entry[], bids: readonly Entry[], maxEntryId: number) {
    this.#maxEntryId = maxEntryId;
    for (const entry of asks) this.#known.asks.set(entry.level.price, entry);
    for (const entry of bids) this.#known.bids.set(entry.level.price, entry);
    this.#levels = { asks: asks.map(({ level }) => level), bids: bids.map(({ level }) => level) };
  }

  /** Best first. */
  get asks(): readonly BookLevel[] {
    return this.#levels.asks;
  }

  /** Best first. */
  get bids(): readonly BookLevel[] {
    return this.#levels.bids;
  }

  /** Takes a delta; false when every entry of it had to be skipped. */
  apply(delta: Delta): boolean {
    let taken = false;
    for (const side of ['asks', 'bids'] as const) {
      for (const entry of delta[side]) if (this.#take(side, entry)) taken = true;
    }
    return taken;
  }

  #take(side: Side, entry: Entry): boolean {
    const known = this.#known[side].get(entry.level.price);
    if (entry.entryId <= this.#maxEntryId) return false;
    if (known !== undefined && !isNewer(entry, known)) return false;
    this.#known[side].set(entry.level.price, entry);
    const levels = this.#levels[side];
    const index = indexOf(side, levels, entry.level.price);
    const present = levels[index]?.price === entry.level.price ? 1 : 0;
    if (entry.level.volume === 0n) levels.splice(index, present);
    else levels.splice(index, present, entry.level);
    return true;
  }
}

function isNewer(entry: Entry, known: Entry): boolean {
  if (entry.updatedAt !== known.updatedAt) return entry.updatedAt > known.updatedAt;
  return entry.entryId > known.entryId;
}

/** Where a price stands, or would stand, among levels that are best first. */
function indexOf(side: Side, levels: readonly BookLevel[], price: bigint): number {
  let low = 0;
  let high = levels.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const here = levels[middle]!.price;
    if (side === 'asks' ? here < price : here > price) low = middle + 1;
    else high = middle;
  }
  return low;
}
