import { compareDecimal } from '../market/decimal.js';
import type { Level, Side, Sides } from '../market/order-book.js';
import { decodeLevels, forEachLevel } from '../market/level-text.js';

/** Maximum changes queued before they are processed. */
const MAX_WAITING = 1_000;

const NONE: readonly Level[] = [];

/**
 * A side of which only the best level is needed. Levels are best first: for most changes the first
 * one is enough to know that the best level is unchanged. The others are processed only when it has
 * vanished.
 */
class TopSide {
  /** Best price, Decimal text; null on an empty side. */
  price: string | null = null;
  /** The best level only; none on an empty side. */
  levels: readonly Level[] = NONE;
  readonly #side: Side;
  readonly #volumes = new Map<string, string>();
  /** Texts of changes not yet in `#volumes`. */
  #waiting: string[] = [];
  readonly #take = (price: string, volume: string): void => {
    if (volume === '0') this.#volumes.delete(price);
    else this.#volumes.set(price, volume);
  };

  constructor(side: Side) {
    this.#side = side;
  }

  clear(): void {
    this.#volumes.clear();
    this.#waiting = [];
    this.#put(null, null);
  }

  /** Takes levels in stored form; those with volume `0` have vanished. */
  take(levels: string | readonly Level[]): void {
    if (typeof levels === 'string') return this.#takeText(levels);
    this.#lookAtWaiting();
    for (const [price, volume] of levels) this.#take(price, volume);
    this.#find();
  }

  #takeText(text: string): void {
    if (text === '[]') return;
    this.#waiting.push(text);
    const end = text.indexOf('"', 3);
    const volumeEnd = text.indexOf('"', end + 3);
    // Written by another program: use whatever it says.
    if (!text.startsWith('[["') || !text.startsWith('","', end) || volumeEnd < 0) {
      return this.#find();
    }
    const price = text.slice(3, end);
    const better = this.price === null || this.#before(price, this.price);
    if (better || price === this.price) {
      const volume = text.slice(end + 3, volumeEnd);
      if (volume === '0') return this.#find();
      this.#put(price, volume);
    }
    if (this.#waiting.length > MAX_WAITING) this.#lookAtWaiting();
  }

  #lookAtWaiting(): void {
    for (const text of this.#waiting) {
      if (!forEachLevel(text, this.#take)) {
        for (const [price, volume] of decodeLevels(text)) this.#take(price, volume);
      }
    }
    this.#waiting = [];
  }

  /** Finds the best level among all. */
  #find(): void {
    this.#lookAtWaiting();
    let best: string | null = null;
    for (const price of this.#volumes.keys()) {
      if (best === null || this.#before(price, best)) best = price;
    }
    this.#put(best, best === null ? null : this.#volumes.get(best)!);
  }

  #put(price: string | null, volume: string | null): void {
    this.price = price;
    this.levels = price === null ? NONE : [[price, volume!]];
  }

  #before(a: string, b: string): boolean {
    return this.#side === 'ask' ? compareDecimal(a, b) < 0 : compareDecimal(a, b) > 0;
  }
}

/** The best levels over many changes, far faster than by rebuilding each whole book. */
export class TopOfBook {
  readonly ask = new TopSide('ask');
  readonly bid = new TopSide('bid');

  /** Sets a whole book, in stored form or parsed. */
  set({ asks, bids }: Sides | { readonly asks: string; readonly bids: string }): void {
    this.ask.clear();
    this.bid.clear();
    this.change({ asks, bids } as Sides);
  }

  /** Applies changed levels. */
  change({ asks, bids }: Sides | { readonly asks: string; readonly bids: string }): void {
    this.ask.take(asks);
    this.bid.take(bids);
  }
}
