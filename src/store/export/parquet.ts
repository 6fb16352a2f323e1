import type { DuckDBConnection } from '@duckdb/node-api';
import { once } from 'node:events';
import { createWriteStream, type WriteStream } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import { DECIMAL_COLUMN } from '../../market/decimal-column.js';
import type { Column, ColumnKind } from './columns.js';
import { workFolder } from './output.js';
import { NARROW } from './parquet-text.js';

/** Text of one piece, bytes: what lies on the disk beside the file while it is made. */
const PIECE_BYTES = 256 * 1024 * 1024;
/** Memory that DuckDB may use. */
const MEMORY = '512MB';

const levelsOf = (decimal: string): string => `STRUCT(price ${decimal}, volume ${decimal})[]`;

/** The type of a column in the text that is read back, and the expression of its own. */
function typesOf(
  kind: ColumnKind,
  decimal: string,
): readonly [text: string, made: (name: string) => string] {
  const plain = (name: string): string => name;
  switch (kind) {
    case 'decimal':
      return [decimal, (name) => `${name}::${DECIMAL_COLUMN}`];
    case 'time':
      return ['BIGINT', (name) => `make_timestamptz(${name} * 1000)`];
    case 'micros':
    case 'integer':
      return ['BIGINT', plain];
    case 'truth':
      return ['BOOLEAN', plain];
    case 'ratio':
      return ['DOUBLE', plain];
    case 'levels': {
      const list = (name: string): string =>
        `list_transform(from_json(${name}, '[["VARCHAR"]]'), lambda l: {'price': l[1], 'volume': l[2]})`;
      return [
        'VARCHAR',
        (name) => `${list(name)}::${levelsOf(decimal)}::${levelsOf(DECIMAL_COLUMN)}`,
      ];
    }
    default:
      return ['VARCHAR', plain];
  }
}

const quoted = (text: string): string => `'${text.replaceAll("'", "''")}'`;
const named = (text: string): string => `"${text.replaceAll('"', '""')}"`;

/**
 * Writes a Parquet file of the text of records ({@link ParquetText}). It goes over the disk, in pieces
 * of bounded size: DuckDB reads and converts it faster than values can be handed to it one by one.
 */
export class ParquetFile {
  readonly #columns: readonly Column[];
  readonly #path: string;
  readonly #folder: string;
  readonly #connection: DuckDBConnection;
  readonly #close: () => void;
  #file: WriteStream | null = null;
  #bytes = 0;
  #pieces = 0;
  /** Whether narrow decimals hold all of the piece that grows. */
  #narrow = true;

  private constructor(
    path: string,
    columns: readonly Column[],
    folder: string,
    connection: DuckDBConnection,
    close: () => void,
  ) {
    this.#path = path;
    this.#columns = columns;
    this.#folder = folder;
    this.#connection = connection;
    this.#close = close;
  }

  /** Begins the file at `path`; what it needs meanwhile lies in the folder {@link workFolder}. */
  static async begin(path: string, columns: readonly Column[]): Promise<ParquetFile> {
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
      return new ParquetFile(path, columns, folder, connection, close);
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
    const file = (this.#file ??= createWriteStream(this.#place('csv')));
    if (!file.write(data)) await once(file, 'drain');
    this.#bytes += data.length;
    if (this.#bytes >= PIECE_BYTES) await this.#endPiece();
  }

  /** Writes the file. Nothing else may be called after it but {@link discard}. */
  async finish(): Promise<void> {
    if (this.#file !== null || this.#pieces === 0) await this.#endPiece();
    if (this.#pieces === 1) await rename(this.#place('parquet', 0), this.#path);
    else {
      const pieces = Array.from({ length: this.#pieces }, (_, i) => this.#place('parquet', i));
      await this.#copy(`SELECT * FROM read_parquet([${pieces.map(quoted).join(',')}])`, this.#path);
    }
    await this.discard();
  }

  /** Ends it, and removes what lies beside the file. */
  async discard(): Promise<void> {
    this.#file?.destroy();
    this.#close();
    await rm(this.#folder, { recursive: true, force: true });
  }

  #place(ending: 'csv' | 'parquet', piece = this.#pieces): string {
    return join(this.#folder, `${piece}.${ending}`);
  }

  /** Makes a piece of the file out of the text that has gathered. */
  async #endPiece(): Promise<void> {
    const file = (this.#file ??= createWriteStream(this.#place('csv')));
    file.end();
    await finished(file);
    const decimal = this.#narrow ? NARROW.type : DECIMAL_COLUMN;
    const read: string[] = [];
    const made: string[] = [];
    for (const { name, kind } of this.#columns) {
      const [type, make] = typesOf(kind, decimal);
      read.push(`${quoted(name)}: ${quoted(type)}`);
      made.push(`${make(named(name))} AS ${named(name)}`);
    }
    await this.#copy(
      `SELECT ${made.join(', ')} FROM read_csv(${quoted(this.#place('csv'))}, auto_detect = false,
         header = false, delim = ',', quote = '"', escape = '"', columns = {${read.join(', ')}})`,
      this.#place('parquet'),
    );
    await rm(this.#place('csv'));
    this.#file = null;
    this.#bytes = 0;
    this.#pieces++;
    this.#narrow = true;
  }

  async #copy(query: string, path: string): Promise<void> {
    await this.#connection.run(
      `COPY (${query}) TO ${quoted(path)} (FORMAT parquet, COMPRESSION zstd)`,
    );
  }
}
