import type { BookSource } from '../book-source.js';
import type { RebuiltBook } from '../rebuild.js';
import { Validity } from '../validity.js';

/** When books are sampled, all Unix ms. */
export interface SampleGrid {
  /** The first step; absent = the first whole multiple of `every` from the first book on. */
  readonly from: number | undefined;
  /** Only steps before this time. */
  readonly to: number | undefined;
  /** Interval between steps, ms. */
  readonly every: number;
}

/** Writes the book that a market had at a step; null where it had none. */
export type StepWriter = (step: number, marketId: number, book: RebuiltBook | null) => void;

/** A market's newest book and the moments for which it holds. */
interface Sampled {
  book: RebuiltBook | null;
  readonly validity: Validity;
  /** Whether it was recorded in the window, as far as is known. */
  shown: boolean;
}

/**
 * The last book of each market at or before each step, none where the market was not covered. Books
 * are added in order of sequence; a step is emitted once a later book has come.
 */
export class Sampler {
  readonly #grid: SampleGrid;
  readonly #markets = new Map<number, Sampled>();
  readonly #write: StepWriter;
  #next: number | null;

  private constructor(grid: SampleGrid, write: StepWriter) {
    this.#grid = grid;
    this.#write = write;
    this.#next = grid.from ?? null;
  }

  /** A sampler with the books in effect at the first step. */
  static async begin(source: BookSource, grid: SampleGrid, write: StepWriter): Promise<Sampler> {
    const sampler = new Sampler(grid, write);
    for (const id of source.markets.keys()) {
      const breaks = await source.breaks(id, grid);
      const book = grid.from === undefined ? null : await source.bookAt(id, grid.from);
      // Most exchanges list far more markets than are recorded.
      const shown = book !== null || breaks.spans.length + breaks.gaps.length > 0;
      sampler.#markets.set(id, { book, validity: new Validity(breaks), shown });
    }
    return sampler;
  }

  /** Emits the steps before `time`, market by market; yields after each step. */
  *before(time: number): Generator<void> {
    const { every, to = Infinity } = this.#grid;
    this.#next ??= Math.ceil(time / every) * every;
    const end = Math.min(time, to);
    for (; this.#next < end; this.#next += every) {
      for (const [id, { book, validity, shown }] of this.#markets) {
        if (!shown) continue;
        const holds = book !== null && validity.holds(this.#next, book.timestamp);
        this.#write(this.#next, id, holds ? book : null);
      }
      yield;
    }
  }

  /** Adds a book. */
  put(marketId: number, book: RebuiltBook): void {
    const sampled = this.#markets.get(marketId);
    if (sampled === undefined) return;
    sampled.book = book;
    sampled.shown = true;
  }

  /** Emits the remaining steps: to the end of the window, otherwise up to the newest book. */
  *rest(): Generator<void> {
    let newest = -Infinity;
    for (const { book } of this.#markets.values()) {
      newest = Math.max(newest, book?.timestamp ?? -Infinity);
    }
    const { to = newest + 1 } = this.#grid;
    // The future has no books yet.
    if (this.#next !== null) yield* this.before(Math.min(to, Date.now() + 1));
  }
}
