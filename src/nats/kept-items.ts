import type { BookEvent } from '../bus.js';
import { type Market, marketKey } from '../market/market.js';
import type { BookItem, TradeItem } from './lane-items.js';
import type { LastBook } from './market-lane.js';
import { type BookMessage, contentHash, sideTexts } from './messages.js';

/** The space of dropped items is freed once there are this many, and as many as kept ones. */
const GIVE_BACK = 4_096;

/** Of how many of a market's dropped books the times are remembered. */
const REMEMBERED = 16;

/** Two nodes receive a book within this time, ms: of one that came later, another one may have come in between. */
const APART_MS = 5_000;

type KeptItem = BookItem | TradeItem;

/** A market's books that are no longer kept. */
interface DroppedBooks {
  readonly market: Market;
  /** The newest. */
  item: BookItem;
  /** The exchange's times of some, and when they came, Unix ms; oldest first. */
  readonly times: { readonly e: number | null; readonly receivedAt: number }[];
}

/** What the log lacks of a market's books. */
export interface Missing {
  readonly market: Market;
  /** The first of them; null = none is missing. */
  readonly first: BookItem | null;
  /** Its index: -1 = it is the newest one no longer kept, Infinity = none is missing. */
  readonly from: number;
  /** When the first of those came that are no longer kept, as far as is known, Unix ms; null = there is none. */
  readonly since: number | null;
}

/** What was recently received of an exchange, oldest first, and the state of each market before that. */
export class KeptItems {
  readonly #keepMs: number;
  #items: KeptItem[] = [];
  #markets: Market[] = [];
  /** Index of the oldest kept item. */
  #kept = 0;
  /** For each market, the books and the newest trade that are no longer kept. */
  readonly #books = new Map<string, DroppedBooks>();
  readonly #trades = new Map<string, { readonly market: Market; readonly receivedAt: number }>();

  /** @param keepMs how long, ms */
  constructor(keepMs: number) {
    this.#keepMs = keepMs;
  }

  /** Markets with trades that are no longer kept, and when the newest of those came, Unix ms. */
  droppedTrades(): Iterable<{ readonly market: Market; readonly receivedAt: number }> {
    return this.#trades.values();
  }

  /** Adds the newest item and drops those that are too old. */
  add(market: Market, item: KeptItem): void {
    this.#items.push(item);
    this.#markets.push(market);
    const since = item.receivedAt - this.#keepMs;
    while (this.#kept < this.#items.length && this.#items[this.#kept]!.receivedAt < since) {
      this.#drop(this.#markets[this.#kept]!, this.#items[this.#kept]!);
      this.#kept++;
    }
    if (this.#kept > GIVE_BACK && this.#kept > this.#items.length / 2) {
      this.#items = this.#items.slice(this.#kept);
      this.#markets = this.#markets.slice(this.#kept);
      this.#kept = 0;
    }
  }

  #drop(market: Market, item: KeptItem): void {
    if (item.kind === 'book') this.#dropBook(market, item);
    else this.#trades.set(marketKey(market), { market, receivedAt: item.receivedAt });
  }

  #dropBook(market: Market, item: BookItem): void {
    const time = { e: item.event.book.exchangeTimestamp, receivedAt: item.receivedAt };
    const dropped = this.#books.get(marketKey(market));
    if (dropped === undefined) {
      this.#books.set(marketKey(market), { market, item, times: [time] });
      return;
    }
    dropped.item = item;
    dropped.times.push(time);
    if (dropped.times.length > REMEMBERED) dropped.times.shift();
  }

  /** All kept items, each with its index, which is valid until the next {@link add}. */
  *entries(): Generator<readonly [index: number, market: Market, item: KeptItem]> {
    for (let i = this.#kept; i < this.#items.length; i++)
      yield [i, this.#markets[i]!, this.#items[i]!];
  }

  /**
   * What the log lacks of each market, given the book that it ends with; markets with no book kept
   * or missing are left out.
   * @param aliveAt until when the log has everything, Unix ms; null = nothing
   */
  missing(books: ReadonlyMap<string, LastBook>, aliveAt: number | null): Map<string, Missing> {
    const known = new Map<string, { market: Market; books: { from: number; item: BookItem }[] }>();
    for (const [key, { market, item }] of this.#books)
      known.set(key, { market, books: [{ from: -1, item }] });
    for (const [from, market, item] of this.entries()) {
      if (item.kind !== 'book') continue;
      const key = marketKey(market);
      const of = known.get(key);
      if (of === undefined) known.set(key, { market, books: [{ from, item }] });
      else of.books.push({ from, item });
    }
    const missing = new Map<string, Missing>();
    for (const [key, { market, books: received }] of known) {
      const last = books.get(key);
      const events = received.map(({ item }) => item.event);
      let next = last === undefined ? 0 : firstAfter(events, last.message);
      if (next === 1 && received[0]!.from < 0 && this.#mayHaveReturned(key, last!, aliveAt))
        next = 0;
      const first = received[next];
      const kept = received.at(-1)!.from >= 0;
      if (first !== undefined) {
        const since = first.from < 0 ? this.#droppedSince(key, last) : null;
        missing.set(key, { market, first: first.item, from: first.from, since });
      } else if (kept) missing.set(key, { market, first: null, from: Infinity, since: null });
    }
    return missing;
  }

  /**
   * Whether the newest dropped book of a market, which equals the log's last one, may have come after others that the
   * log lacks: without a time of the exchange it does not show.
   */
  #mayHaveReturned(key: string, { message }: LastBook, aliveAt: number | null): boolean {
    const { item, times } = this.#books.get(key)!;
    if (message.e !== null && item.event.book.exchangeTimestamp !== null) return false;
    const since = Math.max(message.t + APART_MS, aliveAt ?? 0);
    return times.slice(0, -1).some(({ receivedAt }) => receivedAt > since);
  }

  /** When the first of a market's dropped books came that is newer than the log's last one, Unix ms. */
  #droppedSince(key: string, last: LastBook | undefined): number {
    const { item, times } = this.#books.get(key)!;
    const known = last?.message.e ?? null;
    const newer = times.find(({ e, receivedAt }) =>
      known !== null && e !== null ? e > known : receivedAt > (last?.message.t ?? 0) + APART_MS,
    );
    return newer?.receivedAt ?? item.receivedAt;
  }

  /** Drops everything. */
  clear(): void {
    this.#items = [];
    this.#markets = [];
    this.#kept = 0;
    this.#books.clear();
    this.#trades.clear();
  }
}

/**
 * Index of the first of a market's books, oldest first, that is newer than `last`: by the
 * exchange's time; among those with the same time or none, by the position of `last` itself. If it is not among
 * them, it came before those of its time, and among books without one the time of receipt counts, which may be
 * another machine's.
 */
export function firstAfter(events: readonly BookEvent[], last: BookMessage): number {
  const contents = contentHash(last);
  let same = -1;
  for (const [i, { book }] of events.entries()) {
    const { exchangeTimestamp: e, timestamp } = book;
    if (e !== null && last.e !== null && e !== last.e) continue;
    if (contentHash(sideTexts(book)) !== contents) continue;
    // A book may return to an earlier state: the one received at the same time is meant.
    const distance = Math.abs(timestamp - last.t);
    if (same < 0 || distance <= Math.abs(events[same]!.book.timestamp - last.t)) same = i;
  }
  if (same >= 0) {
    const timed = last.e !== null && events[same]!.book.exchangeTimestamp !== null;
    const between = events.findIndex(
      ({ book }) => book.timestamp > last.t + APART_MS && contentHash(sideTexts(book)) !== contents,
    );
    return timed || between < 0 || between > same ? same + 1 : between;
  }
  const later = events.findIndex(({ book: { exchangeTimestamp: e, timestamp } }) =>
    e === null || last.e === null ? timestamp > last.t : e >= last.e,
  );
  return later < 0 ? events.length : later;
}
