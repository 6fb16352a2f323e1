import type { DuckDBConnection } from '@duckdb/node-api';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { DECIMAL_COLUMN } from '../../market/decimal-column.js';
import { loadDuckDb } from '../../parquet/duckdb.js';
import type { ColumnBatch } from './column-batch.js';
import type { Column, ColumnKind } from './columns.js';
import { BatchAppender } from './duck-batch.js';
import { NARROW } from './narrow-decimal.js';
import { workFolder } from './output.js';

/** Bytes of records that DuckDB keeps in memory; of more, a piece of the file is made. */
const PIECE = 128 * 1024 * 1024;
/** Memory that DuckDB may use. */
const MEMORY = '512MB';

const NARROW_COLUMN = `DECIMAL(${NARROW.width},${NARROW.scale})`;

const levelsOf = (decimal: string): string => `STRUCT(price ${decimal}, volume ${decimal})[]`;

/** As what a column waits for its file: decimals as narrow ones, as long as those hold them. */
function typeOf(kind: ColumnKind): string {
  switch (kind) {
    case 'decimal':
      return NARROW_COLUMN;
    case 'time':
      return 'TIMESTAMPTZ';
    case 'micros':
    case 'integer':
      return 'BIGINT';
    case 'truth':
      return 'BOOLEAN';
    case 'ratio':
      return 'DOUBLE';
    default:
      return 'VARCHAR';
  }
}

/** A column that waits as it is written. @param narrow whether narrow decimals hold all levels */
function written({ name, kind }: Column, narrow: boolean): string {
  const column = named(name);
  if (kind === 'decimal') return `${column}::${DECIMAL_COLUMN} AS ${column}`;
  if (kind !== 'levels') return column;
  const list = `list_transform(from_json(${column}, '[["VARCHAR"]]'), lambda l: {'price': l[1], 'volume': l[2]})`;
  // Text becomes a narrow decimal in a fraction of the time.
  const read = narrow ? `${list}::${levelsOf(NARROW_COLUMN)}` : list;
  return `${read}::${levelsOf(DECIMAL_COLUMN)} AS ${column}`;
}

const quoted = (text: string): string => `'${text.replaceAll("'", "''")}'`;
const named = (text: string): string => `"${text.replaceAll('"', '""')}"`;

/** Writes a Parquet file of batches of records. */
export class ParquetFile {
  readonly #columns: readonly Column[];
  readonly #path: string;
  readonly #folder: string;
  readonly #connection: DuckDBConnection;
  readonly #close: () => void;
  readonly #appenderOf: () => Promise<BatchAppender>;
  readonly #pieceBytes: number;
  #appender: BatchAppender | null = null;
  /** What of the records is kept in memory, and whether narrow decimals hold all levels of it. */
  #kept = 0;
  #narrow = true;
  /** The decimal columns that are wide in it. */
  readonly #wide = new Set<number>();
  #pieces = 0;

  private constructor(
    path: string,
    columns: readonly Column[],
    connection: DuckDBConnection,
    appenderOf: () => Promise<BatchAppender>,
    close: () => void,
    pieceBytes: number,
  ) {
    this.#path = path;
    this.#columns = columns;
    this.#folder = workFolder(path);
    this.#connection = connection;
    this.#appenderOf = appenderOf;
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
      const settings = { memory_limit: MEMORY, threads: '2', temp_directory: folder };
      const instance = await duck.DuckDBInstance.create(':memory:', settings);
      const connection = await instance.connect();
      await connection.run("SET TimeZone = 'UTC'");
      const close = (): void => {
        connection.closeSync();
        instance.closeSync();
      };
      const appenderOf = async (): Promise<BatchAppender> =>
        new BatchAppender(duck, columns, await connection.createAppender('piece'));
      const file = new ParquetFile(path, columns, connection, appenderOf, close, pieceBytes);
      await file.#beginPiece();
      return file;
    } catch (error) {
      await rm(folder, { recursive: true, force: true });
      throw error;
    }
  }

  /** Takes records. */
  async write(batch: ColumnBatch): Promise<void> {
    for (const [i, column] of batch.columns.entries()) {
      if (column.form === 'texts') this.#narrow &&= column.narrow;
      if (column.form === 'wide' && !this.#wide.has(i)) await this.#widen(i);
    }
    this.#appender ??= await this.#appenderOf();
    this.#appender.append(batch);
    this.#kept += batch.bytes;
    if (this.#kept >= this.#pieceBytes) await this.#endPiece();
  }

  /** Writes the file. Nothing else may be called after it but {@link discard}. */
  async finish(): Promise<void> {
    if (this.#pieces === 0) await this.#copyPiece(this.#path);
    else {
      if (this.#kept > 0) await this.#endPiece();
      const pieces = Array.from({ length: this.#pieces }, (_, i) => this.#place(i));
      await this.#copy(`SELECT * FROM read_parquet([${pieces.map(quoted).join(',')}])`, this.#path);
    }
    await this.discard();
  }

  /** Ends it, and removes what lies beside the file. */
  async discard(): Promise<void> {
    try {
      this.#endAppending();
    } catch {
      // Nobody wants these records any more, and what ended the file matters more.
    }
    try {
      this.#close();
    } finally {
      await rm(this.#folder, { recursive: true, force: true });
    }
  }

  #place(number: number): string {
    return join(this.#folder, `${number}.parquet`);
  }

  #endAppending(): void {
    const appender = this.#appender;
    // First: one that failed to close is not closed again.
    this.#appender = null;
    appender?.close();
  }

  async #widen(column: number): Promise<void> {
    this.#endAppending();
    const name = named(this.#columns[column]!.name);
    await this.#connection.run(`ALTER TABLE piece ALTER ${name} TYPE ${DECIMAL_COLUMN}`);
    this.#wide.add(column);
  }

  async #beginPiece(): Promise<void> {
    const columns = this.#columns.map(({ name, kind }) => `${named(name)} ${typeOf(kind)}`);
    await this.#connection.run(`CREATE OR REPLACE TABLE piece (${columns.join(', ')})`);
    this.#kept = 0;
    this.#narrow = true;
    this.#wide.clear();
  }

  /** Makes a piece of the file out of what is kept in memory. */
  async #endPiece(): Promise<void> {
    await this.#copyPiece(this.#place(this.#pieces++));
    await this.#beginPiece();
  }

  /** Writes what is kept in memory. */
  async #copyPiece(path: string): Promise<void> {
    this.#endAppending();
    const columns = this.#columns.map((column) => written(column, this.#narrow));
    await this.#copy(`SELECT ${columns.join(', ')} FROM piece`, path);
  }

  async #copy(query: string, path: string): Promise<void> {
    await this.#connection.run(
      `COPY (${query}) TO ${quoted(path)} (FORMAT parquet, COMPRESSION zstd)`,
    );
  }
}
