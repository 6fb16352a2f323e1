import type { Session } from './engine/engine.js';
import { sql } from './engine/sql.js';

const DAY_MS = 86_400_000;
/** Samples further apart are meaningless: the program did not run, or its clock was set. */
const MAX_STEP_MS = 300_000;
/** Shortest period from which growth is derived, ms. */
const LEAST_MS = 300_000;

/** Recent growth of the database. */
export interface Growth {
  /** Bytes a day over the last day of running; null when too little is known. */
  readonly bytesPerDay: number | null;
  /** Timestamp of the oldest book, Unix ms; null when there is none. */
  readonly oldestBook: number | null;
}

/** Keeps size samples of the last day in the database, and derives its growth. */
export class GrowthRecord {
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
  }

  /** Adds a sample at `at` (Unix ms) of the bytes in use. */
  async sample(at: number, bytes: number): Promise<Growth> {
    const now = BigInt(at);
    const { client } = this.#session;
    await client.$transaction([
      // A sample in the future comes from a clock that was set back.
      client.$executeRaw`
        DELETE FROM size_sample WHERE at < ${now - BigInt(DAY_MS)} OR at >= ${now}`,
      client.$executeRaw`INSERT INTO size_sample (at, bytes) VALUES (${now}, ${BigInt(bytes)})`,
    ]);
    const [row] = await this.#session.rows(sql`
      SELECT CAST(sum(bytes - bytes_before) AS BIGINT), CAST(sum(at - at_before) AS BIGINT),
             (SELECT timestamp FROM book ORDER BY sequence LIMIT 1)
        FROM (SELECT at, bytes, lag(at) OVER (ORDER BY at) AS at_before,
                     lag(bytes) OVER (ORDER BY at) AS bytes_before FROM size_sample) steps
       WHERE at - at_before <= ${BigInt(MAX_STEP_MS)}`);
    const [grown, lasted, oldest] = row!;
    const ms = Number(lasted ?? 0);
    return {
      bytesPerDay: ms < LEAST_MS ? null : Math.round((Number(grown) / ms) * DAY_MS),
      oldestBook: oldest as number | null,
    };
  }
}
