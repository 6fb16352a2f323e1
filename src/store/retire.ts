import type { Client } from './connection.js';
import { noteRetired } from './retired.js';
import { Timeline } from './timeline.js';

/** How far a call got: books deleted, and where the next goes on (null = all markets are done). */
export interface RetireStep {
  readonly deleted: number;
  readonly cursor: number | null;
}

/** Markets looked at by one call. */
const MARKETS = 10;
/** Books deleted by one call; some milliseconds of the writer's time. */
const BOOKS = 1000;
/** Pages given back to the file system by one call. */
const PAGES = 256;

/**
 * Deletes books older than a time in small steps. Of each market there stays the whole book that the
 * first kept change stands on, with the changes between; and always the newest book.
 */
export class Retirement {
  readonly #client: Client;
  readonly #timeline: Timeline;

  constructor(client: Client) {
    this.#client = client;
    this.#timeline = new Timeline(client);
  }

  /**
   * One step.
   * @param before Unix ms; books with an earlier timestamp are old
   * @param cursor id of the market to begin with; 0 for a new pass
   */
  async step(before: number, cursor: number): Promise<RetireStep> {
    // Where the clock was once set back, only the first run of old books is surely old.
    const [old] = await this.#timeline.ranges({ to: before });
    if (old === undefined) return { deleted: 0, cursor: null };
    const markets = await this.#client.$queryRaw<{ id: number }[]>`
      SELECT id FROM market WHERE id >= ${cursor} ORDER BY id LIMIT ${MARKETS + 1}`;
    let deleted = 0;
    for (const { id } of markets.slice(0, MARKETS)) {
      deleted += await this.#retire(id, old.high, BOOKS - deleted);
      if (deleted >= BOOKS) return { deleted, cursor: await this.#giveBack(id) };
    }
    const next = markets[MARKETS]?.id ?? null;
    return { deleted, cursor: deleted > 0 ? await this.#giveBack(next) : next };
  }

  async #retire(marketId: number, upTo: number, limit: number): Promise<number> {
    const [found] = await this.#client.$queryRaw<{ last: bigint | null }[]>`
      SELECT max(sequence) AS last FROM (
        SELECT sequence FROM book
         WHERE market_id = ${marketId}
           AND sequence < coalesce(
             (SELECT base FROM book WHERE market_id = ${marketId} AND sequence > ${upTo}
               ORDER BY sequence LIMIT 1),
             (SELECT base FROM book WHERE market_id = ${marketId} ORDER BY sequence DESC LIMIT 1))
         ORDER BY sequence LIMIT ${limit})`;
    const last = found?.last ?? null;
    if (last === null) return 0;
    await noteRetired(this.#client, marketId, Number(last));
    return this.#client.$executeRaw`
      DELETE FROM book WHERE market_id = ${marketId} AND sequence <= ${last}`;
  }

  async #giveBack<T>(result: T): Promise<T> {
    await this.#client.$queryRawUnsafe(`PRAGMA incremental_vacuum(${PAGES})`);
    return result;
  }
}
