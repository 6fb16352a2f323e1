import type { DuckDBConnection } from '@duckdb/node-api';
import { once } from 'node:events';
import { createWriteStream, type WriteStream } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import { DECIMAL_COLUMN } from '../../market/decimal-column.js';
import type { Column, ColumnKind } from './columns.js';
import { workFolder } from './output.js';
import { NARROW } from './parquet-text.js';

/** Bounds, bytes of text. */
const BOUNDS = {
  /** What DuckDB is given at a time, while more is being made. */
  part: 8 * 1024 * 1024,
  /** What it keeps in memory; of more, a piece of the file is made. */
  piece: 128 * 1024 * 1024,
};
/** Memory that DuckDB may use. */
const MEMORY = '512MB';

const levelsOf = (decimal: string): string => `STRUCT(price ${decimal}, volume ${decimal})[]`;

/** How a column is read from text, made of that, and kept. */
interface ParquetColumn {
  readonly text: string;
  readonly made: (name: string) => string;
  readonly type: string;
}

const plain = (name: string): string => name;

/** @param decimal the type as which decimals are read */
function columnOf(kind: ColumnKind, decimal: string): ParquetColumn {
  switch (kind) {
    case 'decimal':
      return { text: decimal, made: (name) => `${name}::${DECIMAL_COLUMN}`, type: DECIMAL_COLUMN };
    case 'time':
      return {
        text: 'BIGINT',
        made: (name) => `make_timestamptz(${name} * 1000)`,
        type: 'TIMESTAMPTZ',
      };
    case 'micros':
    case 'integer':
      return { text: 'BIGINT', made: plain, type: 'BIGINT' };
    case 'truth':
      return { text: 'BOOLEAN', made: plain, type: 'BOOLEAN' };
    case 'ratio':
      return { text: 'DOUBLE', made: plain, type: 'DOUBLE' };
    case 'levels': {
      const type = levelsOf(DECIMAL_COLUMN);
      const list = (name: string): string =>
        `list_transform(from_json(${name}, '[["VARCHAR"]]'), lambda l: {'price': l[1], 'volume': l[2]})`;
      return {
        text: 'VARCHAR',
        made: (name) => `${list(name)}::${levelsOf(decimal)}::${type}`,
        type,
      };
    }
    default:
      return { text: 'VARCHAR', made: plain, type: 'VARCHAR' };
  }
}

const quoted = (text: string): string => `'${text.replaceAll("'", "''")}'`;
const named = (text: string): string => `"${text.replaceAll('"', '""')}"`;

/**
 * Writes a Parquet file of the text of records ({@link ParquetText}). It goes over the disk, in parts,
 * each of which DuckDB reads while the next one grows: in less time than values can be handed to it
 * one by one.
 */
export class ParquetFile {
  readonly #columns: readonly Column[];
  readonly #path: string;
  readonly #folder: string;
  readonly #connection: DuckDBConnection;
  readonly #close: () => void;
  readonly #bounds: typeof BOUNDS;
  #file: WriteStream | null = null;
  #bytes = 0;
  /** Whether narrow decimals hold all of the part that grows. */
  #narrow = true;
  #parts = 0;
  /** The reading of the last part. */
  #reading: Promise<void> = Promise.resolve();
  /** Text of the records that are kept in memory. */
  #kept = 0;
  #pieces = 0;

  private constructor(
    path: string,
    columns: readonly Column[],
    folder: string,
    connection: DuckDBConnection,
    close: () => void,
    bounds: typeof BOUNDS,
  ) {
    this.#path = path;
    this.#columns = columns;
    this.#folder = folder;
    this.#connection = connection;
    this.#close = close;
    this.#bounds = bounds;
  }

  /**
   * Begins the file at `path`; what it needs meanwhile lies in the folder {@link workFolder}.
   * @param bounds other ones than the usual, for tests
   */
  static async begin(
    path: string,
    columns: readonly Column[],
    bounds = BOUNDS,
  ): Promise<ParquetFile> {
    const { DuckDBInstance } = await import('@duckdb/node-api');
    const folder = workFolder(path);
    // What a run that was killed has left.
    await rm(folder, { recursive: true, force: true });
    await mkdir(folder);
    try {
      const settings = { memory_limit: MEMORY, threads: '2', temp_directory: folder };
      const instance = await DuckDBInstance.create(':memory:', settings);
      const connection = await instance.connect();
      await connection.run("SET TimeZone = 'UTC'");
      const close = (): void => {
        connection.closeSync();
        instance.closeSync();
      };
      const file = new ParquetFile(path, columns, folder, connection, close, bounds);
      await file.#beginPiece();
      return file;
    } catch (error) {
      await rm(folder, { recursive: true, force: true });
      throw error;
    }
  }

  /**
   * Takes text of records.
   * @param narrow whether {@link NARROW} holds all its decimals
   */
  async write(text: string, narrow: boolean): Promise<void> {
    this.#narrow &&= narrow;
    const data = Buffer.from(text);
    const file = (this.#file ??= createWriteStream(this.#place('csv', this.#parts)));
    if (!file.write(data)) await once(file, 'drain');
    this.#bytes += data.length;
    if (this.#bytes >= this.#bounds.part) await this.#endPart();
  }

  /** Writes the file. Nothing else may be called after it but {@link discard}. */
  async finish(): Promise<void> {
    await this.#endPart();
    await this.#reading;
    if (this.#pieces === 0) await this.#copy('SELECT * FROM piece', this.#path);
    else {
      await this.#endPiece();
      const pieces = Array.from({ length: this.#pieces }, (_, i) => this.#place('parquet', i));
      await this.#copy(`SELECT * FROM read_parquet([${pieces.map(quoted).join(',')}])`, this.#path);
    }
    await this.discard();
  }

  /** Ends it, and removes what lies beside the file. */
  async discard(): Promise<void> {
    this.#file?.destroy();
    await this.#reading.catch(() => undefined);
    this.#close();
    await rm(this.#folder, { recursive: true, force: true });
  }

  #place(ending: 'csv' | 'parquet', number: number): string {
    return join(this.#folder, `${number}.${ending}`);
  }

  /** Lets the part be read that has grown, once the one before it has been. */
  async #endPart(): Promise<void> {
    const [file, bytes, narrow] = [this.#file, this.#bytes, this.#narrow];
    if (file === null) return;
    const path = this.#place('csv', this.#parts++);
    this.#file = null;
    this.#bytes = 0;
    this.#narrow = true;
    file.end();
    await finished(file);
    await this.#reading;
    this.#reading = this.#read(path, narrow ? NARROW.type : DECIMAL_COLUMN, bytes);
    // Whether it failed is looked at when the next part is there.
    this.#reading.catch(() => undefined);
  }

  async #read(path: string, decimal: string, bytes: number): Promise<void> {
    const columns = this.#columns.map(({ name, kind }) => ({ name, ...columnOf(kind, decimal) }));
    const read = columns.map(({ name, text }) => `${quoted(name)}: ${quoted(text)}`);
    const made = columns.map(({ name, made: make }) => make(named(name)));
    await this.#connection.run(
      `INSERT INTO piece SELECT ${made.join(', ')} FROM read_csv(${quoted(path)}, auto_detect = false,
         header = false, delim = ',', quote = '"', escape = '"', columns = {${read.join(', ')}})`,
    );
    await rm(path);
    this.#kept += bytes;
    if (this.#kept >= this.#bounds.piece) await this.#endPiece();
  }

  async #beginPiece(): Promise<void> {
    const columns = this.#columns.map(
      ({ name, kind }) => `${named(name)} ${columnOf(kind, DECIMAL_COLUMN).type}`,
    );
    await this.#connection.run(`CREATE OR REPLACE TABLE piece (${columns.join(', ')})`);
    this.#kept = 0;
  }

  /** Makes a piece of the file out of what is kept in memory. */
  async #endPiece(): Promise<void> {
    if (this.#kept === 0) return;
    await this.#copy('SELECT * FROM piece', this.#place('parquet', this.#pieces++));
    await this.#beginPiece();
  }

  async #copy(query: string, path: string): Promise<void> {
    await this.#connection.run(
      `COPY (${query}) TO ${quoted(path)} (FORMAT parquet, COMPRESSION zstd)`,
    );
  }
}
