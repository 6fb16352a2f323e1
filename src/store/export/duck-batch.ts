import type * as DuckDb from '@duckdb/node-api';
import { DECIMAL_SCALE } from '../../market/decimal-column.js';
import type { BatchColumn, ColumnBatch } from './column-batch.js';
import type { Column } from './columns.js';
import { NARROW } from './narrow-decimal.js';

type Duck = typeof DuckDb;

/** What of the package's vectors is used beside what it promises: their memory, where it is one of numbers. */
interface NumberVector extends DuckDb.DuckDBVector {
  readonly items?: { set(values: ArrayLike<unknown>): void };
  readonly dataView?: DataView;
}

/** The type that DuckDB is handed a column as; it makes that of its table of it. */
function typeOf(duck: Duck, column: BatchColumn, { kind }: Column): DuckDb.DuckDBType {
  switch (column.form) {
    case 'integers':
      return kind === 'time' ? duck.TIMESTAMPTZ : duck.BIGINT;
    case 'ratios':
      return duck.DOUBLE;
    case 'narrow':
      return duck.DECIMAL(NARROW.width, NARROW.scale);
    case 'wide':
      return duck.DECIMAL(38, DECIMAL_SCALE);
    case 'words':
      return duck.ENUM(column.words.length === 0 ? [''] : column.words);
    case 'texts':
      return duck.VARCHAR;
  }
}

/** Puts the values of a column from `from` to before `to` into a vector. */
function fill(vector: NumberVector, column: BatchColumn, from: number, to: number): void {
  const { form, values } = column;
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

/** Appends batches to a table of DuckDB, a chunk of its own size at a time. */
export class BatchAppender {
  readonly #duck: Duck;
  readonly #columns: readonly Column[];
  readonly #appender: DuckDb.DuckDBAppender;

  constructor(duck: Duck, columns: readonly Column[], appender: DuckDb.DuckDBAppender) {
    this.#duck = duck;
    this.#columns = columns;
    this.#appender = appender;
  }

  append({ rows, columns }: ColumnBatch): void {
    const types = columns.map((column, i) => typeOf(this.#duck, column, this.#columns[i]!));
    const size = this.#duck.DuckDBVector.standardSize();
    const nulls = columns.map(() => 0);
    for (let from = 0; from < rows; from += size) {
      const to = Math.min(rows, from + size);
      const chunk = this.#duck.DuckDBDataChunk.create(types, to - from);
      for (const [i, column] of columns.entries()) {
        const vector = chunk.getColumnVector(i);
        fill(vector, column, from, to);
        for (; column.nulls[nulls[i]!]! < to; nulls[i]!++) {
          vector.setItem(column.nulls[nulls[i]!]! - from, null);
        }
        vector.flush();
      }
      this.#appender.appendDataChunk(chunk);
    }
  }

  /** Lets the table have all that was appended. */
  close(): void {
    this.#appender.closeSync();
  }
}
