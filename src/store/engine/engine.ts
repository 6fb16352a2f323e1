import type { Sql } from '@prisma/client/runtime/client';
import type { PrismaClient } from '../../generated/sqlite/client.js';

/**
 * The database engine interface used by the rest of the store. The store's SQL is the subset common
 * to both engines; where they differ, a {@link Dialect} or a method of the engine takes over.
 */

/** A typed client on its own connection. */
export type Client = PrismaClient;

/** A statement that a client runs once it is awaited. */
export type Statement = ReturnType<Client['$executeRaw']>;

/** A value in a row: every integer is a number, so it must be below 2^53. */
export type Cell = null | number | string | Uint8Array;

/** Column types supported by {@link Dialect.table}. */
export type ColumnType = 'integer' | 'text' | 'boolean';

/** Tables with auto-incremented ids. */
export type NumberedTable = 'gap' | 'log' | 'market' | 'wanted_pattern';

/** SQL that the engines write differently. */
export interface Dialect {
  /** For use after FROM: the rows of a JSON array of arrays with these columns, in order. */
  readonly table: (
    rows: readonly (readonly unknown[])[],
    columns: Readonly<Record<string, ColumnType>>,
  ) => Sql;
  /** For use after IN: integers. However many there are, they are one parameter. */
  readonly numbers: (values: readonly number[]) => Sql;
  /** The greater of two expressions, neither of which is null. */
  readonly greater: (a: string, b: string) => Sql;
  /** An integer parameter where its type cannot be inferred. */
  readonly integer: (value: number) => Sql;
  /** A join evaluated from left to right, so that rows come in the order of the left side. */
  readonly thenJoin: Sql;
  /** Orders the rows of such a join like its left side, by that column. */
  readonly thenOrder: (column: string) => Sql;
  /** Whether accumulated trades are packed into pages, the unit of writing there. */
  readonly packsTrades: boolean;
  /** Creates the input of {@link insertBooks}. */
  readonly encoder: () => BookEncoder;
  /** Inserts books encoded by a {@link BookEncoder} of this engine; existing ones are kept. */
  readonly insertBooks: (rows: Uint8Array<ArrayBuffer>) => Sql;
  /** Makes the next row of a table have an id above `last`, which is at least 1. */
  readonly beginIdsAbove: (table: NumberedTable, last: number) => readonly Sql[];
}

/** Rows of a query: for many, in a fraction of Prisma's time. */
export type Rows = (query: Sql) => Promise<Cell[][]>;

/** A connection that answers queries. */
export interface Session {
  readonly client: Client;
  readonly dialect: Dialect;
  readonly rows: Rows;
  /** The same, for rows needed later: they are read while this thread does other work. */
  readonly rowsAhead: Rows;
  /** What `read` reads as of one moment: nothing is written between its statements. */
  snapshot<T>(read: (rows: Rows) => Promise<T>): Promise<T>;
  /** Closes it. */
  close(): Promise<void>;
}

/** Space usage of a database, bytes. */
export interface Space {
  /** Its size on disk, including what will be moved there from its log. */
  readonly bytes: number;
  /** Of that, what is in use. */
  readonly usedBytes: number;
}

/** Books and trades partitioned by sequence; the oldest partition is dropped as a whole. */
export interface Pieces {
  /** End of the newest partition that may be dropped if books before `sequence` are old; null = none. */
  endBefore(sequence: number): Promise<number | null>;
  /** End of the oldest droppable partition; null when there is only the one being written. */
  oldestEnd(): Promise<number | null>;
  /**
   * Drops the oldest partition that ends by `end`. For each market, the whole book on which the
   * first remaining book depends is kept, with the deltas in between; and always the newest book.
   * @param trades trades from this sequence on are kept
   * @returns how many books were dropped; null when there is no such partition
   */
  drop(end: number, trades: number): Promise<number | null>;
}

/** The one writing connection. It gets one call at a time. */
export interface WriterSession extends Session {
  /** Whether no other process has it open for writing. */
  alone(): Promise<boolean>;
  /** @throws {StoreError} when what is written would be lost, or another process is writing */
  check(): Promise<void>;
  /** Runs statements in order, in one transaction. */
  atOnce(statements: readonly Statement[]): Promise<void>;
  /** Runs `work` so that what it writes survives a power loss. */
  durably<T>(work: () => Promise<T>): Promise<T>;
  /**
   * Prepares for inserting books and trades of these sequences, the first of which was received at
   * `time`, Unix ms.
   */
  makeRoom(first: number, last: number, time: number): Promise<void>;
  /** The partitions of the books; null where they are deleted row by row. */
  readonly pieces: Pieces | null;
  space(): Promise<Space>;
  /** Returns free space to the file system, at most this many pages. */
  giveBack(pages: number): Promise<{ readonly given: number; readonly left: number }>;
  /** Truncates the files on disk to what is needed, unless a reader is in the way. */
  cut(): Promise<void>;
  /**
   * After {@link check} failed with `DATABASE_LOST`: copies the database from its open files and
   * closes it. The engine's next session uses the copy.
   * @returns where a file put in its place was moved to, or null
   */
  rescue(): Promise<string | null>;
  /** Closes it cleanly; `close()` just drops it. */
  finish(): Promise<void>;
}

/** How to open a database for writing. */
export interface WriterSettings {
  /** For tests of a full disk: maximum size of the database in pages. */
  readonly maxPages?: number | undefined;
  /** Maximum books per partition, where books are partitioned. */
  readonly pieceBooks?: number | undefined;
  /**
   * Whether other writers with the same setting may have it open on a server. Each batch must then
   * state its part of the log (`WriteBatch.log`), so that a late one is refused. Default false.
   */
  readonly shared?: boolean | undefined;
}

/** A database, wherever it is. */
export interface Engine {
  /** Its name in messages: never with a password. */
  readonly name: string;
  /** Opens a read-only connection. @throws {Error} when it cannot */
  openReader(): Promise<Session>;
  /** Becomes the only writer, creating or migrating the database. @throws {StoreError}, with nothing changed */
  openWriter(settings: WriterSettings): Promise<WriterSession>;
  /** Whether a database exists, this program's or another's. */
  exists(): Promise<boolean>;
  /** Creates an empty database. @throws {StoreError} when that fails */
  make(): Promise<void>;
  /** Checks that this program can read it. @throws {StoreError} if it is missing, another program's, newer or older */
  checkReadable(): Promise<void>;
}

/** Encodes rows of `book` as the bytes {@link Dialect.insertBooks} takes. */
export interface BookEncoder {
  /** Size so far, bytes; 0 when empty. */
  readonly bytes: number;
  add(row: EncodedBook, marketId: number): void;
  /** A copy in separate memory, transferable to another thread; null when empty. */
  take(): Uint8Array<ArrayBuffer> | null;
  /** Empties it for reuse. */
  clear(): void;
}

/** A row of `book`, except for its market's number. */
export interface EncodedBook {
  readonly sequence: number;
  readonly timestamp: number;
  readonly exchangeTimestamp: number | null;
  /** Sequence of the whole book it depends on; its own for a whole book. */
  readonly base: number;
  /** JSON text as in the database. */
  readonly asks: string;
  readonly bids: string;
}
