import type { Client } from './connection.js';

const DAY_MS = 86_400_000;
/** Samples further apart say nothing: the program did not run, or its clock was set. */
const MAX_STEP_MS = 300_000;
/** Less time than this is too little to tell a growth from, ms. */
const LEAST_MS = 300_000;

/** How the database has grown of late. */
export interface Growth {
  /** Bytes a day over the last day in which it was running; null when too little is known. */
  readonly bytesPerDay: number | null;
  /** Timestamp of the oldest book, Unix ms; null when there is none. */
  readonly oldestBook: number | null;
}

/** Keeps samples of the database's size over the last day, in the database, and reads its growth. */
export class GrowthRecord {
  readonly #client: Client;

  constructor(client: Client) {
    this.#client = client;
  }

  /**
   * Adds a sample.
   * @param at Unix ms
   * @param bytes pages in use, in bytes
   */
  async sample(at: number, bytes: number): Promise<Growth> {
    const now = BigInt(at);
    await this.#client.$transaction([
      // A sample of the future is of a clock that was set back.
      this.#client.$executeRaw`
        DELETE FROM size_sample WHERE at < ${now - BigInt(DAY_MS)} OR at >= ${now}`,
      this.#client
        .$executeRaw`INSERT INTO size_sample (at, bytes) VALUES (${now}, ${BigInt(bytes)})`,
    ]);
    const rows = await this.#client.$queryRaw<
      { grown: bigint | null; lasted: bigint | null; oldest: bigint | null }[]
    >`
      SELECT sum(bytes - bytes_before) AS grown, sum(at - at_before) AS lasted,
             (SELECT timestamp FROM book ORDER BY sequence LIMIT 1) AS oldest
        FROM (SELECT at, bytes, lag(at) OVER (ORDER BY at) AS at_before,
                     lag(bytes) OVER (ORDER BY at) AS bytes_before FROM size_sample)
       WHERE at - at_before <= ${BigInt(MAX_STEP_MS)}`;
    const { grown, lasted, oldest } = rows[0]!;
    const ms = Number(lasted ?? 0);
    return {
      bytesPerDay: ms < LEAST_MS ? null : Math.round((Number(grown) / ms) * DAY_MS),
      oldestBook: oldest === null ? null : Number(oldest),
    };
  }
}
