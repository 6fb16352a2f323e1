import type { BookLevel } from '../book/book.js';

/** Both sides of a book as it went out, best first; may hold levels of zero price or volume. */
export interface SentSides {
  readonly asks: readonly BookLevel[];
  readonly bids: readonly BookLevel[];
}

/** What went out of one market, over all WebSocket clients, REST aside. */
export interface MarketTally {
  /** Book frames that went out whole. */
  readonly frames: number;
  /** Those whose book differs from the one before it on the same socket; a socket's first does. */
  readonly changed: number;
  /** The newest of the changed books; null before the first. */
  readonly last: {
    /** Canonical decimal text, without levels of zero price or volume, best first. */
    readonly asks: readonly (readonly [price: string, volume: string])[];
    readonly bids: readonly (readonly [price: string, volume: string])[];
    /** Unix ms, the `exchangeTimestamp` of schema.graphql, or null. */
    readonly exchangeTimestamp: number | null;
  } | null;
}

interface Entry {
  frames: number;
  changed: number;
  last: SentSides | null;
  exchangeTimestamp: number | null;
  /** The last book on each open socket. */
  readonly bySocket: Map<number, SentSides>;
}

/**
 * Counts the sent books and keeps the last of each market, to check a recorder digit for digit;
 * nothing is spelled before {@link markets}.
 */
export class Tally {
  readonly #entries = new Map<string, Entry>();

  /**
   * Counts a frame that went out whole.
   * @param sides the client's book after it.
   * @param changed whether it differs; default: compared, for which `sides` must stay
   */
  count(
    pair: string,
    exchangeTimestamp: number | null,
    sides: SentSides,
    connection: number,
    changed?: boolean,
  ): void {
    const entry = this.#entry(pair);
    entry.frames += 1;
    const before = entry.bySocket.get(connection);
    entry.bySocket.set(connection, sides);
    const same = changed === undefined ? before !== undefined && equal(before, sides) : !changed;
    if (same) return;
    entry.changed += 1;
    entry.last = sides;
    entry.exchangeTimestamp = exchangeTimestamp;
  }

  /** A socket is gone: the next one with its markets starts over. */
  forget(connection: number): void {
    for (const { bySocket } of this.#entries.values()) bySocket.delete(connection);
  }

  /** Frames of all markets. */
  get frames(): number {
    let sum = 0;
    for (const { frames } of this.#entries.values()) sum += frames;
    return sum;
  }

  /** Every market with a book that went out. */
  markets(): ReadonlyMap<string, MarketTally> {
    const markets = new Map<string, MarketTally>();
    for (const [pair, { frames, changed, last, exchangeTimestamp }] of this.#entries) {
      const book = last && {
        asks: texts(last.asks),
        bids: texts(last.bids),
        exchangeTimestamp,
      };
      markets.set(pair, { frames, changed, last: book });
    }
    return markets;
  }

  #entry(pair: string): Entry {
    let entry = this.#entries.get(pair);
    if (entry === undefined) {
      entry = { frames: 0, changed: 0, last: null, exchangeTimestamp: null, bySocket: new Map() };
      this.#entries.set(pair, entry);
    }
    return entry;
  }
}

function isLevel({ price, volume }: BookLevel): boolean {
  return price > 0n && volume > 0n;
}

function texts(levels: readonly BookLevel[]): (readonly [string, string])[] {
  return levels.filter(isLevel).map((level) => level.text);
}

function equal(a: SentSides, b: SentSides): boolean {
  return equalSide(a.asks, b.asks) && equalSide(a.bids, b.bids);
}

/** Whether both lists hold the same levels, those of zero price or volume aside. */
function equalSide(a: readonly BookLevel[], b: readonly BookLevel[]): boolean {
  if (a === b) return true;
  let i = 0;
  let j = 0;
  for (;;) {
    const left = a[i];
    const right = b[j];
    if (left === right) {
      if (left === undefined) return true;
      i += 1;
      j += 1;
    } else if (left !== undefined && !isLevel(left)) {
      i += 1;
    } else if (right !== undefined && !isLevel(right)) {
      j += 1;
    } else if (left?.price === right?.price && left?.volume === right?.volume) {
      i += 1;
      j += 1;
    } else {
      return false;
    }
  }
}
