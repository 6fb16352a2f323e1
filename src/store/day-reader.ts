import type { Exchange } from '../market/exchange.js';
import type { Market } from '../market/market.js';
import type { DayReport } from '../market/day-report.js';
import { databaseIdentity } from './archived.js';
import { dayReport } from './day-report.js';
import type { Cell, Session } from './engine/engine.js';
import { openEngine } from './engine/open.js';
import { type Sql, sql } from './engine/sql.js';
import { knownUntil } from './silent-since.js';
import { type SequenceRange, Timeline } from './timeline.js';
import { DayTrades, type TradeSpan } from './trades/day-trades.js';
import { spansIn } from './trades/span-reader.js';

/** The tables read by {@link DayReader.records}, which are small. */
export type RecordTable = 'gaps' | 'coverage' | 'recordings' | 'trade_spans';

/** A row: the market's number, then the columns in order. */
export type DayRow = readonly Cell[];

/** A market in the database and its number there. */
export interface NumberedMarket extends Market {
  readonly id: number;
}

/**
 * A gap belongs to the day on which it ended, because it is known then; an open one to none.
 * Recordings and trade spans are cut to the day; a recording that continues is cut to `known`, the time
 * until which that is known.
 */
const RECORDS: Readonly<Record<RecordTable, (from: Sql, to: Sql, known: Sql) => Sql>> = {
  gaps: (from, to) => sql`
    SELECT market_id, id, start, "end", cause, detail, attempts FROM gap
     WHERE "end" >= ${from} AND "end" < ${to} ORDER BY id`,
  coverage: (from, to) => sql`
    SELECT market_id, minute, frames, changed, repeats, longest_silence_ms
      FROM coverage WHERE minute >= ${from} AND minute < ${to} ORDER BY minute, market_id`,
  recordings: (from, to, known) => sql`
    SELECT market_id, CASE WHEN start < ${from} THEN ${from} ELSE start END,
           CASE WHEN "end" < ${to} THEN "end" ELSE ${to} END
      FROM (SELECT market_id, start, coalesce("end", ${known}) AS "end" FROM recording_span) spans
     WHERE start < ${to} AND start < "end" AND "end" > ${from}
     ORDER BY market_id, start`,
  trade_spans: (from, to) => sql`
    SELECT market_id, CASE WHEN start < ${from} THEN ${from} ELSE start END,
           CASE WHEN "end" < ${to} THEN "end" ELSE ${to} END,
           completeness, cause, detail, checked
      FROM ${spansIn(from, to)} ORDER BY market_id, start`,
};

/** Reads everything a database has of a day, in bounded pieces, while recording continues. */
export class DayReader {
  /** Identity of the database: constant as long as the file is carried on. */
  readonly identity: string;
  readonly #session: Session;
  readonly #timeline: Timeline;

  private constructor(session: Session, identity: string) {
    this.#session = session;
    this.#timeline = new Timeline(session);
    this.identity = identity;
  }

  /** @throws {StoreError} when there is no database readable by this program */
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

  /** Time of the first record in the database, Unix ms; null when it is empty. */
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

  /** Exactly the books of a time window, as sequences, ascending. */
  ranges(from: number, to: number): Promise<SequenceRange[]> {
    return this.#timeline.ranges({ from, to });
  }

  /** Books from sequence `low` to `high`, at most `limit`, in order. */
  books(low: number, high: number, limit: number): Promise<DayRow[]> {
    return this.#session.rows(sql`
      SELECT market_id, sequence, timestamp, exchange_timestamp, base, asks, bids FROM book
       WHERE sequence BETWEEN ${low} AND ${high} ORDER BY sequence LIMIT ${limit}`);
  }

  /** The trades that may have been received before a time, as of this moment. */
  trades(span: TradeSpan): Promise<DayTrades> {
    return DayTrades.at(this.#session, span);
  }

  /** How well a day was recorded, given its start and end, Unix ms. */
  report(from: number, to: number): Promise<DayReport> {
    return dayReport(this.#session, from, to);
  }

  /** The other records of a time window, Unix ms. */
  async records(table: RecordTable, from: number, to: number): Promise<DayRow[]> {
    const { integer } = this.#session.dialect;
    const known = table === 'recordings' ? await knownUntil(this.#session, to) : to;
    return this.#session.rows(RECORDS[table](integer(from), integer(to), integer(known)));
  }
}
