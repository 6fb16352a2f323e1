import type { ArchivedBooks } from './archived-books.js';
import type { Session } from './engine/engine.js';
import { sql } from './engine/sql.js';
import type { Market } from '../market/market.js';
import type { RebuiltBook } from './rebuild.js';
import type { SequenceRange } from './timeline.js';

/**
 * The part of an archive after the end of a database restored from an older backup: what was
 * recorded between the backup and the loss exists only in the archive, although the database has
 * books before it, and soon after it.
 */
export class LostRows {
  readonly #books: ArchivedBooks;
  /** By the last sequence of an archived day: the first sequence from which the database lacks it. */
  readonly #known = new Map<number, number>();

  constructor(books: ArchivedBooks) {
    this.#books = books;
  }

  /**
   * The sequences of archived days after the last one of the day that the database has, ascending:
   * the database has none of these books. Days it has deleted are included.
   */
  async ranges(session: Session): Promise<SequenceRange[]> {
    const lost: SequenceRange[] = [];
    for (const { low, high } of await this.#books.dayRanges()) {
      let from = this.#known.get(high);
      if (from === undefined) {
        const [row] = await session.rows(
          sql`SELECT max(sequence) FROM book WHERE sequence <= ${high}`,
        );
        // Later deletions come before the first book of their market, where the archive is asked anyway.
        from = Number(row?.[0] ?? -1) + 1;
        this.#known.set(high, from);
      }
      if (from <= high) lost.push({ low: Math.max(low, from), high });
    }
    return lost;
  }

  /**
   * The newer of the database's book and the archive's after it.
   * @param hot the book of a market at its last row in the database up to `sequence` that is not
   * after `at` (Unix ms); null when there is none
   */
  async newest(
    market: Market,
    lost: readonly SequenceRange[],
    hot: RebuiltBook | null,
    sequence: number,
    at: number,
  ): Promise<RebuiltBook | null> {
    const above = hot?.sequence ?? -1;
    const asked = hot === null || lost.some(({ low, high }) => high > above && low <= sequence);
    if (!asked) return hot;
    return (await this.#books.bookUpTo(market, sequence, at, above)) ?? hot;
  }
}

/** Whether a sequence is in any of some ascending ranges. */
export function liesIn(ranges: readonly SequenceRange[], sequence: number): boolean {
  return ranges.some(({ low, high }) => low <= sequence && sequence <= high);
}
