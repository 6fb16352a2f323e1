import type * as DuckDb from '@duckdb/node-api';
import { DECIMAL_COLUMN, DECIMAL_SCALE } from '../../market/decimal-column.js';
import { quoted } from '../../parquet/duckdb.js';
import type { BatchColumn, ColumnBatch } from './column-batch.js';
import type { Column } from './columns.js';
import { NARROW, widened } from './narrow-decimal.js';

type Duck = typeof DuckDb;

/** Undocumented part of the package's vectors in use: their memory, where it holds numbers. */
interface NumberVector extends DuckDb.DuckDBVector {
  readonly items?: { set(values: ArrayLike<unknown>): void };
  readonly dataView?: DataView;
}

/** The function behind the table. */
const TABLE = 'batches';
const NARROW_COLUMN = `DECIMAL(${NARROW.width},${NARROW.scale})`;

const levelsOf = (decimal: string): string => `STRUCT(price ${decimal}, volume ${decimal})[]`;

/** A column of several batches, with the same representation in all of them. */
interface TableColumn {
  readonly type: DuckDb.DuckDBType;
  /** Its part of each batch. */
  readonly parts: readonly BatchColumn[];
}

/** Converts to the file's representation. @param narrow whether narrow decimals hold all its levels */
function inFile(value: string, { name, kind }: Column, narrow: boolean): string {
  const named = `"${name.replaceAll('"', '""')}"`;
  switch (kind) {
    case 'decimal':
      return `${value}::${DECIMAL_COLUMN} AS ${named}`;
    case 'time':
      return `${value}::TIMESTAMPTZ AS ${named}`;
    case 'micros':
    case 'integer':
      return `${value}::BIGINT AS ${named}`;
    case 'truth':
      return `${value}::VARCHAR::BOOLEAN AS ${named}`;
    case 'ratio':
      return `${value}::DOUBLE AS ${named}`;
    case 'levels': {
      const list = `list_transform(from_json(${value}, '[["VARCHAR"]]'), lambda l: {'price': l[1], 'volume': l[2]})`;
      // Parsing text as a narrow decimal takes a fraction of the time.
      const read = narrow ? `${list}::${levelsOf(NARROW_COLUMN)}` : list;
      return `${read}::${levelsOf(DECIMAL_COLUMN)} AS ${named}`;
    }
    default:
      return `${value}::VARCHAR AS ${named}`;
  }
}

/**
 * Batches of records as a DuckDB table that reads directly from their memory: copying them into a
 * table took as long as writing the file. Read by one query at a time.
 */
export class BatchTable {
  readonly #duck: Duck;
  readonly #columns: readonly Column[];
  #batches: readonly ColumnBatch[] = [];
  #table: readonly TableColumn[] = [];
  /** Read position: the batch, its row, and how many nulls of each column precede that. */
  #batch = 0;
  #row = 0;
  #nulls: number[] = [];

  /** @param connection the one that reads it */
  constructor(duck: Duck, connection: DuckDb.DuckDBConnection, columns: readonly Column[]) {
    this.#duck = duck;
    this.#columns = columns;
    const table = duck.DuckDBTableFunction.create({
      name: TABLE,
      bindFunction: (info) => {
        for (const [i, { type }] of this.#table.entries()) info.addResultColumn(`c${i}`, type);
      },
      initFunction: (info) => {
        info.setMaxThreads(1);
        this.#begin(0);
      },
      mainFunction: (_, chunk) => this.give(chunk),
    });
    connection.registerTableFunction(table);
  }

  /**
   * Replaces the table's contents with these batches.
   * @returns the query that yields them in the file's representation
   */
  put(batches: readonly ColumnBatch[]): string {
    const table: TableColumn[] = [];
    const selected = this.#columns.map((column, i) => {
      const parts = batches.map(({ columns }) => columns[i]!);
      // The market of a single-market export. The table needs a column, so never the last one.
      const word = i < this.#columns.length - 1 ? onlyWord(parts) : null;
      if (word !== null) return inFile(quoted(word), column, true);
      const narrow = parts.every((part) => part.form !== 'texts' || part.narrow);
      table.push(tableColumn(this.#duck, column, parts));
      return inFile(`c${table.length - 1}`, column, narrow);
    });
    this.#batches = batches;
    this.#table = table;
    return `SELECT ${selected.join(', ')} FROM ${TABLE}()`;
  }

  /** Puts the next rows into a chunk; none at the end. */
  give(chunk: DuckDb.DuckDBDataChunk): void {
    const batch = this.#batches[this.#batch];
    if (batch === undefined) {
      chunk.rowCount = 0;
      return;
    }
    const from = this.#row;
    const to = Math.min(batch.rows, from + this.#duck.DuckDBVector.standardSize());
    chunk.rowCount = to - from;
    for (const [i, { parts }] of this.#table.entries()) {
      const part = parts[this.#batch]!;
      const vector = chunk.getColumnVector(i);
      fill(vector, part, from, to);
      for (; part.nulls[this.#nulls[i]!]! < to; this.#nulls[i]!++) {
        vector.setItem(part.nulls[this.#nulls[i]!]! - from, null);
      }
      vector.flush();
    }
    this.#row = to;
    if (to === batch.rows) this.#begin(this.#batch + 1);
  }

  #begin(batch: number): void {
    this.#batch = batch;
    this.#row = 0;
    this.#nulls = this.#table.map(() => 0);
  }
}

/** The single word in all rows of a column; null where there are others, or none. */
function onlyWord(parts: readonly BatchColumn[]): string | null {
  let found: string | null = null;
  for (const part of parts) {
    if (part.form !== 'words' || part.words.length !== 1 || part.nulls.length > 0) return null;
    const [word] = part.words;
    if (found !== null && found !== word) return null;
    found = word!;
  }
  return found;
}

/** A column of several batches in the one representation that fits all of it. */
function tableColumn(duck: Duck, { kind }: Column, parts: readonly BatchColumn[]): TableColumn {
  switch (parts[0]?.form) {
    case 'integers':
      return { type: kind === 'time' ? duck.TIMESTAMPTZ : duck.BIGINT, parts };
    case 'ratios':
      return { type: duck.DOUBLE, parts };
    case 'narrow':
    case 'wide':
      return parts.some(({ form }) => form === 'wide')
        ? { type: duck.DECIMAL(38, DECIMAL_SCALE), parts: parts.map(wide) }
        : { type: duck.DECIMAL(NARROW.width, NARROW.scale), parts };
    case 'words':
      return sameWords(duck, parts);
    default:
      return { type: duck.VARCHAR, parts };
  }
}

/** Converts decimals to wide ones. */
function wide(part: BatchColumn): BatchColumn {
  if (part.form !== 'narrow') return part;
  const { values, nulls } = part;
  return { form: 'wide', values: widened(values, values.length, values.length), nulls };
}

/** Renumbers words to a common list. */
function sameWords(duck: Duck, parts: readonly BatchColumn[]): TableColumn {
  const numbers = new Map<string, number>();
  const same = parts.map((part): BatchColumn => {
    if (part.form !== 'words') return part;
    const own = Uint32Array.from(part.words, (word) => {
      const number = numbers.get(word) ?? numbers.size;
      numbers.set(word, number);
      return number;
    });
    // Most batches have the same words in the same order.
    if (own.every((number, i) => number === i)) return part;
    return { ...part, values: part.values.map((number) => own[number] ?? 0) };
  });
  return { type: duck.ENUM(numbers.size === 0 ? [''] : [...numbers.keys()]), parts: same };
}

/** Puts the values of a column from `from` to before `to` into a vector. */
function fill(vector: NumberVector, part: BatchColumn, from: number, to: number): void {
  const { form, values } = part;
  if (form === 'texts') {
    for (let i = from; i < to; i++) vector.setItem(i - from, values[i]!);
    return;
  }
  if (form !== 'narrow' && form !== 'wide') return vector.items!.set(values.subarray(from, to));
  const words = form === 'wide' ? 2 : 1;
  const { buffer, byteOffset } = vector.dataView!;
  const room = new BigInt64Array(buffer, byteOffset, (to - from) * words);
  room.set(values.subarray(from * words, to * words));
}
