import { readRows, ROW_COLUMNS, type StoredRow } from './rebuild.js';
import type { Sqlite } from './sqlite.js';
import type { SequenceRange } from './timeline.js';

/** Up to so many markets are read through the market index, more by a walk over all rows. */
const MERGED_MARKETS = 8;
/** Sequences that such a walk passes in one statement at most. */
const WALK = 20_000;

/** A piece of a walk. */
interface Piece {
  readonly rows: StoredRow[];
  /** Everything up to this sequence has been read. */
  readonly reached: number;
}

/**
 * Walks the rows of some markets in order of sequence, a bounded piece at a time: each piece is one
 * statement that ends, so a slow consumer never holds back the writer's checkpoints.
 */
export class BookScan {
  readonly #sqlite: Sqlite;
  readonly #ranges: SequenceRange[];
  readonly #total: number;
  #ids: readonly number[];
  #part = 0;

  /**
   * @param ids the markets' numbers; none gives nothing.
   * @param ranges the sequences to read, ascending.
   */
  constructor(sqlite: Sqlite, ids: readonly number[], ranges: readonly SequenceRange[]) {
    this.#sqlite = sqlite;
    this.#ids = ids;
    this.#ranges = [...ranges];
    this.#total = ranges.length;
  }

  /** Which of the ranges the last rows came from: between two of them changes are passed over. */
  get part(): number {
    return this.#part;
  }

  /** The next rows, at most `limit` of one range; empty when there are no more. */
  async next(limit: number): Promise<StoredRow[]> {
    for (;;) {
      const range = this.#ranges[0];
      if (range === undefined || this.#ids.length === 0) return [];
      this.#part = this.#total - this.#ranges.length;
      const few = this.#ids.length <= MERGED_MARKETS;
      const { rows, reached } = few ? this.#merge(range, limit) : this.#walk(range, limit);
      if (reached >= range.high) this.#ranges.shift();
      else this.#ranges[0] = { low: reached + 1, high: range.high };
      if (rows.length > 0) return rows;
    }
  }

  /** Sequence of the first of the last `count` rows of what is left; null when there are fewer. */
  startOfLast(count: number): number | null {
    let left = count;
    for (const { low, high } of this.#ranges.toReversed()) {
      const part = (id: number): string =>
        `SELECT sequence FROM (SELECT sequence FROM book WHERE market_id = ${id}
            AND sequence BETWEEN ${low} AND ${high} ORDER BY sequence DESC LIMIT ${left})`;
      if (this.#ids.length === 0) return null;
      const { rows } = this.#sqlite.query(
        `${this.#ids.map(part).join(' UNION ALL ')} ORDER BY sequence DESC LIMIT ${left}`,
      );
      left -= rows.length;
      if (left === 0) return Number(rows.at(-1)![0]);
    }
    return null;
  }

  /** Many markets: the next rows of all are read, and those of other markets passed over. */
  #walk(range: SequenceRange, limit: number): Piece {
    const high = Math.min(range.high, range.low + WALK);
    // The plus sign keeps SQLite from using the market index, which would have to sort everything.
    const rows = readRows(
      this.#sqlite,
      `SELECT ${ROW_COLUMNS} FROM book
        WHERE sequence BETWEEN ? AND ? AND +market_id IN (SELECT value FROM json_each(?))
        ORDER BY sequence LIMIT ?`,
      [range.low, high, JSON.stringify(this.#ids), limit],
    );
    if (rows.length === limit) return { rows, reached: rows.at(-1)!.sequence };
    if (rows.length > 0 || high === range.high) return { rows, reached: high };
    return { rows, reached: this.#nextSequence(high + 1) - 1 };
  }

  /**
   * Where the next row of any of the markets is, after a walk found nothing: the index knows. From
   * now on the markets without one are left out. A sequence beyond all ranges when there is none.
   */
  #nextSequence(low: number): number {
    const end = this.#ranges.at(-1)!.high;
    const { rows } = this.#sqlite.query(
      `SELECT value AS id, (SELECT sequence FROM book WHERE market_id = value
          AND sequence BETWEEN ? AND ? ORDER BY sequence LIMIT 1) AS head
         FROM json_each(?)`,
      [low, end, JSON.stringify(this.#ids)],
    );
    const alive = rows.filter(([, head]) => head !== null);
    this.#ids = alive.map(([id]) => Number(id));
    return alive.reduce((least, [, head]) => Math.min(least, Number(head)), end + 1);
  }

  /** Few markets: their next sequences out of the index, merged, then the rows. */
  #merge({ low, high }: SequenceRange, limit: number): Piece {
    const next = (columns: string): string =>
      `SELECT ${columns} FROM book WHERE market_id = ? AND sequence BETWEEN ? AND ? ORDER BY sequence LIMIT ?`;
    const one = this.#ids.length === 1;
    const part = `SELECT sequence FROM (${next('sequence')})`;
    const rows = readRows(
      this.#sqlite,
      one
        ? next(ROW_COLUMNS)
        : `SELECT ${ROW_COLUMNS} FROM book
            WHERE sequence IN (SELECT sequence FROM (${this.#ids.map(() => part).join(' UNION ALL ')})
                                ORDER BY sequence LIMIT ?)
            ORDER BY sequence`,
      [...this.#ids.flatMap((id) => [id, low, high, limit]), ...(one ? [] : [limit])],
    );
    return { rows, reached: rows.length < limit ? high : rows.at(-1)!.sequence };
  }
}
