import type { DuckDBConnection } from '@duckdb/node-api';
import { once } from 'node:events';
import { createWriteStream, type WriteStream } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import { DECIMAL_COLUMN, fitsDecimalColumn } from '../../market/decimal-column.js';
import type { Level, Side } from '../../market/order-book.js';
import { type Cell, type Column, type ColumnKind, eachLevel, type RecordSink } from './columns.js';
import { workFolder } from './output.js';
import { PLAIN_CSV, TextSink } from './text.js';

/** Text of one piece, bytes: what lies on the disk beside the file while it is made. */
const PIECE_BYTES = 256 * 1024 * 1024;
/** Memory that DuckDB may use. */
const MEMORY = '512MB';

/**
 * DuckDB reads a decimal of 64 bits many times as fast as a wide one. Text is read as this where it
 * holds every digit of a piece, and made wide then.
 */
const NARROW = { type: 'DECIMAL(18,8)', whole: 10, decimals: 8 } as const;

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

/** A price or volume does not fit into the columns of Parquet files. */
export class DecimalRangeError extends Error {
  constructor(value: string) {
    super(
      `${value} does not fit into ${DECIMAL_COLUMN}, so a Parquet file cannot hold it exactly; csv and json can`,
    );
    this.name = 'DecimalRangeError';
  }
}

/** Passes records on as CSV, once their decimals have been found to fit. */
class CheckedSink implements RecordSink {
  /** Whether all decimals since it was set fit into {@link NARROW}. */
  narrow = true;
  readonly #sink: TextSink;
  readonly #decimals: readonly number[];
  readonly #sides: readonly number[];

  constructor(sink: TextSink, columns: readonly Column[]) {
    const at = (kind: ColumnKind): number[] =>
      columns.flatMap((column, i) => (column.kind === kind ? [i] : []));
    this.#sink = sink;
    this.#decimals = at('decimal');
    this.#sides = at('levels');
  }

  get length(): number {
    return this.#sink.length;
  }

  add(cells: readonly Cell[]): void {
    for (const i of this.#decimals) {
      const cell = cells[i] as string | null;
      if (cell !== null) this.#check(cell);
    }
    for (const i of this.#sides) {
      const cell = cells[i] as readonly Level[] | null;
      if (cell !== null) this.#checkLevels(cell);
    }
    this.#sink.add(cells);
  }

  addLevels(
    before: readonly Cell[],
    side: Side,
    levels: string | readonly Level[],
    behind: readonly Cell[],
  ): void {
    this.#checkLevels(levels);
    this.#sink.addLevels(before, side, levels, behind);
  }

  #check(value: string): void {
    const point = value.indexOf('.');
    const whole = point === -1 ? value.length : point;
    const decimals = point === -1 ? 0 : value.length - point - 1;
    if (whole <= NARROW.whole && decimals <= NARROW.decimals) return;
    if (!fitsDecimalColumn(value)) throw new DecimalRangeError(value);
    this.narrow = false;
  }

  #checkLevels(levels: string | readonly Level[]): void {
    eachLevel(levels, (price, volume) => {
      this.#check(price);
      this.#check(volume);
    });
  }
}

/**
 * Writes records into a Parquet file. They go through text on the disk, of bounded size: DuckDB reads
 * and converts it faster than values can be handed to it one by one.
 */
export class ParquetFile {
  /** Takes the records. */
  readonly sink: RecordSink;
  readonly #checked: CheckedSink;
  readonly #text: TextSink;
  readonly #columns: readonly Column[];
  readonly #path: string;
  readonly #folder: string;
  readonly #connection: DuckDBConnection;
  readonly #close: () => void;
  #file: WriteStream | null = null;
  #bytes = 0;
  #pieces = 0;

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
    this.#text = new TextSink(PLAIN_CSV, columns);
    this.#checked = new CheckedSink(this.#text, columns);
    this.sink = this.#checked;
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

  /** Records taken. */
  get records(): number {
    return this.#text.records;
  }

  /** Puts away what has gathered in the sink. */
  async flush(): Promise<void> {
    if (this.#text.length === 0) return;
    const data = Buffer.from(this.#text.take());
    const file = (this.#file ??= createWriteStream(this.#place('csv')));
    if (!file.write(data)) await once(file, 'drain');
    this.#bytes += data.length;
    if (this.#bytes >= PIECE_BYTES) await this.#endPiece();
  }

  /** Writes the file. Nothing else may be called after it but {@link discard}. */
  async finish(): Promise<void> {
    await this.flush();
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
    const decimal = this.#checked.narrow ? NARROW.type : DECIMAL_COLUMN;
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
    this.#checked.narrow = true;
  }

  async #copy(query: string, path: string): Promise<void> {
    await this.#connection.run(
      `COPY (${query}) TO ${quoted(path)} (FORMAT parquet, COMPRESSION zstd)`,
    );
  }
}
