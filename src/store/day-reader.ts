import type { Exchange } from '../market/exchange.js';
import type { Market } from '../market/market.js';
import type { DayReport } from '../market/day-report.js';
import { databaseIdentity } from './archived.js';
import { checkReadable } from './database.js';
import { dayReport } from './day-report.js';
import { BUSY_TIMEOUT_MS, type Client, openClient } from './connection.js';
import { Sqlite, type SqliteValue } from './sqlite.js';
import { type SequenceRange, Timeline } from './timeline.js';

/** The tables that {@link DayReader.records} reads, which are small. */
export type RecordTable = 'gaps' | 'coverage' | 'recordings';

/** A row: the market's number, then the columns in their order; every integer is a bigint. */
export type DayRow = readonly SqliteValue[];

/** A market of the database and its number there. */
export interface NumberedMarket extends Market {
  readonly id: number;
}

/**
 * A gap belongs to the day in which it ended, for then it is known; an open one to none. A recording
 * is cut to the day.
 */
const RECORDS: Readonly<Record<RecordTable, string>> = {
  gaps: `SELECT market_id, id, start, "end", cause, detail, attempts FROM gap, day
          WHERE "end" >= since AND "end" < until ORDER BY id`,
  coverage: `SELECT market_id, minute, frames, changed, repeats, longest_silence_ms
          FROM day CROSS JOIN coverage WHERE minute >= since AND minute < until`,
  recordings: `SELECT market_id, max(start, since), min(coalesce("end", until), until)
          FROM recording_span, day WHERE start < until AND ("end" IS NULL OR "end" > since)`,
};

/** Reads all that a database has of a day, in bounded pieces, while the recorder goes on. */
export class DayReader {
  /** Which database it is: it stays the same as long as the file is carried on. */
  readonly identity: string;
  readonly #client: Client;
  readonly #sqlite: Sqlite;
  readonly #timeline: Timeline;

  private constructor(client: Client, sqlite: Sqlite) {
    this.#client = client;
    this.#sqlite = sqlite;
    this.#timeline = new Timeline(client);
    this.identity = databaseIdentity(sqlite);
  }

  /** @throws {StoreError} when there is no database that this program can read */
  static async open(path: string): Promise<DayReader> {
    await checkReadable(path);
    const sqlite = new Sqlite(path, { readonly: true, busyTimeoutMs: BUSY_TIMEOUT_MS });
    return new DayReader(await openClient(path, { readonly: true }), sqlite);
  }

  async close(): Promise<void> {
    this.#sqlite.close();
    await this.#client.$disconnect();
  }

  markets(): NumberedMarket[] {
    const { rows } = this.#sqlite.query('SELECT id, exchange, symbol, currency FROM market');
    return rows.map(([id, exchange, symbol, currency]) => ({
      id: Number(id),
      exchange: exchange as Exchange,
      symbol: symbol as string,
      currency: currency as string,
    }));
  }

  /** Time of the first thing that the database knows, Unix ms; null when it is empty. */
  firstTime(): number | null {
    const { rows } = this.#sqlite.query(
      `SELECT min(time) FROM (
         SELECT min(timestamp) AS time FROM (SELECT timestamp FROM book ORDER BY sequence LIMIT 1)
         UNION ALL SELECT min(to_ms) FROM clock_step
         UNION ALL SELECT min("end") FROM gap UNION ALL SELECT min(minute) FROM coverage
         UNION ALL SELECT min(start) FROM recording_span)`,
    );
    const time = rows[0]![0];
    return time === null || time === undefined ? null : Number(time);
  }

  /** Exactly the books of a window of time, as sequences, ascending. */
  ranges(from: number, to: number): Promise<SequenceRange[]> {
    return this.#timeline.ranges({ from, to });
  }

  /** Books from sequence `low` to `high`, at most `limit`, in their order. */
  books(low: number, high: number, limit: number): DayRow[] {
    return this.#sqlite.query(
      `SELECT market_id, sequence, timestamp, exchange_timestamp, base, asks, bids FROM book
        WHERE sequence BETWEEN ? AND ? ORDER BY sequence LIMIT ?`,
      [low, high, limit],
    ).rows;
  }

  /** How well a day was recorded, that began and ended at these times, Unix ms. */
  report(from: number, to: number): Promise<DayReport> {
    return dayReport(this.#client, from, to);
  }

  /** What else is known of a window of time, Unix ms. */
  records(table: RecordTable, from: number, to: number): DayRow[] {
    const day = 'WITH day(since, until) AS (SELECT ?, ?)';
    return this.#sqlite.query(`${day} ${RECORDS[table]}`, [BigInt(from), BigInt(to)]).rows;
  }
}
