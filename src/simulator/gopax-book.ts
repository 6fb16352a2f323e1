/**
 * GOPAX's form of a book: levels with an entry id, and the state that one client must hold after
 * what was sent to it. Fields and rules: `gopax.book.rules`.
 */
import { plainText } from './number-text.js';
import type { BookLevel } from './book-level.js';

/** A side of a book. */
export type Side = 'asks' | 'bids';

/** One level as it is on the wire; volume `0n`: the level is gone. */
export interface Entry {
  /** Number of the change, from the one counter of the whole exchange. */
  readonly entryId: number;
  /** When the level was changed, Unix ms (on the wire: seconds with a fraction). */
  readonly updatedAt: number;
  readonly level: BookLevel;
  /** The entry as a JSON object. */
  readonly text: string;
}

/** Levels that one message carries. */
export interface Delta {
  readonly asks: readonly Entry[];
  readonly bids: readonly Entry[];
  /** The whole `OrderBookEvent` frame. */
  readonly text: string;
}

/** JavaScript's spelling of a number: plain from 0.000001 on, `1e-8` or `8.5e-7` below it. */
export function jsNumberText(units: bigint): string {
  if (units === 0n || units >= 100n) return plainText(units);
  const exponent = units >= 10n ? 7 : 8;
  const [first, second = '0'] = units.toString();
  return `${first}${second === '0' ? '' : `.${second}`}e-${exponent}`;
}

/** Unix ms as seconds with a fraction, trailing zeros dropped: `1790138983.5`. */
export function secondsText(ms: number): string {
  const text = `${ms}`;
  const fraction = text.slice(-3).replace(/0+$/, '');
  return fraction === '' ? text.slice(0, -3) : `${text.slice(0, -3)}.${fraction}`;
}

/** An entry with its text. */
export function makeEntry(entryId: number, updatedAt: number, level: BookLevel): Entry {
  const price = jsNumberText(level.price);
  const volume = jsNumberText(level.volume);
  const text =
    `{"entryId":${entryId},"price":${price},"volume":${volume},` +
    `"updatedAt":${secondsText(updatedAt)}}`;
  return { entryId, updatedAt, level, text };
}

/** A delta with its frame; `i` is -1 in every push, both arrays are always there. */
export function makeDelta(pair: string, asks: readonly Entry[], bids: readonly Entry[]): Delta {
  const list = (entries: readonly Entry[]): string => entries.map(({ text }) => text).join(',');
  const text =
    `{"i":-1,"n":"OrderBookEvent","o":{"ask":[${list(asks)}],"bid":[${list(bids)}],` +
    `"tradingPairName":"${pair}"}}`;
  return { asks, bids, text };
}

/** The newest `updatedAt` of a delta, Unix ms. */
export function newestUpdate(delta: Delta): number {
  return Math.max(...[...delta.asks, ...delta.bids].map(({ updatedAt }) => updatedAt));
}

/**
 * The book that a correct client holds, from what was really sent to it. Where `gopax.book.rules`
 * forgets a removed level, this one remembers it: an older entry that comes after the removal does
 * not bring the level back, because updates are ordered by `(updatedAt, entryId)`.
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
