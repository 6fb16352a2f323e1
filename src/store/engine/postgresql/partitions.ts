import type pg from 'pg';
import { failureCode } from '../../errors.js';
import { RETIRED_KEY } from '../../retired.js';
import type { Pieces } from '../engine.js';

/** Maximum books per partition: to split one at a day boundary, it is read once. */
const PIECE_BOOKS = 10_000_000;
/** How long a split waits for readers, and may hold them up, ms. */
const CUT_WAIT_MS = 500;
/** Wait before a failed split is retried, ms. */
const CUT_AGAIN_MS = 60_000;
const DAY_MS = 86_400_000;

/** The partitioned tables; their partitions have the same bounds. */
const TABLES = ['book', 'trade_recent'] as const;
type Table = (typeof TABLES)[number];

/** A range of sequences, end exclusive; the first one starts with the lowest possible number. */
interface Partition {
  readonly low: number;
  readonly high: number;
  /** Day of receipt of its first book, `20261126`; `kept` for the remains of dropped partitions. */
  readonly label: string;
}

/**
 * The ranges of sequence by which books and trades are partitioned. A new one starts with every UTC
 * day of receipt, and whenever one is full. Their bounds are read from the server once, or each
 * time if other writers create some too.
 */
export class Partitions implements Pieces {
  readonly #pool: pg.Pool;
  readonly #shared: boolean;
  readonly #pieceBooks: number;
  #known: Partition[] | null = null;
  #cutAgainAt = 0;

  /** @param shared whether others write the same database */
  constructor(pool: pg.Pool, shared: boolean, pieceBooks = PIECE_BOOKS) {
    this.#pool = pool;
    this.#shared = shared;
    this.#pieceBooks = pieceBooks;
  }

  /** Creates missing partitions for some sequences. @param time when the first was received, Unix ms */
  async makeRoom(first: number, last: number, time: number): Promise<void> {
    const label = labelOf(time);
    this.#look();
    const newest = (await this.#partitions()).at(-1);
    if (
      newest !== undefined &&
      newest.low < first &&
      first < newest.high &&
      newest.label !== label
    ) {
      await this.#cut(newest, first);
    }
    for (let at = first; at <= last;) {
      const partitions = await this.#partitions();
      const within = partitions.find(({ low, high }) => low <= at && at < high);
      if (within === undefined) {
        const next = partitions.find(({ low }) => low > at)?.low ?? Infinity;
        // Where sequences jump, as after a crash, there are few books, however far apart.
        const high = Math.min(Math.max(at + this.#pieceBooks, last + 1), next);
        await this.#make({ low: at, high, label });
      } else at = within.high;
    }
  }

  async endBefore(sequence: number): Promise<number | null> {
    this.#look();
    const ends = (await this.#droppable()).map(({ high }) => high);
    return ends.findLast((high) => high <= sequence) ?? null;
  }

  async oldestEnd(): Promise<number | null> {
    this.#look();
    return (await this.#droppable())[0]?.high ?? null;
  }

  async drop(end: number, trades: number): Promise<number | null> {
    this.#look();
    const [oldest] = await this.#droppable();
    if (oldest === undefined || oldest.high > end) return null;
    const kept = (await this.#partitions()).find(({ label }) => label === KEPT);
    const { high } = oldest;
    const gone = [...(kept === undefined ? [] : [kept]), oldest];
    const books = await this.#transaction(async (connection) => {
      // What is kept is first written to a separate table; readers are held up only by the swap.
      const piece = { low: -Infinity, high, label: KEPT };
      const name = nameOf('book', piece);
      await connection.query(`CREATE TABLE "${name}" (LIKE book INCLUDING ALL)`);
      const stays = await connection.query(
        `INSERT INTO "${name}" SELECT b.* FROM (${NEEDED_FROM}) k
           JOIN book b ON b.market_id = k.market_id AND b.sequence >= k.base AND b.sequence < $1`,
        [high],
      );
      await connection.query(
        `INSERT INTO state (key, value)
         SELECT '${RETIRED_KEY}' || k.market_id,
                (SELECT max(sequence) FROM book b
                  WHERE b.market_id = k.market_id AND b.sequence < least(k.base, $1)) AS last
           FROM (${NEEDED_FROM}) k
          WHERE EXISTS (SELECT 1 FROM book b
                         WHERE b.market_id = k.market_id AND b.sequence < least(k.base, $1))
             ON CONFLICT (key) DO UPDATE SET value = greatest(state.value, excluded.value)`,
        [high],
      );
      const { rows } = await connection.query<{ count: string }>(
        'SELECT count(*) FROM book WHERE sequence < $1',
        [high],
      );
      await connection.query(`DROP TABLE ${gone.map((one) => `"${nameOf('book', one)}"`).join()}`);
      await connection.query(
        `ALTER TABLE book ATTACH PARTITION "${name}" FOR VALUES FROM (MINVALUE) TO (${high})`,
      );
      for (const { name, partition } of await read(connection, 'trade_recent')) {
        if (partition.high <= Math.min(high, trades))
          await connection.query(`DROP TABLE "${name}"`);
      }
      return Number(rows[0]!.count) - (stays.rowCount ?? 0);
    });
    this.#known = null;
    return books;
  }

  /** Forgets what others may have changed. */
  #look(): void {
    if (this.#shared) this.#known = null;
  }

  /** The droppable ones, oldest first: neither the kept remains nor the one being written. */
  async #droppable(): Promise<Partition[]> {
    return (await this.#partitions()).slice(0, -1).filter(({ label }) => label !== KEPT);
  }

  async #partitions(): Promise<readonly Partition[]> {
    this.#known ??= await this.#read();
    return this.#known;
  }

  async #read(): Promise<Partition[]> {
    return (await read(this.#pool, 'book')).map(({ partition }) => partition);
  }

  async #make(piece: Partition): Promise<void> {
    await this.#transaction((connection) => make(connection, piece));
    this.#known = null;
  }

  /**
   * Ends a partition before `first`. To shrink it, it is detached and attached again, which has to
   * wait for all readers; if they take longer, the day starts within the old partition.
   */
  async #cut(old: Partition, first: number): Promise<void> {
    if (performance.now() < this.#cutAgainAt) return;
    try {
      await this.#transaction(async (connection) => {
        await connection.query(`SET LOCAL lock_timeout = ${CUT_WAIT_MS}`);
        for (const table of TABLES) {
          const name = nameOf(table, old);
          const low = old.low === -Infinity ? 'MINVALUE' : old.low;
          await connection.query(`ALTER TABLE ${table} DETACH PARTITION "${name}"`);
          await connection.query(
            `ALTER TABLE ${table} ATTACH PARTITION "${name}" FOR VALUES FROM (${low}) TO (${first})`,
          );
        }
      });
    } catch (error) {
      // 55P03: a reader holds it. 23514: it already has later books, written by a repeated batch.
      if (!['55P03', '23514'].includes(failureCode(error) ?? '')) throw error;
      this.#cutAgainAt = performance.now() + CUT_AGAIN_MS;
      return;
    }
    this.#known = null;
  }

  async #transaction<T>(work: (connection: pg.PoolClient) => Promise<T>): Promise<T> {
    const connection = await this.#pool.connect();
    try {
      await connection.query('BEGIN');
      const done = await work(connection);
      await connection.query('COMMIT');
      connection.release();
      return done;
    } catch (error) {
      const lost = await connection.query('ROLLBACK').then(
        () => false,
        () => true,
      );
      connection.release(lost);
      throw error;
    }
  }
}

const KEPT = 'kept';

/** The partitions of a table on the server, oldest first. */
async function read(
  on: pg.Pool | pg.PoolClient,
  table: Table,
): Promise<{ name: string; partition: Partition }[]> {
  const { rows } = await on.query<{ name: string; bound: string }>(
    `SELECT c.relname AS name, pg_get_expr(c.relpartbound, c.oid) AS bound
       FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
      WHERE i.inhparent = '${table}'::regclass`,
  );
  const found = rows.flatMap(({ name, bound }) => {
    const ends = /FROM \('?(MINVALUE|-?\d+)'?\) TO \('?(MAXVALUE|-?\d+)'?\)/.exec(bound);
    if (ends === null) return [];
    const low = ends[1] === 'MINVALUE' ? -Infinity : Number(ends[1]);
    const high = ends[2] === 'MAXVALUE' ? Infinity : Number(ends[2]);
    return [{ name, partition: { low, high, label: name.split('_')[1] ?? '' } }];
  });
  return found.sort((a, b) => a.partition.low - b.partition.low);
}

/**
 * From which sequence on each market's books are needed when those before $1 are dropped: from the
 * whole book on which the first one kept depends, otherwise from the newest whole book.
 */
const NEEDED_FROM = `
  SELECT id AS market_id, base FROM (
    SELECT id, coalesce(
             (SELECT base FROM book WHERE market_id = id AND sequence >= $1 ORDER BY sequence LIMIT 1),
             (SELECT base FROM book WHERE market_id = id ORDER BY sequence DESC LIMIT 1)) AS base
      FROM market) found WHERE base IS NOT NULL`;

/** The UTC day of a time, as in partition names. */
function labelOf(time: number): string {
  return new Date(Math.floor(time / DAY_MS) * DAY_MS)
    .toISOString()
    .slice(0, 10)
    .replaceAll('-', '');
}

/** The name of a partition: its day and start; for kept remains, their end. */
function nameOf(table: Table, { low, high, label }: Partition): string {
  return `${table === 'book' ? 'book' : 'trade'}_${label}_${label === KEPT ? high : low}`;
}

/** Created separately and then attached, which does not block readers. */
async function make(connection: pg.PoolClient, piece: Partition): Promise<void> {
  for (const table of TABLES) {
    const name = nameOf(table, piece);
    await connection.query(`CREATE TABLE "${name}" (LIKE ${table} INCLUDING ALL)`);
    await connection.query(
      `ALTER TABLE ${table} ATTACH PARTITION "${name}" FOR VALUES FROM (${piece.low}) TO (${piece.high})`,
    );
  }
}
