import type { Sql } from '@prisma/client/runtime/client';
import type { PrismaClient } from '../../generated/sqlite/client.js';

/**
 * What of a database engine the rest of the store uses. The SQL of the store is that which both
 * engines have; where they differ, a {@link Dialect} writes it, or a method of the engine does it.
 */

/** A typed client on one connection of its own. */
export type Client = PrismaClient;

/** A statement that a client will run once it is awaited. */
export type Statement = ReturnType<Client['$executeRaw']>;

/** A value of a row: every integer is a number, so it must be below 2^53. */
export type Cell = null | number | string | Uint8Array;

/** Types of the columns that {@link Dialect.table} can make. */
export type ColumnType = 'integer' | 'text' | 'boolean';

/** Tables whose rows are numbered as they come. */
export type NumberedTable = 'gap' | 'log' | 'market' | 'wanted_pattern';

/** What the engines write in different words. */
export interface Dialect {
  /** What stands after FROM: the rows of a JSON array of arrays with these columns, in order. */
  readonly table: (
    rows: readonly (readonly unknown[])[],
    columns: Readonly<Record<string, ColumnType>>,
  ) => Sql;
  /** What stands after IN: whole numbers. However many there are, they are one parameter. */
  readonly numbers: (values: readonly number[]) => Sql;
  /** The greater of two expressions, neither of which is null. */
  readonly greater: (a: string, b: string) => Sql;
  /** A whole number as a parameter where nothing else says what it is. */
  readonly integer: (value: number) => Sql;
  /** A join that is worked off from left to right, so that rows come in the order of the left side. */
  readonly thenJoin: Sql;
  /** Puts the rows of such a join into the order that its left side is made in, by that column. */
  readonly thenOrder: (column: string) => Sql;
  /** Whether trades that have gathered are packed into pages, which are the unit that is written there. */
  readonly packsTrades: boolean;
  /** What {@link insertBooks} takes is made by such. */
  readonly encoder: () => BookEncoder;
  /** Inserts books as a {@link BookEncoder} of this engine made them; those that are there stay. */
  readonly insertBooks: (rows: Uint8Array<ArrayBuffer>) => Sql;
  /** Lets the next row of a table have an id above `last`, which is 1 at least. */
  readonly beginIdsAbove: (table: NumberedTable, last: number) => readonly Sql[];
}

/** Rows of a query: of many, in a fraction of the time that Prisma takes. */
export type Rows = (query: Sql) => Promise<Cell[][]>;

/** A connection that answers questions. */
export interface Session {
  readonly client: Client;
  readonly dialect: Dialect;
  readonly rows: Rows;
  /** The same, for rows that are wanted later: they are read while this thread does other work. */
  readonly rowsAhead: Rows;
  /** What `read` reads at one moment: nothing is written between its statements. */
  snapshot<T>(read: (rows: Rows) => Promise<T>): Promise<T>;
  /** Ends it. */
  close(): Promise<void>;
}

/** How the room of a database is used, bytes. */
export interface Space {
  /** What it takes on the disk, or will once its log is moved into it. */
  readonly bytes: number;
  /** Of that, what is in use. */
  readonly usedBytes: number;
}

/** Books and trades in pieces of sequences, of which the oldest goes as a whole. */
export interface Pieces {
  /** The end of the newest piece that may go for books before `sequence` being old; null = none may. */
  endBefore(sequence: number): Promise<number | null>;
  /** The end of the oldest piece that may go; null when there is but the one that is written. */
  oldestEnd(): Promise<number | null>;
  /**
   * Lets the oldest piece go that ends up to `end`. Of each market there stays the whole book that the
   * first book from there on stands on, with the changes between; and always the newest book.
   * @param trades trades from this sequence on stay
   * @returns how many books went; null when there is no such piece
   */
  drop(end: number, trades: number): Promise<number | null>;
}

/** The one connection that writes. It gets one call at a time. */
export interface WriterSession extends Session {
  /** Whether no other process has it open to write. */
  alone(): Promise<boolean>;
  /** @throws {StoreError} when what is written would not be found again, or another process writes */
  check(): Promise<void>;
  /** Runs statements in order, in one transaction: all or none. */
  atOnce(statements: readonly Statement[]): Promise<void>;
  /** Does `work` so that what it writes survives even a loss of power. */
  durably<T>(work: () => Promise<T>): Promise<T>;
  /**
   * Makes room for books and trades of these sequences, the first of which was received at `time`,
   * Unix ms; called before they are inserted.
   */
  makeRoom(first: number, last: number, time: number): Promise<void>;
  /** Pieces in which books lie and go; null where they go row by row. */
  readonly pieces: Pieces | null;
  space(): Promise<Space>;
  /** Gives free room back to the file system, at most so many pages. */
  giveBack(pages: number): Promise<{ readonly given: number; readonly left: number }>;
  /** Cuts what lies on the disk to what is needed, unless a reader is in the way. */
  cut(): Promise<void>;
  /**
   * After {@link check} refused with `DATABASE_LOST`: copies the database out of its open files and
   * closes it. The engine's next session is on the copy.
   * @returns where a file was moved that had been put in its place, or null
   */
  rescue(): Promise<string | null>;
  /** Ends it in order; `close()` only lets go of it. */
  finish(): Promise<void>;
}

/** How to open a database to write it. */
export interface WriterSettings {
  /** For tests of a full disk: the size in pages that the database may reach. */
  readonly maxPages?: number | undefined;
  /** Books of a piece at most, where books lie in pieces. */
  readonly pieceBooks?: number | undefined;
  /**
   * Others that say so, too, may have it open to write on a server. Each batch
   * must then say which part of the log it is (`WriteBatch.log`), by which one that came late is refused. Default false.
   */
  readonly shared?: boolean | undefined;
}

/** A database, wherever it is. */
export interface Engine {
  /** How it is called in messages: never with a password. */
  readonly name: string;
  /** Opens a connection that only reads. @throws {Error} when it cannot */
  openReader(): Promise<Session>;
  /** Becomes the one writer, makes or updates the database. @throws {StoreError}, all unchanged */
  openWriter(settings: WriterSettings): Promise<WriterSession>;
  /** Whether a database is there, this program's or another's. */
  exists(): Promise<boolean>;
  /** Makes the database, empty. @throws {StoreError} when that fails */
  make(): Promise<void>;
  /** Checks that this program can read it. @throws {StoreError} if it is missing, another program's, newer or older */
  checkReadable(): Promise<void>;
}

/** Gathers rows of `book` as the bytes that {@link Dialect.insertBooks} takes. */
export interface BookEncoder {
  /** What they take so far, bytes; 0 when there is none. */
  readonly bytes: number;
  add(row: EncodedBook, marketId: number): void;
  /** A copy in memory of its own, which may be handed to another thread; null when there is none. */
  take(): Uint8Array<ArrayBuffer> | null;
  /** Empties it for other rows. */
  clear(): void;
}

/** A row of `book`, but the number of its market. */
export interface EncodedBook {
  readonly sequence: number;
  readonly timestamp: number;
  readonly exchangeTimestamp: number | null;
  /** Sequence of the whole book it stands on; its own for a whole book. */
  readonly base: number;
  /** JSON text as in the database. */
  readonly asks: string;
  readonly bids: string;
}
