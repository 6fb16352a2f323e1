import { BookLevel, StillBook, type Book, type BookChanges, type BookSpec } from './book.js';
import { Random } from '../random.js';

type Side = 'asks' | 'bids';

/** Changes fall into the first levels, so that every exchange's wire depth shows at least one. */
const ACTIVE_LEVELS = 12;

/**
 * A book that evolves by itself from one seed: each {@link step} changes levels or moves the best
 * prices, never crosses them, and changes something within the first {@link ACTIVE_LEVELS}.
 */
export class SyntheticBook implements Book {
  readonly spec: BookSpec;
  dust: number;
  #random: Random;
  #asks: BookLevel[] = [];
  #bids: BookLevel[] = [];
  #still: StillBook | undefined;
  /** Levels before the step in progress, by price; undefined: there was none. */
  #touched = {
    asks: new Map<bigint, BookLevel | undefined>(),
    bids: new Map<bigint, BookLevel | undefined>(),
  };

  constructor(spec: BookSpec, seed: number) {
    this.spec = spec;
    this.dust = spec.dust ?? 0;
    this.#random = new Random(seed);
    const spread = BigInt(spec.spread ?? 1);
    const middle = spec.price / spec.tick;
    this.#asks.push(new BookLevel((middle + (spread + 1n) / 2n) * spec.tick, this.#volume()));
    this.#bids.push(new BookLevel(this.#asks[0]!.price - spread * spec.tick, this.#volume()));
    if (this.#bids[0]!.price <= 0n) throw new Error('the price is too small for this spread');
    this.#refill('asks');
    this.#refill('bids');
    this.#forgetTouched();
  }

  get asks(): readonly BookLevel[] {
    return this.#asks;
  }

  get bids(): readonly BookLevel[] {
    return this.#bids;
  }

  still(): StillBook {
    return (this.#still ??= new StillBook([...this.#asks], [...this.#bids]));
  }

  step(): BookChanges {
    this.#normalise();
    for (;;) {
      const count = this.#random.int(2, 3);
      for (let i = 0; i < count; i++) this.#changeOne();
      this.#refill('asks');
      this.#refill('bids');
      if (this.#visiblyChanged()) return this.#takeChanges();
    }
  }

  set(asks: readonly BookLevel[], bids: readonly BookLevel[]): BookChanges {
    this.#replace('asks', asks);
    this.#replace('bids', bids);
    return this.#takeChanges();
  }

  #replace(side: Side, levels: readonly BookLevel[]): void {
    const old = this.#levels(side);
    for (const level of [...old, ...levels]) this.#touch(side, level.price, old);
    if (side === 'asks') this.#asks = [...levels];
    else this.#bids = [...levels];
  }

  #levels(side: Side): BookLevel[] {
    return side === 'asks' ? this.#asks : this.#bids;
  }

  /** Remembers what stood at a price before this step; called before each change. */
  #touch(side: Side, price: bigint, levels = this.#levels(side)): void {
    if (this.#touched[side].has(price)) return;
    const before = levels.find((level) => level.price === price);
    this.#remember(side, price, before);
  }

  #remember(side: Side, price: bigint, before: BookLevel | undefined): void {
    this.#still = undefined;
    const touched = this.#touched[side];
    if (!touched.has(price)) touched.set(price, before);
  }

  #takeChanges(): BookChanges {
    const changes = { asks: this.#sideChanges('asks'), bids: this.#sideChanges('bids') };
    this.#forgetTouched();
    return changes;
  }

  #forgetTouched(): void {
    this.#touched.asks.clear();
    this.#touched.bids.clear();
  }

  #sideChanges(side: Side): BookLevel[] {
    const changes: BookLevel[] = [];
    const touched = this.#touched[side];
    if (touched.size === 0) return changes;
    const now = new Map<bigint, BookLevel>();
    for (const level of this.#levels(side))
      if (touched.has(level.price)) now.set(level.price, level);
    for (const [price, before] of touched) {
      const level = now.get(price);
      if (level?.volume === before?.volume) continue;
      changes.push(level ?? new BookLevel(price, 0n));
    }
    return changes.sort((a, b) => this.#rank(side, a.price, b.price));
  }

  /** Whether a level at the top differs as an exchange that cuts to `volumeUnit` shows it. */
  #visiblyChanged(): boolean {
    const unit = this.spec.volumeUnit;
    for (const side of ['asks', 'bids'] as const) {
      const levels = this.#levels(side);
      const last = levels[Math.min(ACTIVE_LEVELS, levels.length) - 1];
      for (const change of this.#sideChanges(side)) {
        if (last !== undefined && this.#rank(side, change.price, last.price) > 0) continue;
        const before = this.#touched[side].get(change.price);
        if (before === undefined || change.volume === 0n) return true;
        if (before.volume / unit !== change.volume / unit) return true;
      }
    }
    return false;
  }

  #rank(side: Side, a: bigint, b: bigint): number {
    if (a === b) return 0;
    return a < b === (side === 'asks') ? -1 : 1;
  }

  /** After a book set by hand: sorted, without zero or duplicate levels, not crossed. */
  #normalise(): void {
    for (const side of ['asks', 'bids'] as const) {
      const levels = this.#levels(side);
      const broken = levels.some(
        (level, i) =>
          level.price <= 0n ||
          level.volume <= 0n ||
          (i > 0 && this.#rank(side, levels[i - 1]!.price, level.price) >= 0),
      );
      if (!broken) continue;
      const seen = new Set<bigint>();
      const good = levels.filter((level) => {
        if (level.price <= 0n || level.volume <= 0n || seen.has(level.price)) return false;
        seen.add(level.price);
        return true;
      });
      this.#replace(
        side,
        good.sort((a, b) => this.#rank(side, a.price, b.price)),
      );
    }
    while (
      this.#asks.length > 0 &&
      this.#bids.length > 0 &&
      this.#bids[0]!.price >= this.#asks[0]!.price
    ) {
      this.#removeAt(this.#asks.length > this.#bids.length ? 'asks' : 'bids', 0);
    }
    if (this.#asks.length === 0 && this.#bids.length === 0)
      this.#put('asks', this.spec.price, this.#volume());
    if (this.#asks.length === 0)
      this.#put('asks', this.#bids[0]!.price + this.spec.tick, this.#volume());
    if (this.#bids.length === 0 && this.#asks[0]!.price > this.spec.tick) {
      this.#put('bids', this.#asks[0]!.price - this.spec.tick, this.#volume());
    }
  }

  #changeOne(): void {
    const side: Side = this.#random.chance(0.5) ? 'asks' : 'bids';
    const levels = this.#levels(side);
    const kind = this.#random.next();
    if (levels.length === 0) return;
    const index = this.#random.int(0, Math.min(ACTIVE_LEVELS, levels.length) - 1);
    if (kind < 0.72) {
      this.#put(side, levels[index]!.price, this.#volume());
    } else if (kind < 0.82) {
      if (levels.length > 1) this.#removeAt(side, index);
    } else if (kind < 0.92) {
      this.#addBehind(side, index);
    } else {
      this.#moveTouch();
    }
  }

  /** A new level in a hole behind the level at `index`, if there is one. */
  #addBehind(side: Side, index: number): void {
    const levels = this.#levels(side);
    const here = levels[index]!.price;
    const next = levels[index + 1]?.price;
    const price = side === 'asks' ? here + this.spec.tick : here - this.spec.tick;
    if (price <= 0n || price === next) return;
    this.#put(side, price, this.#volume());
  }

  /** One side steps into the spread, or loses its best level and the other side follows. */
  #moveTouch(): void {
    const { tick, price } = this.spec;
    const ask = this.#asks[0];
    const bid = this.#bids[0];
    if (ask === undefined || bid === undefined) return;
    const spread = ask.price - bid.price;
    // Pulled back towards its first price, so that a recording that runs for days stays plausible.
    const above = (ask.price + bid.price) / 2n - price;
    const far = (above < 0n ? -above : above) * 25n > price;
    const up = far ? above < 0n : this.#random.chance(0.5);
    const ticks = Number(spread / tick);
    const wide = ticks > 2 * Math.max(this.spec.spread ?? 1, this.spec.maxGap ?? 3);
    if (wide || (ticks > 1 && this.#random.chance(0.6))) {
      const inward = BigInt(wide ? this.#random.int(1, Math.floor(ticks / 2)) : 1) * tick;
      if (up) this.#put('bids', bid.price + inward, this.#volume());
      else this.#put('asks', ask.price - inward, this.#volume());
      return;
    }
    const loser: Side = up ? 'asks' : 'bids';
    const other: Side = up ? 'bids' : 'asks';
    if (this.#levels(loser).length < 2) return;
    this.#removeAt(loser, 0);
    if (this.#random.chance(0.7)) this.#put(other, up ? ask.price : bid.price, this.#volume());
  }

  /** Sets the level at a price, in order. */
  #put(side: Side, price: bigint, volume: bigint): void {
    const levels = this.#levels(side);
    this.#touch(side, price);
    let low = 0;
    let high = levels.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#rank(side, levels[middle]!.price, price) < 0) low = middle + 1;
      else high = middle;
    }
    const found = levels[low]?.price === price;
    levels.splice(low, found ? 1 : 0, new BookLevel(price, volume));
  }

  #removeAt(side: Side, index: number): void {
    this.#touch(side, this.#levels(side)[index]!.price);
    this.#levels(side).splice(index, 1);
  }

  /** Restores a side's number of levels, at the far end. */
  #refill(side: Side): void {
    const { tick, depth, bidDepth, maxGap } = this.spec;
    const wanted = side === 'bids' ? (bidDepth ?? depth) : depth;
    const levels = this.#levels(side);
    while (levels.length > wanted) this.#removeAt(side, levels.length - 1);
    while (levels.length < wanted && levels.length > 0) {
      const gap = BigInt(this.#random.int(1, maxGap ?? 3)) * tick;
      const last = levels[levels.length - 1]!.price;
      const price = side === 'asks' ? last + gap : last - gap;
      if (price <= 0n) return;
      // Nothing stands beyond the last level.
      this.#remember(side, price, undefined);
      levels.push(new BookLevel(price, this.#volume()));
    }
  }

  /** A random volume; often with all its decimals, at times round, as resting orders are. */
  #volume(): bigint {
    const { volumeUnit, typicalVolume } = this.spec;
    if (this.dust > 0 && volumeUnit > 1n && this.#random.chance(this.dust)) {
      return BigInt(this.#random.int(1, Number(volumeUnit) - 1));
    }
    const share = BigInt(this.#random.int(1, 20)) * BigInt(this.#random.int(1, 20));
    let volume = (typicalVolume * share) / 100n + BigInt(this.#random.int(0, 99_999));
    if (this.#random.chance(0.4)) {
      // Many orders are round numbers: three significant digits at most.
      const round = 10n ** BigInt(Math.max(0, volume.toString().length - 3));
      volume -= volume % round;
    }
    volume -= volume % volumeUnit;
    return volume > 0n ? volume : volumeUnit;
  }
}
