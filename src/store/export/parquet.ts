import type { DuckDBConnection } from '@duckdb/node-api';
import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { loadDuckDb, quoted } from '../../parquet/duckdb.js';
import { joinParquet } from '../../parquet/join-files.js';
import { BatchTable } from './batch-table.js';
import type { ColumnBatch } from './column-batch.js';
import type { Column } from './columns.js';
import { workFolder } from './output.js';

/**
 * Records, and bytes of them, of a piece of the file, which is a row group of it: half of DuckDB's own
 * size, so that little is left to do once the last record is there.
 */
const PIECE_ROWS = 61_440;
const PIECE = 16 * 1024 * 1024;
/** Memory that DuckDB may use; what it makes of a piece takes several times its length. */
const MEMORY = '256MB';

/**
 * Writes a Parquet file of batches of records. Each piece of it is written while the records of the next
 * one come; at the end their row groups are put one after the other, as they are.
 */
export class ParquetFile {
  readonly #path: string;
  readonly #folder: string;
  readonly #connection: DuckDBConnection;
  readonly #close: () => void;
  readonly #table: BatchTable;
  readonly #pieceBytes: number;
  /** What waits for the next piece. */
  #batches: ColumnBatch[] = [];
  #rows = 0;
  #bytes = 0;
  /** Pieces that have been written, or are being written. */
  #pieces = 0;
  /** Settles when the last of them is written. */
  #writing: Promise<unknown> = Promise.resolve();

  private constructor(
    path: string,
    connection: DuckDBConnection,
    table: BatchTable,
    close: () => void,
    pieceBytes: number,
  ) {
    this.#path = path;
    this.#folder = workFolder(path);
    this.#connection = connection;
    this.#table = table;
    this.#close = close;
    this.#pieceBytes = pieceBytes;
  }

  /**
   * Begins the file at `path`; what it needs meanwhile lies in the folder {@link workFolder}.
   * @param pieceBytes bytes of records that are kept in memory; another number than the usual, for tests
   */
  static async begin(
    path: string,
    columns: readonly Column[],
    pieceBytes = PIECE,
  ): Promise<ParquetFile> {
    const duck = loadDuckDb();
    const folder = workFolder(path);
    // What a run that was killed has left.
    await rm(folder, { recursive: true, force: true });
    await mkdir(folder);
    try {
      const settings = { memory_limit: MEMORY, threads: '1', temp_directory: folder };
      const instance = await duck.DuckDBInstance.create(':memory:', settings);
      const connection = await instance.connect();
      const close = (): void => {
        connection.closeSync();
        instance.closeSync();
      };
      const table = new BatchTable(duck, connection, columns);
      return new ParquetFile(path, connection, table, close, pieceBytes);
    } catch (error) {
      await rm(folder, { recursive: true, force: true });
      throw error;
    }
  }

  /** Takes records. */
  async write(batch: ColumnBatch): Promise<void> {
    this.#batches.push(batch);
    this.#rows += batch.rows;
    this.#bytes += batch.bytes;
    if (this.#rows >= PIECE_ROWS || this.#bytes >= this.#pieceBytes) await this.#endPiece();
  }

  /** Writes the file. Nothing else may be called after it but {@link discard}. */
  async finish(): Promise<void> {
    if (this.#rows > 0 || this.#pieces === 0) await this.#endPiece();
    await this.#writing;
    const pieces = Array.from({ length: this.#pieces }, (_, i) => this.#place(i));
    if (pieces.length === 1) await rename(pieces[0]!, this.#path);
    else await joinParquet(pieces, this.#path);
    await this.discard();
  }

  /** Ends it, and removes what lies beside the file. */
  async discard(): Promise<void> {
    // DuckDB is not closed while it writes. Why it failed no longer matters, or is known.
    await this.#writing.catch(() => undefined);
    try {
      this.#close();
    } finally {
      await rm(this.#folder, { recursive: true, force: true });
    }
  }

  #place(number: number): string {
    return join(this.#folder, `${number}.parquet`);
  }

  /** Lets a piece of the file be made of what waits, once the one before it is done: one at a time. */
  async #endPiece(): Promise<void> {
    const batches = this.#batches;
    this.#batches = [];
    this.#rows = 0;
    this.#bytes = 0;
    await this.#writing;
    const place = quoted(this.#place(this.#pieces++));
    this.#writing = this.#connection.run(
      `COPY (${this.#table.put(batches)}) TO ${place} (FORMAT parquet, COMPRESSION zstd)`,
    );
    // Whether it failed is looked at before the next one is written, or at the end.
    this.#writing.catch(() => undefined);
  }
}
