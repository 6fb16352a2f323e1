import type { Exchange } from '../market/exchange.js';
import type { Market } from '../market/market.js';
import type { DayReport } from '../market/day-report.js';
import { databaseIdentity } from './archived.js';
import { dayReport } from './day-report.js';
import type { Cell, Session } from './engine/engine.js';
import { openEngine } from './engine/open.js';
import { type Sql, sql } from './engine/sql.js';
import { type SequenceRange, Timeline } from './timeline.js';
import { DayTrades, type TradeSpan } from './trades/day-trades.js';
import { spansIn } from './trades/span-reader.js';

/** The tables that {@link DayReader.records} reads, which are small. */
export type RecordTable = 'gaps' | 'coverage' | 'recordings' | 'trade_spans';

/** A row: the market's number, then the columns in their order. */
export type DayRow = readonly Cell[];

/** A market of the database and its number there. */
export interface NumberedMarket extends Market {
  readonly id: number;
}

/**
 * A gap belongs to the day in which it ended, for then it is known; an open one to none. A recording,
 * and what is known of a span of trades, is cut to the day.
 */
const RECORDS: Readonly<Record<RecordTable, (from: Sql, to: Sql) => Sql>> = {
  gaps: (from, to) => sql`
    SELECT market_id, id, start, "end", cause, detail, attempts FROM gap
     WHERE "end" >= ${from} AND "end" < ${to} ORDER BY id`,
  coverage: (from, to) => sql`
    SELECT market_id, minute, frames, changed, repeats, longest_silence_ms
      FROM coverage WHERE minute >= ${from} AND minute < ${to} ORDER BY minute, market_id`,
  recordings: (from, to) => sql`
    SELECT market_id, CASE WHEN start < ${from} THEN ${from} ELSE start END,
           CASE WHEN "end" < ${to} THEN "end" ELSE ${to} END
      FROM recording_span WHERE start < ${to} AND ("end" IS NULL OR "end" > ${from})
     ORDER BY market_id, start`,
  trade_spans: (from, to) => sql`
    SELECT market_id, CASE WHEN start < ${from} THEN ${from} ELSE start END,
           CASE WHEN "end" < ${to} THEN "end" ELSE ${to} END,
           completeness, cause, detail, checked
      FROM ${spansIn(from, to)} ORDER BY market_id, start`,
};

/** Reads all that a database has of a day, in bounded pieces, while the recorder goes on. */
export class DayReader {
  /** Which database it is: it stays the same as long as the file is carried on. */
  readonly identity: string;
  readonly #session: Session;
  readonly #timeline: Timeline;

  private constructor(session: Session, identity: string) {
    this.#session = session;
    this.#timeline = new Timeline(session);
    this.identity = identity;
  }

  /** @throws {StoreError} when there is no database that this program can read */
  static async open(location: string): Promise<DayReader> {
    const engine = await openEngine(location);
    await engine.checkReadable();
    const session = await engine.openReader();
    return new DayReader(session, await databaseIdentity(session));
  }

  close(): Promise<void> {
    return this.#session.close();
  }

  async markets(): Promise<NumberedMarket[]> {
    const rows = await this.#session.rows(
      sql`SELECT id, exchange, symbol, currency FROM market ORDER BY id`,
    );
    return rows.map(([id, exchange, symbol, currency]) => ({
      id: id as number,
      exchange: exchange as Exchange,
      symbol: symbol as string,
      currency: currency as string,
    }));
  }

  /** Time of the first thing that the database knows, Unix ms; null when it is empty. */
  async firstTime(): Promise<number | null> {
    const [row] = await this.#session.rows(sql`
      SELECT min(time) FROM (
         SELECT min(timestamp) AS time
           FROM (SELECT timestamp FROM book ORDER BY sequence LIMIT 1) first
         UNION ALL SELECT min(to_ms) FROM clock_step
         UNION ALL SELECT min(received) FROM trade_recent
         UNION ALL SELECT min("end") FROM gap UNION ALL SELECT min(minute) FROM coverage
         UNION ALL SELECT min(start) FROM recording_span) known`);
    return row![0] as number | null;
  }

  /** Exactly the books of a window of time, as sequences, ascending. */
  ranges(from: number, to: number): Promise<SequenceRange[]> {
    return this.#timeline.ranges({ from, to });
  }

  /** Books from sequence `low` to `high`, at most `limit`, in their order. */
  books(low: number, high: number, limit: number): Promise<DayRow[]> {
    return this.#session.rows(sql`
      SELECT market_id, sequence, timestamp, exchange_timestamp, base, asks, bids FROM book
       WHERE sequence BETWEEN ${low} AND ${high} ORDER BY sequence LIMIT ${limit}`);
  }

  /** The trades that may have been received before a time, as they are at this moment. */
  trades(span: TradeSpan): Promise<DayTrades> {
    return DayTrades.at(this.#session, span);
  }

  /** How well a day was recorded, that began and ended at these times, Unix ms. */
  report(from: number, to: number): Promise<DayReport> {
    return dayReport(this.#session, from, to);
  }

  /** What else is known of a window of time, Unix ms. */
  records(table: RecordTable, from: number, to: number): Promise<DayRow[]> {
    const { dialect } = this.#session;
    return this.#session.rows(RECORDS[table](dialect.integer(from), dialect.integer(to)));
  }
}
