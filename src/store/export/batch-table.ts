import type * as DuckDb from '@duckdb/node-api';
import { DECIMAL_COLUMN, DECIMAL_SCALE } from '../../market/decimal-column.js';
import { quoted } from '../../parquet/duckdb.js';
import type { BatchColumn, ColumnBatch } from './column-batch.js';
import type { Column } from './columns.js';
import { NARROW, widened } from './narrow-decimal.js';

type Duck = typeof DuckDb;

/** What of the package's vectors is used beside what it promises: their memory, where it is one of numbers. */
interface NumberVector extends DuckDb.DuckDBVector {
  readonly items?: { set(values: ArrayLike<unknown>): void };
  readonly dataView?: DataView;
}

/** The function that is the table. */
const TABLE = 'batches';
const NARROW_COLUMN = `DECIMAL(${NARROW.width},${NARROW.scale})`;

const levelsOf = (decimal: string): string => `STRUCT(price ${decimal}, volume ${decimal})[]`;

/** A column of some batches, which has one form in all of them. */
interface TableColumn {
  readonly type: DuckDb.DuckDBType;
  /** Its part of each batch. */
  readonly parts: readonly BatchColumn[];
}

/** As what a file has a column. @param narrow whether narrow decimals hold all levels of it */
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
      // Text becomes a narrow decimal in a fraction of the time.
      const read = narrow ? `${list}::${levelsOf(NARROW_COLUMN)}` : list;
      return `${read}::${levelsOf(DECIMAL_COLUMN)} AS ${named}`;
    }
    default:
      return `${value}::VARCHAR AS ${named}`;
  }
}

/**
 * Batches of records as a table of DuckDB, which takes them out of their memory as it reads: to put them
 * into a table of its own took as long as to write the file. It is read by one query at a time.
 */
export class BatchTable {
  readonly #duck: Duck;
  readonly #columns: readonly Column[];
  #batches: readonly ColumnBatch[] = [];
  #table: readonly TableColumn[] = [];
  /** Where it is read: which batch, which row of it, and how many nulls of each column lie before that. */
  #batch = 0;
  #row = 0;
  #nulls: number[] = [];

  /** @param connection the one that is to read it */
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
   * Lets the table have these batches, in place of those before.
   * @returns the query that gives them as a file has them
   */
  put(batches: readonly ColumnBatch[]): string {
    const table: TableColumn[] = [];
    const selected = this.#columns.map((column, i) => {
      const parts = batches.map(({ columns }) => columns[i]!);
      // The market of an export of one market. The table needs a column, so the last one is none.
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

/** The one word that all rows of a column have; null where there are others, or none. */
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

/** A column of some batches in the one form that holds all of it. */
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

/** Decimals as wide ones. */
function wide(part: BatchColumn): BatchColumn {
  if (part.form !== 'narrow') return part;
  const { values, nulls } = part;
  return { form: 'wide', values: widened(values, values.length, values.length), nulls };
}

/** Words by the numbers that they have in one list. */
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
