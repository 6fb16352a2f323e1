import type { Rows, Session } from './engine/engine.js';
import { joined, raw, type Sql, sql } from './engine/sql.js';
import { readManyRows, ROW_COLUMNS, type StoredRow } from './rebuild.js';
import type { SequenceRange } from './timeline.js';

/** Up to this many markets are read through the market index, more by a walk over all rows. */
const MERGED_MARKETS = 8;
/** Maximum sequences such a walk covers per statement. */
const WALK = 20_000;

const UNION_ALL = ' UNION ALL ';
const SEQUENCE = raw('sequence');

/** Number of pieces after which a walk counts as long: from then on the next one is prefetched. */
const SHORT = 2;

/** A piece of a walk. */
interface Piece {
  readonly rows: StoredRow[];
  /** Everything up to this sequence has been read. */
  readonly reached: number;
}

/** A piece being read. */
interface Coming {
  readonly piece: Promise<Piece>;
  readonly limit: number;
}

/**
 * Walks the rows of some markets in order of sequence, a bounded piece at a time: each piece is one
 * statement that ends, so a slow consumer never holds up the writer's checkpoints.
 */
export class BookScan {
  readonly #session: Session;
  readonly #ranges: SequenceRange[];
  readonly #total: number;
  #ids: readonly number[];
  #part = 0;
  #pieces = 0;
  /** The next piece, prefetched while the previous one is processed. */
  #coming: Coming | null = null;

  /** @param ids the markets' numbers, possibly none. @param ranges sequences to read, ascending */
  constructor(session: Session, ids: readonly number[], ranges: readonly SequenceRange[]) {
    this.#session = session;
    this.#ids = ids;
    this.#ranges = [...ranges];
    this.#total = ranges.length;
  }

  /** Which of the ranges the last rows came from: deltas between two of them are skipped. */
  get part(): number {
    return this.#part;
  }

  /** The next rows, at most `limit` of one range; empty at the end. */
  async next(limit: number): Promise<StoredRow[]> {
    for (;;) {
      const range = this.#ranges[0];
      if (range === undefined || this.#ids.length === 0) return [];
      this.#part = this.#total - this.#ranges.length;
      const ahead = this.#coming;
      this.#coming = null;
      const read = ahead !== null && ahead.limit <= limit;
      const { rows, reached } = await (read ? ahead.piece : this.#read(range, limit));
      if (reached >= range.high) this.#ranges.shift();
      else this.#ranges[0] = { low: reached + 1, high: range.high };
      if (++this.#pieces > SHORT) this.#readAhead(limit);
      if (rows.length > 0) return rows;
    }
  }

  /** Sequence of the first of the last `count` remaining rows; null when there are fewer. */
  async startOfLast(count: number): Promise<number | null> {
    if (this.#ids.length === 0) return null;
    let left = count;
    for (const { low, high } of this.#ranges.toReversed()) {
      const heads = this.#ids.map(
        (id) => sql`
          SELECT sequence FROM (SELECT sequence FROM book WHERE market_id = ${id}
             AND sequence BETWEEN ${low} AND ${high} ORDER BY sequence DESC LIMIT ${left}) one`,
      );
      const rows = await this.#session.rows(
        sql`${joined(heads, UNION_ALL)} ORDER BY sequence DESC LIMIT ${left}`,
      );
      left -= rows.length;
      if (left === 0) return rows.at(-1)![0] as number;
    }
    return null;
  }

  #read(range: SequenceRange, limit: number, rows = this.#session.rows): Promise<Piece> {
    return this.#ids.length <= MERGED_MARKETS
      ? this.#merge(range, limit, rows)
      : this.#walk(range, limit, rows);
  }

  #readAhead(limit: number): void {
    const range = this.#ranges[0];
    if (range === undefined) return;
    const piece = this.#read(range, limit, this.#session.rowsAhead);
    // A failure surfaces when the piece is needed, if ever.
    piece.catch(() => undefined);
    this.#coming = { piece, limit };
  }

  /** Many markets: the next rows of all are read, and those of other markets skipped. */
  async #walk(range: SequenceRange, limit: number, read: Rows): Promise<Piece> {
    const high = Math.min(range.high, range.low + WALK);
    // The plus sign keeps the database off the market index, with which it would have to sort everything.
    const rows = await readManyRows(
      read,
      sql`SELECT ${ROW_COLUMNS} FROM book WHERE sequence BETWEEN ${range.low} AND ${high}
             AND +market_id IN ${this.#session.dialect.numbers(this.#ids)}
           ORDER BY sequence LIMIT ${limit}`,
    );
    if (rows.length === limit) return { rows, reached: rows.at(-1)!.sequence };
    if (rows.length > 0 || high === range.high) return { rows, reached: high };
    return { rows, reached: (await this.#nextSequence(high + 1)) - 1 };
  }

  /**
   * Where the next row of any of the markets is, after a walk found nothing: the index knows.
   * Markets without one are left out from now on. A sequence beyond all ranges when there is none.
   */
  async #nextSequence(low: number): Promise<number> {
    const end = this.#ranges.at(-1)!.high;
    const rows = await this.#session.rows(sql`
      SELECT id, (SELECT sequence FROM book WHERE market_id = id
         AND sequence BETWEEN ${low} AND ${end} ORDER BY sequence LIMIT 1) AS head
        FROM market WHERE id IN ${this.#session.dialect.numbers(this.#ids)} ORDER BY id`);
    const alive = rows.filter(([, head]) => head !== null);
    this.#ids = alive.map(([id]) => id as number);
    return alive.reduce((least, [, head]) => Math.min(least, head as number), end + 1);
  }

  /** Few markets: their next sequences from the index, merged, then the rows. */
  async #merge({ low, high }: SequenceRange, limit: number, read: Rows): Promise<Piece> {
    const next = (columns: Sql, id: number): Sql => sql`
      SELECT ${columns} FROM book WHERE market_id = ${id} AND sequence BETWEEN ${low} AND ${high}
       ORDER BY sequence LIMIT ${limit}`;
    const [first, ...others] = this.#ids;
    const heads = (): Sql[] =>
      this.#ids.map((id) => sql`SELECT sequence FROM (${next(SEQUENCE, id)}) one`);
    const rows = await readManyRows(
      read,
      others.length === 0
        ? next(ROW_COLUMNS, first!)
        : sql`SELECT ${ROW_COLUMNS} FROM book
               WHERE sequence IN (SELECT sequence FROM (${joined(heads(), UNION_ALL)}) merged
                                   ORDER BY sequence LIMIT ${limit})
               ORDER BY sequence`,
    );
    return { rows, reached: rows.length < limit ? high : rows.at(-1)!.sequence };
  }
}
