import type { BookEvent } from '../bus.js';
import { type Market, marketKey } from '../market/market.js';
import type { LaneItem, LastBook } from './market-lane.js';
import { type BookMessage, contentHash, sideTexts } from './messages.js';

/** Dropped places are given back when there are so many, and as many as kept ones. */
const GIVE_BACK = 4_096;

/** What was received of an exchange in the last while, oldest first. */
export class KeptItems {
  readonly #keepMs: number;
  #items: LaneItem[] = [];
  #markets: Market[] = [];
  /** Index of the oldest that is kept. */
  #kept = 0;
  #from: number;
  #pruned = false;

  /** @param keepMs how long, ms @param now since when, Unix ms */
  constructor(keepMs: number, now: number) {
    this.#keepMs = keepMs;
    this.#from = now;
  }

  /** Since when it has all that was received, Unix ms. */
  get from(): number {
    return this.#from;
  }

  /** Whether anything is no longer kept. */
  get pruned(): boolean {
    return this.#pruned;
  }

  /** Adds the newest thing, and drops what is too old beside it. */
  add(market: Market, item: LaneItem): void {
    this.#items.push(item);
    this.#markets.push(market);
    const since = item.receivedAt - this.#keepMs;
    while (this.#kept < this.#items.length && this.#items[this.#kept]!.receivedAt < since) {
      this.#from = this.#items[this.#kept]!.receivedAt;
      this.#pruned = true;
      this.#kept++;
    }
    if (this.#kept > GIVE_BACK && this.#kept > this.#items.length / 2) {
      this.#items = this.#items.slice(this.#kept);
      this.#markets = this.#markets.slice(this.#kept);
      this.#kept = 0;
    }
  }

  /** All that is kept, each with its index, which holds until the next {@link add}. */
  *entries(): Generator<readonly [index: number, market: Market, item: LaneItem]> {
    for (let i = this.#kept; i < this.#items.length; i++)
      yield [i, this.#markets[i]!, this.#items[i]!];
  }

  /** What is kept at an index, if anything. */
  at(index: number): LaneItem | undefined {
    return this.#items[index];
  }

  /** Index of the first book of each market that the log lacks, by what it ends with; Infinity = it has all. */
  firstMissing(books: ReadonlyMap<string, LastBook>): Map<string, number> {
    const places = new Map<string, { index: number; event: BookEvent }[]>();
    for (const [index, market, item] of this.entries()) {
      if (item.kind !== 'book') continue;
      const key = marketKey(market);
      const known = places.get(key);
      if (known === undefined) places.set(key, [{ index, event: item.event }]);
      else known.push({ index, event: item.event });
    }
    const first = new Map<string, number>();
    for (const [key, kept] of places) {
      const last = books.get(key);
      const events = kept.map(({ event }) => event);
      const next = last === undefined ? 0 : firstAfter(events, last.message);
      first.set(key, kept[next]?.index ?? Infinity);
    }
    return first;
  }

  /** Drops all. */
  clear(): void {
    this.#items = [];
    this.#markets = [];
    this.#kept = 0;
  }
}

/**
 * Index of the first of the books of a market, oldest first, that is newer than `last`. By the
 * exchange's time; of those that have the same, or none, by where `last` itself is among them, and
 * where it is not, by the time of receipt, which may be another machine's.
 */
export function firstAfter(events: readonly BookEvent[], last: BookMessage): number {
  const contents = contentHash(last);
  let same = -1;
  for (const [i, { book }] of events.entries()) {
    const { exchangeTimestamp: e, timestamp } = book;
    if (e !== null && last.e !== null && e !== last.e) continue;
    if (contentHash(sideTexts(book)) !== contents) continue;
    // A book may come back to what it was: it is the one that was received at the same time.
    const distance = Math.abs(timestamp - last.t);
    if (same < 0 || distance <= Math.abs(events[same]!.book.timestamp - last.t)) same = i;
  }
  if (same >= 0) return same + 1;
  const later = events.findIndex(({ book: { exchangeTimestamp: e, timestamp } }) =>
    e === null || last.e === null ? timestamp > last.t : e > last.e,
  );
  return later < 0 ? events.length : later;
}
