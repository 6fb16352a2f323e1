import { DECIMAL_COLUMN, fitsDecimalColumn } from '../../market/decimal-column.js';
import type { Level, Side } from '../../market/order-book.js';
import { type Cell, type Column, type ColumnKind, eachLevel } from './columns.js';
import { PLAIN_CSV, type RecordText, TextSink } from './text.js';

/**
 * DuckDB reads a decimal of 64 bits many times as fast as a wide one. Text is read as this where it
 * holds every digit of a piece, and made wide then.
 */
export const NARROW = { type: 'DECIMAL(18,8)', whole: 10, decimals: 8 } as const;

/** A price or volume does not fit into the columns of Parquet files. */
class DecimalRangeError extends Error {
  constructor(value: string) {
    super(
      `${value} does not fit into ${DECIMAL_COLUMN}, so a Parquet file cannot hold it exactly; csv and json can`,
    );
    this.name = 'DecimalRangeError';
  }
}

/** Records as the text that {@link ParquetFile} takes, once their decimals have been found to fit. */
export class ParquetText implements RecordText {
  /** Whether {@link NARROW} holds all decimals of what has gathered. */
  narrow = true;
  readonly #sink: TextSink;
  readonly #decimals: readonly number[];
  readonly #sides: readonly number[];

  constructor(columns: readonly Column[]) {
    const at = (kind: ColumnKind): number[] =>
      columns.flatMap((column, i) => (column.kind === kind ? [i] : []));
    this.#sink = new TextSink(PLAIN_CSV, columns);
    this.#decimals = at('decimal');
    this.#sides = at('levels');
  }

  get length(): number {
    return this.#sink.length;
  }

  get records(): number {
    return this.#sink.records;
  }

  take(): string {
    this.narrow = true;
    return this.#sink.take();
  }

  finish(): void {
    this.#sink.finish();
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
