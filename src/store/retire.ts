import type { Client, Session, WriterSession } from './engine/engine.js';
import { sql } from './engine/sql.js';
import { RETIRED_KEY } from './retired.js';
import { Timeline } from './timeline.js';

/** The bound up to which books are old. */
export interface RetireBound {
  /** Books before this sequence are old. */
  readonly sequence: number;
  /** Anything that ended before this time belongs to old books only, Unix ms. */
  readonly time: number;
  /** Only trades before this sequence may be deleted; absent = those before {@link sequence}. */
  readonly trades?: number | undefined;
}

/** Progress of a call. */
export interface RetireStep {
  /** Books deleted. */
  readonly books: number;
  /** Where the next call continues; null = this bound is done. */
  readonly cursor: number | null;
  /** How long the call occupied the writer, ms. */
  readonly heldMs: number;
}

/** Markets handled per call: two look-ups each. */
const MARKETS = 50;
/** Target duration of a call, ms; the number of rows or pages is adapted to measurements. */
const TARGET_MS = 8;
/** Books deleted at a time when the file is too large: some seconds of the whole market; fewer if there are not that many. */
const SLICES = [10_000, 1_000];
/** Blocks of trades per slice where there are no books. */
const SLICE_BLOCKS = 100;
/** A book timed this far in the future was stamped by a wrong clock, ms. */
const AHEAD_MS = 3_600_000;
/** What retirement needs of the writing connection. */
type RetiringSession = Session & Pick<WriterSession, 'giveBack' | 'pieces'>;

/** Above the number of any market. */
const MAX_ID = 2 ** 31 - 1;
/** Maximum number of log records kept, some 80 MB. */
const MAX_LOGS = 500_000;

/** The statement that deletes the oldest log records beyond {@link MAX_LOGS}, at most this many. */
export function deleteLogsBeyond(client: Client, most: number) {
  return client.$executeRaw`
    DELETE FROM log WHERE id IN (
      SELECT id FROM log WHERE id <= (SELECT max(id) FROM log) - ${MAX_LOGS} ORDER BY id LIMIT ${most})`;
}

/** A number of rows adapted so that a call takes about {@link TARGET_MS}. */
class StepSize {
  #size: number;

  constructor(size: number) {
    this.#size = size;
  }

  get size(): number {
    return this.#size;
  }

  /** Records how long a call with `done` rows took. A call with fewer says nothing. */
  note(done: number, ms: number): void {
    if (done < this.#size) return;
    const wanted = (this.#size * TARGET_MS) / Math.max(ms, 0.1);
    // At most half or double at a time: a single call may have hit a checkpoint.
    const next = Math.min(Math.max(wanted, this.#size / 2), this.#size * 2);
    this.#size = Math.round(Math.min(Math.max(next, 20), 5_000));
  }
}

/**
 * Deletes old books, and records about their time only, in steps that occupy the writer for a few
 * milliseconds. For each market, the whole book on which the first kept delta depends is kept, with
 * the deltas in between; and always the newest book.
 */
export class Retirement {
  readonly #session: RetiringSession;
  readonly #timeline: Timeline;
  readonly #rows = new StepSize(200);
  readonly #pages = new StepSize(100);
  /** Bound of the last slice. */
  #sliced = 0;

  constructor(session: RetiringSession) {
    this.#session = session;
    this.#timeline = new Timeline(session);
  }

  /**
   * The bound of books with a timestamp before `time`; null when there are none. Sequences give the
   * order of receipt, whatever the clock showed: old is everything from the first book up to the
   * first one that is not old. Books with a time in the future are as old as those after them.
   * @param time Unix ms
   * @param now the present, Unix ms
   * @param limit upper limit of the bound
   */
  async before(
    time: number,
    now: number,
    limit: RetireBound | null = null,
  ): Promise<RetireBound | null> {
    const [first] = await this.#timeline.ranges({});
    if (first === undefined) return this.#tradesFrom(time, limit);
    const old = (await this.#timeline.ranges({ to: time })).map((r) => ({ ...r, old: true }));
    const ahead = (await this.#timeline.ranges({ from: now + AHEAD_MS })).map((r) => {
      return { ...r, old: false };
    });
    let reached = first.low;
    let sequence: number | null = null;
    for (const range of [...old, ...ahead].sort((a, b) => a.low - b.low)) {
      if (range.low > reached) break;
      reached = range.high + 1;
      if (range.old) sequence = reached;
    }
    if (sequence === null) return null;
    const bound = within({ sequence, time }, limit);
    if (bound.sequence <= first.low) return null;
    const { pieces } = this.#session;
    return pieces === null ? bound : this.#pieceBound(await pieces.endBefore(bound.sequence));
  }

  /** The bound of books before the end of a partition; null without one. */
  async #pieceBound(end: number | null): Promise<RetireBound | null> {
    return end === null ? null : this.#boundAfter(end, 0);
  }

  /** The bound before the book that comes this many books after the first one from a sequence on. */
  async #boundAfter(sequence: number, count: number): Promise<RetireBound | null> {
    const [row] = await this.#session.rows(sql`
      SELECT sequence, timestamp, (SELECT min(to_ms) FROM clock_step WHERE sequence > b.sequence)
        FROM book b WHERE sequence >= ${sequence} ORDER BY sequence LIMIT 1 OFFSET ${count}`);
    if (row === undefined) return null;
    const [found, timestamp, steppedTo] = row as [number, number, number | null];
    return { sequence: found, time: Math.min(timestamp, steppedTo ?? timestamp) };
  }

  /**
   * The bound of the next oldest books ({@link SLICES}); null when too few are left. Slices
   * continue from the last one: books that stay, such as those of delisted markets, are skipped.
   * @param limit upper limit of the bound
   */
  async slice(limit: RetireBound | null = null): Promise<RetireBound | null> {
    const { pieces } = this.#session;
    if (pieces !== null) {
      const end = await pieces.oldestEnd();
      if (end === null || (limit !== null && end > limit.sequence)) return null;
      return this.#pieceBound(end);
    }
    for (const count of SLICES) {
      const next = await this.#boundAfter(this.#sliced, count);
      if (next === null) continue;
      const bound = within(next, limit);
      if (bound.sequence <= this.#sliced) break;
      this.#sliced = bound.sequence;
      return bound;
    }
    const bound = await this.#tradeSlice(limit);
    this.#sliced = bound?.sequence ?? 0;
    return bound;
  }

  /** The bound of trades before `time`, by exchange time, where no books are recorded; null for none. */
  async #tradesFrom(time: number, limit: RetireBound | null): Promise<RetireBound | null> {
    const [row] = await this.#session.rows(sql`
      SELECT (SELECT min(low) FROM trade_block), (SELECT min(sequence) FROM trade_recent),
             (SELECT min(low) FROM trade_block WHERE to_time >= ${time}),
             (SELECT min(sequence) FROM trade_recent WHERE time >= ${time})`);
    const [block, single, ...young] = (row as (number | null)[]).map((value) => value ?? Infinity);
    const sequence = Math.min(...young, Number.MAX_SAFE_INTEGER);
    const bound = within({ sequence, time }, limit);
    return Math.min(block!, single!) < bound.sequence ? bound : null;
  }

  /** The next oldest trades where no books are left to go by; null when too few are left. */
  async #tradeSlice(limit: RetireBound | null): Promise<RetireBound | null> {
    const [row] = await this.#session.rows(sql`
      SELECT low, from_time FROM trade_block WHERE low >= ${this.#sliced}
       ORDER BY low LIMIT 1 OFFSET ${SLICE_BLOCKS}`);
    if (row === undefined) return null;
    const [sequence, time] = row as [number, number];
    const bound = within({ sequence, time }, limit);
    return bound.sequence > this.#sliced ? bound : null;
  }

  /** Deletes some of what is old. @param cursor market to start with; 0 for a new bound */
  async step(bound: RetireBound, cursor: number): Promise<RetireStep> {
    const started = performance.now();
    const { pieces } = this.#session;
    const dropped =
      cursor === 0 ? await pieces?.drop(bound.sequence, bound.trades ?? Infinity) : null;
    if (typeof dropped === 'number') {
      return { books: dropped, cursor: 0, heldMs: performance.now() - started };
    }
    const markets = await this.#session.rows(
      sql`SELECT id FROM market WHERE id >= ${cursor} ORDER BY id LIMIT ${MARKETS + 1}`,
    );
    const last = markets.length > MARKETS ? (markets[MARKETS]![0] as number) : null;
    const limit = this.#rows.size;
    const books =
      pieces === null ? await this.#books(bound.sequence, cursor, last ?? MAX_ID, limit) : 0;
    if (pieces === null) this.#rows.note(books, performance.now() - started);
    if (books < limit) await this.#described(bound.time, cursor, last ?? MAX_ID);
    const next = books === limit ? cursor : last;
    // Trades of all markets are stored together: they are deleted with the last markets' books.
    const upTo = Math.min(bound.sequence, bound.trades ?? Infinity);
    const trades = next === null && pieces === null && (await this.#trades(upTo, limit));
    return { books, cursor: trades ? cursor : next, heldMs: performance.now() - started };
  }

  /** Deletes some trades before a sequence. @returns whether there may be more */
  async #trades(sequence: number, limit: number): Promise<boolean> {
    const { client } = this.#session;
    const [single, blocks] = await client.$transaction([
      client.$executeRaw`
        DELETE FROM trade_recent WHERE sequence IN (
          SELECT sequence FROM trade_recent WHERE sequence < ${sequence} ORDER BY sequence LIMIT ${limit})`,
      client.$executeRaw`
        DELETE FROM trade_block WHERE low IN (
          SELECT low FROM trade_block WHERE high < ${sequence} ORDER BY high LIMIT ${limit})`,
    ]);
    return single === limit || blocks === limit;
  }

  /** Deletes coverage and spans before `time`, Unix ms. @returns whether there may be more */
  async coverage(time: number): Promise<{ more: boolean; heldMs: number }> {
    const started = performance.now();
    const limit = this.#rows.size;
    const deleted = await this.#session.client.$executeRaw`
      DELETE FROM coverage WHERE (minute, market_id) IN (
        SELECT minute, market_id FROM coverage WHERE minute < ${minuteOf(time)}
         ORDER BY minute, market_id LIMIT ${limit})`;
    // A row covers hours: there are few.
    await this.#session.client.$executeRaw`DELETE FROM trade_span WHERE "end" < ${minuteOf(time)}`;
    return { more: deleted === limit, heldMs: performance.now() - started };
  }

  /** Deletes some of the log records before `time`, Unix ms. @returns whether there may be more */
  async logs(time: number): Promise<{ more: boolean; heldMs: number }> {
    const started = performance.now();
    const deleted = await this.#session.client.$executeRaw`
      DELETE FROM log WHERE id < (SELECT min(id) FROM log) + ${this.#rows.size} AND timestamp < ${time}`;
    return { more: deleted > 0, heldMs: performance.now() - started };
  }

  /** Returns some free pages to the file system. @returns whether there are more */
  async giveBack(): Promise<{ more: boolean; heldMs: number }> {
    const started = performance.now();
    const { given, left } = await this.#session.giveBack(this.#pages.size);
    const heldMs = performance.now() - started;
    this.#pages.note(given, heldMs);
    return { more: given > 0 && left > 0, heldMs };
  }

  /**
   * Deletes books of the markets from `low` to before `high` that no kept book depends on, oldest
   * first, and records up to where, so that readers asking for them learn what is missing.
   */
  async #books(sequence: number, low: number, high: number, limit: number): Promise<number> {
    const { client, dialect } = this.#session;
    const old = sql`
      SELECT b.sequence, b.market_id
        FROM (SELECT id AS market_id, coalesce(
                (SELECT base FROM book WHERE market_id = id AND sequence >= ${sequence}
                  ORDER BY sequence LIMIT 1),
                (SELECT base FROM book WHERE market_id = id ORDER BY sequence DESC LIMIT 1)) AS base
                FROM market WHERE id >= ${low} AND id < ${high}) k
       ${dialect.thenJoin} book b ON b.market_id = k.market_id AND b.sequence < k.base
       ${dialect.thenOrder('b.market_id, b.sequence')} LIMIT ${limit}`;
    const [, deleted] = await client.$transaction([
      client.$executeRaw`
        INSERT INTO state (key, value)
        SELECT ${RETIRED_KEY} || market_id, max(sequence) FROM (${old}) gone
         WHERE true GROUP BY market_id
            ON CONFLICT (key) DO UPDATE SET value = ${dialect.greater('state.value', 'excluded.value')}`,
      client.$executeRaw`DELETE FROM book WHERE sequence IN (SELECT sequence FROM (${old}) gone)`,
    ]);
    return deleted;
  }

  /** Deletes records that concern old books only: closed gaps, and the spans in which they were recorded. */
  async #described(time: number, low: number, high: number): Promise<void> {
    const { client, dialect } = this.#session;
    const endsLater = sql`(o."end" IS NULL, coalesce(o."end", 0), o.start)
                > (recording_span."end" IS NULL, coalesce(recording_span."end", 0), recording_span.start)`;
    await client.$transaction([
      client.$executeRaw`
        DELETE FROM gap WHERE id IN (
          SELECT g.id FROM market m ${dialect.thenJoin} gap g ON g.market_id = m.id
           WHERE m.id >= ${low} AND m.id < ${high} AND g.start < ${time} AND g."end" <= ${time})`,
      // The last end stays: the market's newest book stays, too, and says nothing about later times.
      client.$executeRaw`
        DELETE FROM recording_span
         WHERE market_id >= ${low} AND market_id < ${high} AND "end" <= ${time} AND EXISTS (
           SELECT 1 FROM recording_span o
            WHERE o.market_id = recording_span.market_id AND ${endsLater})`,
      // Where the clock was set back spans may overlap. Of those that would start at the kept time
      // the longest is kept: no two may have the same start.
      client.$executeRaw`
        DELETE FROM recording_span
         WHERE market_id >= ${low} AND market_id < ${high} AND start <= ${time} AND EXISTS (
           SELECT 1 FROM recording_span o
            WHERE o.market_id = recording_span.market_id AND o.start <= ${time} AND ${endsLater})`,
      // Without its gaps that time would count as covered.
      client.$executeRaw`
        UPDATE recording_span SET start = CASE WHEN "end" < ${time} THEN "end" ELSE ${time} END
         WHERE market_id >= ${low} AND market_id < ${high} AND start < ${time}`,
    ]);
  }
}

/** A bound limited by another one. */
function within(bound: RetireBound, limit: RetireBound | null): RetireBound {
  if (limit === null) return bound;
  return {
    sequence: Math.min(bound.sequence, limit.sequence),
    time: Math.min(bound.time, limit.time),
    trades: limit.trades,
  };
}

/** The minute that contains a time; BigInt, since the driver binds numbers as floats. */
function minuteOf(time: number): bigint {
  return BigInt(Math.floor(time / 60_000) * 60_000);
}
