import type { Cell, Client, WriterSession } from '../engine/engine.js';
import { joined, raw, type Sql, sql } from '../engine/sql.js';
import { insertTradeRows } from '../trades/trade-writer.js';
import { booksOf, type Stretch, tradesOf } from './history.js';
import { type CopiedTable, columnList, plain, readRows, type TablePage, within } from './tables.js';

const DAY_MS = 86_400_000;
/** A book this shortly before a new day belongs to the new day: times do not rise exactly with sequences. */
const BEFORE_DAY_MS = 3_600_000;

/** Writes a copy into a database, only where it differs from its source. */
export class CopyTarget {
  readonly #session: WriterSession;
  /** The database had nothing after this sequence when the copy began. */
  readonly #reached: number;
  #day = -Infinity;

  private constructor(session: WriterSession, reached: number) {
    this.#session = session;
    this.#reached = reached;
  }

  /** @param session of the database to copy {@link HistoryWalk} into, from its start */
  static async begin(session: WriterSession): Promise<CopyTarget> {
    const [row] = await session.rows(sql`
      SELECT coalesce((SELECT max(sequence) FROM book), 0),
             coalesce((SELECT max(sequence) FROM trade_recent), 0)`);
    return new CopyTarget(session, Math.max(...(row as [number, number])));
  }

  /** Makes a stretch equal to the source. @returns whether anything had to be written */
  async put(stretch: Stretch): Promise<boolean> {
    const { after, upTo, books, trades } = stretch;
    const present = after < this.#reached;
    if (present && (await this.#has(stretch))) return false;
    if (books.length + trades.length > 0) await this.#makeRoom(stretch);
    const { client, dialect } = this.#session;
    const rows = dialect.encoder();
    for (const [sequence, marketId, timestamp, exchangeTimestamp, base, asks, bids] of books) {
      rows.add({ sequence, timestamp, exchangeTimestamp, base, asks, bids }, marketId);
    }
    const bytes = rows.take();
    const range = sql`sequence > ${after} AND sequence <= ${upTo}`;
    await client.$transaction([
      ...(present
        ? [
            client.$executeRaw(sql`DELETE FROM book WHERE ${range}`),
            client.$executeRaw(sql`DELETE FROM trade_recent WHERE ${range}`),
          ]
        : []),
      ...(bytes === null ? [] : [client.$executeRaw(dialect.insertBooks(bytes))]),
      ...(trades.length === 0 ? [] : [insertTradeRows(this.#session, trades)]),
    ]);
    return true;
  }

  /** Makes a table equal to the source. @param pages of the source */
  async putTable(table: CopiedTable, pages: AsyncIterable<TablePage>): Promise<void> {
    const { client, rows } = this.#session;
    const name = raw(`"${table.name}"`);
    if (table.way === 'instead') await client.$executeRaw(sql`DELETE FROM ${name}`);
    let after: readonly Cell[] | null = null;
    for await (const page of pages) {
      const range = within(table, after, page.upTo);
      const there: Cell[][] =
        table.way === 'pages' ? await readRows(rows, table, range, page.rows.length + 1) : [];
      if (
        !equal(
          page.rows,
          there.map((row) => plain(table, row)),
        )
      ) {
        await client.$transaction([
          ...(there.length > 0
            ? [client.$executeRaw(sql`DELETE FROM ${name} WHERE ${range}`)]
            : []),
          ...(page.rows.length > 0 ? [this.#insert(client, table, page.rows)] : []),
        ]);
      }
      after = page.upTo;
    }
  }

  #insert(
    client: Client,
    { name, columns, key, way }: CopiedTable,
    rows: readonly (readonly unknown[])[],
  ) {
    const names = Object.keys(columns);
    const all = columnList(names);
    const changed = names
      .filter((column) => !key.includes(column))
      .map((column) => raw(`"${column}" = excluded."${column}"`));
    const over: Sql =
      way === 'over'
        ? sql`ON CONFLICT (${columnList(key)}) DO UPDATE SET ${joined(changed)}`
        : sql``;
    return client.$executeRaw(sql`
      INSERT INTO ${raw(`"${name}"`)} (${all})
      SELECT ${all} FROM ${this.#session.dialect.table(rows, columns)} copied WHERE true ${over}`);
  }

  /** Whether a stretch is already equal to the source. */
  async #has({ after, upTo, books, trades }: Stretch): Promise<boolean> {
    const { rows } = this.#session;
    // One row too many reveals a surplus.
    return (
      equal(books, await booksOf(rows, after, upTo, books.length + 1)) &&
      equal(trades, await tradesOf(rows, after, upTo, trades.length + 1))
    );
  }

  /** Creates partitions that start with a UTC day, like the recorder. */
  async #makeRoom({ books, trades }: Stretch): Promise<void> {
    const places = [
      ...books.map(([sequence, , timestamp]) => [sequence, timestamp] as const),
      ...trades.map(([sequence, , , received]) => [sequence, received] as const),
    ].sort((a, b) => a[0] - b[0]);
    let first = 0;
    for (const [i, [, time]] of places.entries()) {
      // A part ends before the next day starts.
      const day = this.#day;
      if (!this.#beginsDay(time)) continue;
      if (i > first) await this.#room(places.slice(first, i), day);
      first = i;
    }
    await this.#room(places.slice(first), this.#day);
  }

  #beginsDay(time: number): boolean {
    const day = Math.floor(time / DAY_MS);
    const begins = day > this.#day || time < this.#day * DAY_MS - BEFORE_DAY_MS;
    if (begins) this.#day = day;
    return begins;
  }

  async #room(places: readonly (readonly [sequence: number, time: number])[], day: number) {
    await this.#session.makeRoom(places[0]![0], places.at(-1)![0], day * DAY_MS);
  }
}

function equal(a: readonly unknown[], b: readonly unknown[]): boolean {
  return a.length === b.length && JSON.stringify(a) === JSON.stringify(b);
}
