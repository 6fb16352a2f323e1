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
 * Records and bytes per piece, which becomes a row group: half of DuckDB's own size, so that little
 * is left to do after the last record.
 */
const PIECE_ROWS = 61_440;
const PIECE = 16 * 1024 * 1024;
/** DuckDB's memory limit; processing a piece takes several times its size. */
const MEMORY = '256MB';

/**
 * Writes a Parquet file from batches of records. Each piece is written while the records of the
 * next one arrive; at the end their row groups are concatenated verbatim.
 */
export class ParquetFile {
  readonly #path: string;
  readonly #folder: string;
  readonly #connection: DuckDBConnection;
  readonly #close: () => void;
  readonly #table: BatchTable;
  readonly #pieceBytes: number;
  /** Batches for the next piece. */
  #batches: ColumnBatch[] = [];
  #rows = 0;
  #bytes = 0;
  /** Pieces written or being written. */
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
   * Starts the file at `path`; temporary files go to {@link workFolder}.
   * @param pieceBytes bytes of records buffered in memory; overridden by tests
   */
  static async begin(
    path: string,
    columns: readonly Column[],
    pieceBytes = PIECE,
  ): Promise<ParquetFile> {
    const duck = loadDuckDb();
    const folder = workFolder(path);
    // Left by a run that was killed.
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

  /** Completes the file. Only {@link discard} may be called afterwards. */
  async finish(): Promise<void> {
    if (this.#rows > 0 || this.#pieces === 0) await this.#endPiece();
    await this.#writing;
    const pieces = Array.from({ length: this.#pieces }, (_, i) => this.#place(i));
    if (pieces.length === 1) await rename(pieces[0]!, this.#path);
    else await joinParquet(pieces, this.#path);
    await this.discard();
  }

  /** Ends it and removes the temporary files. */
  async discard(): Promise<void> {
    // DuckDB must not be closed while it writes. Why it failed no longer matters, or is known.
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

  /** Turns what is buffered into a piece of the file, once the previous one is done. */
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
    // A failure surfaces before the next one is written, or at the end.
    this.#writing.catch(() => undefined);
  }
}
