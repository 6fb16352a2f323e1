import { BookLevel, StillBook, type Book, type BookChanges, type BookSpec } from '../book/book.js';
import { SyntheticBook } from '../book/synthetic-book.js';

/**
 * Precomputed states of a {@link SyntheticBook}, walked up and down, which costs next to nothing;
 * their frames are kept, see {@link StillBook.frame}.
 */
export class RingBook implements Book {
  readonly #spec: BookSpec;
  readonly #seed: number;
  readonly #length: number;
  #dust: number;
  #states: StillBook[] = [];
  /** Changes from each state to the next, and back again. */
  #steps: { readonly up: BookChanges; readonly down: BookChanges }[] = [];
  #index = 0;
  #up = true;
  /** Levels set by hand, until the next step. */
  #set: StillBook | null = null;

  /** @param length number of states, at least 2 */
  constructor(spec: BookSpec, seed: number, length: number) {
    if (length < 2) throw new Error('a ring has two states or more');
    this.#spec = spec;
    this.#seed = seed;
    this.#length = length;
    this.#dust = spec.dust ?? 0;
    this.#build();
  }

  get asks(): readonly BookLevel[] {
    return this.still().asks;
  }

  get bids(): readonly BookLevel[] {
    return this.still().bids;
  }

  get dust(): number {
    return this.#dust;
  }

  /** Different dust gives a different ring, from the same seed. */
  set dust(share: number) {
    if (share === this.#dust) return;
    this.#dust = share;
    this.#build();
  }

  /** Levels that a step changes, on average. */
  get changesPerStep(): number {
    const changes = this.#steps.reduce((sum, { up }) => sum + up.asks.length + up.bids.length, 0);
    return changes / this.#steps.length;
  }

  still(): StillBook {
    return this.#set ?? this.#states[this.#index]!;
  }

  step(): BookChanges {
    const set = this.#set;
    this.#set = null;
    if (this.#index === this.#states.length - 1) this.#up = false;
    else if (this.#index === 0) this.#up = true;
    const changes = this.#up ? this.#steps[this.#index]!.up : this.#steps[this.#index - 1]!.down;
    this.#index += this.#up ? 1 : -1;
    if (set === null) return changes;
    const back = difference(set, this.still());
    // The levels set by hand may happen to be those of this state.
    return back.asks.length + back.bids.length === 0 ? this.step() : back;
  }

  set(asks: readonly BookLevel[], bids: readonly BookLevel[]): BookChanges {
    const before = this.still();
    this.#set = new StillBook([...asks], [...bids]);
    return difference(before, this.#set);
  }

  #build(): void {
    const book = new SyntheticBook({ ...this.#spec, dust: this.#dust }, this.#seed);
    this.#states = [book.still()];
    this.#steps = [];
    this.#index = 0;
    while (this.#states.length < this.#length) {
      const before = book.still();
      const up = book.step();
      const after = book.still();
      this.#states.push(after);
      this.#steps.push({ up, down: difference(after, before) });
    }
  }
}

/** The changes from one book to another; levels that are the same object in both are equal. */
function difference(from: StillBook, to: StillBook): BookChanges {
  return {
    asks: sideDifference(from.asks, to.asks, 1n),
    bids: sideDifference(from.bids, to.bids, -1n),
  };
}

function sideDifference(
  from: readonly BookLevel[],
  to: readonly BookLevel[],
  direction: bigint,
): BookLevel[] {
  const old = new Map(from.map((level) => [level.price, level]));
  const changes: BookLevel[] = [];
  for (const level of to) {
    const before = old.get(level.price);
    old.delete(level.price);
    if (before?.volume !== level.volume) changes.push(level);
  }
  for (const price of old.keys()) changes.push(new BookLevel(price, 0n));
  return changes.sort((a, b) => Number((a.price - b.price) * direction));
}
