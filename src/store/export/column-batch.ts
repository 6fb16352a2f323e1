import type { Level, Side } from '../../market/order-book.js';
import { encodeLevels } from '../../market/level-text.js';
import { type Cell, type Column, type ColumnKind, eachLevel, type RecordSink } from './columns.js';
import { checkDecimal, isNarrow, putNarrow, putWide, widened } from './narrow-decimal.js';

/** A column: 64-bit integers (times in µs), doubles, decimals, word numbers, or texts. */
type BatchValues =
  | { readonly form: 'integers' | 'narrow' | 'wide'; readonly values: BigInt64Array }
  | { readonly form: 'ratios'; readonly values: Float64Array }
  | { readonly form: 'words'; readonly values: Uint32Array; readonly words: readonly string[] }
  | { readonly form: 'texts'; readonly values: readonly string[]; readonly narrow: boolean };

/** A column of a batch. */
export type BatchColumn = BatchValues & {
  /** The rows with no value; whatever is stored there is meaningless. */
  readonly nulls: readonly number[];
};

/** Columnar records, as passed between threads and to DuckDB. */
export interface ColumnBatch {
  readonly rows: number;
  readonly columns: readonly BatchColumn[];
  /** Their approximate size in bytes. */
  readonly bytes: number;
}

/** Initial row capacity. */
const FIRST_ROWS = 4_096;
/** Rows and bytes of a batch: for fewer, the overhead of passing it on is too large. */
const FULL_ROWS = 8_192;
const FULL_BYTES = 4 * 1024 * 1024;
const BITS_32 = 4_294_967_296;

/** Accumulates the values of a column. */
abstract class Gathering {
  protected nulls: number[] = [];

  put(row: number, cell: Cell): void {
    if (cell === null) this.nulls.push(row);
    else this.set(row, cell);
  }

  /** Returns the first `rows` values and starts over. */
  take(rows: number): BatchColumn {
    const { nulls } = this;
    this.nulls = [];
    return { ...this.taken(rows), nulls };
  }

  /** Makes room. */
  abstract grow(rows: number): void;
  protected abstract set(row: number, cell: Exclude<Cell, null>): void;
  protected abstract taken(rows: number): BatchValues;
}

/** The same memory, or a larger one with its contents. */
function larger(words: Int32Array<ArrayBuffer>, length: number): Int32Array<ArrayBuffer> {
  if (words.length >= length) return words;
  const room = new Int32Array(length);
  room.set(words);
  return room;
}

const first64 = (words: Int32Array<ArrayBuffer>, count: number): BigInt64Array =>
  new BigInt64Array(words.buffer.slice(0, count * 8));

class Integers extends Gathering {
  readonly #unit: number;
  #words = new Int32Array(0);

  /** @param unit how many words one value takes */
  constructor(unit: number) {
    super();
    this.#unit = unit;
  }

  grow(rows: number): void {
    this.#words = larger(this.#words, rows * 2);
  }

  protected set(row: number, cell: Cell): void {
    const value = (cell as number) * this.#unit;
    const high = Math.floor(value / BITS_32);
    this.#words[row * 2] = (value - high * BITS_32) | 0;
    this.#words[row * 2 + 1] = high;
  }

  protected taken(rows: number): BatchValues {
    return { form: 'integers', values: first64(this.#words, rows) };
  }
}

class Ratios extends Gathering {
  #values = new Float64Array(0);

  grow(rows: number): void {
    if (this.#values.length >= rows) return;
    const room = new Float64Array(rows);
    room.set(this.#values);
    this.#values = room;
  }

  protected set(row: number, cell: Cell): void {
    this.#values[row] = cell as number;
  }

  protected taken(rows: number): BatchValues {
    return { form: 'ratios', values: this.#values.slice(0, rows) };
  }
}

class Decimals extends Gathering {
  #words = new Int32Array(0);
  /** Set once there is a value that is not narrow. */
  #wide: BigInt64Array | null = null;
  /** The last narrow value, and where: the next one is often the same. */
  #last = '';
  #lastAt = 0;
  #rows = 0;

  grow(rows: number): void {
    this.#words = larger(this.#words, rows * 2);
    this.#rows = rows;
    if (this.#wide === null) return;
    const room = new BigInt64Array(rows * 2);
    room.set(this.#wide);
    this.#wide = room;
  }

  protected set(row: number, cell: Cell): void {
    const text = cell as string;
    if (this.#wide === null) {
      const words = this.#words;
      const at = row * 2;
      if (text === this.#last) {
        words[at] = words[this.#lastAt]!;
        words[at + 1] = words[this.#lastAt + 1]!;
        this.#lastAt = at;
        return;
      }
      if (putNarrow(words, at, text)) {
        this.#last = text;
        this.#lastAt = at;
        return;
      }
      this.#wide = widened(first64(words, row), row, this.#rows);
    }
    putWide(this.#wide, row * 2, text);
  }

  protected taken(rows: number): BatchValues {
    const wide = this.#wide;
    this.#wide = null;
    this.#last = '';
    return wide === null
      ? { form: 'narrow', values: first64(this.#words, rows) }
      : { form: 'wide', values: wide.slice(0, rows * 2) };
  }
}

/** Recurring texts: each is passed on once. */
class Words extends Gathering {
  readonly #numbers = new Map<Cell, number>();
  #values = new Uint32Array(0);
  #last: Cell = null;
  #lastNumber = 0;

  grow(rows: number): void {
    if (this.#values.length >= rows) return;
    const room = new Uint32Array(rows);
    room.set(this.#values);
    this.#values = room;
  }

  protected set(row: number, cell: Cell): void {
    if (cell !== this.#last) {
      let number = this.#numbers.get(cell);
      if (number === undefined) this.#numbers.set(cell, (number = this.#numbers.size));
      this.#last = cell;
      this.#lastNumber = number;
    }
    this.#values[row] = this.#lastNumber;
  }

  protected taken(rows: number): BatchValues {
    const words = [...this.#numbers.keys()].map(String);
    this.#numbers.clear();
    this.#last = null;
    return { form: 'words', values: this.#values.slice(0, rows), words };
  }
}

/** Texts, and sides of books as the text of their levels. */
class Texts extends Gathering {
  /** Accumulated length. */
  length = 0;
  #values: string[] = [];
  #narrow = true;
  /** Most changes touch one side: the other one, the same array, keeps its text. */
  #side: readonly Level[] | null = null;
  #sideText = '';

  grow(): void {
    // Arrays grow.
  }

  protected set(row: number, cell: Cell): void {
    const text = typeof cell === 'string' ? cell : this.#textOf(cell as readonly Level[]);
    // Preceding rows without a value have none here either.
    while (this.#values.length < row) this.#values.push('');
    this.#values.push(text);
    this.length += text.length;
  }

  protected taken(rows: number): BatchValues {
    const [values, narrow] = [this.#values, this.#narrow];
    while (values.length < rows) values.push('');
    this.#values = [];
    this.#narrow = true;
    this.length = 0;
    // The cached side belongs to another batch.
    this.#side = null;
    return { form: 'texts', values, narrow };
  }

  #textOf(levels: readonly Level[]): string {
    if (levels === this.#side) return this.#sideText;
    for (const level of levels) for (const text of level) this.#look(text);
    this.#side = levels;
    return (this.#sideText = encodeLevels(levels));
  }

  #look(text: string): void {
    if (isNarrow(text)) return;
    checkDecimal(text);
    this.#narrow = false;
  }
}

function gathering(kind: ColumnKind): Gathering {
  switch (kind) {
    case 'decimal':
      return new Decimals();
    case 'time':
    case 'micros':
      return new Integers(1_000);
    case 'integer':
      return new Integers(1);
    case 'ratio':
      return new Ratios();
    case 'text':
    case 'levels':
      return new Texts();
    default:
      return new Words();
  }
}

/** Takes the records of an export for a Parquet file, checking that their decimals fit. */
export class BatchSink implements RecordSink {
  /** Records taken. */
  records = 0;
  readonly #columns: readonly Gathering[];
  readonly #texts: readonly Texts[];
  #rows = 0;
  #room = 0;

  constructor(columns: readonly Column[]) {
    this.#columns = columns.map(({ kind }) => gathering(kind));
    this.#texts = this.#columns.filter((column) => column instanceof Texts);
  }

  /** Approximate number of bytes accumulated. */
  get length(): number {
    const fixed = this.#rows * (this.#columns.length - this.#texts.length) * 8;
    return this.#texts.reduce((sum, { length }) => sum + length, fixed);
  }

  get full(): boolean {
    return this.#rows >= FULL_ROWS || this.length >= FULL_BYTES;
  }

  add(cells: readonly Cell[]): void {
    const row = this.#next();
    const columns = this.#columns;
    for (let i = 0; i < columns.length; i++) columns[i]!.put(row, cells[i]!);
  }

  addLevels(
    before: readonly Cell[],
    side: Side,
    levels: string | readonly Level[],
    behind: readonly Cell[],
  ): void {
    const columns = this.#columns;
    const at = before.length;
    eachLevel(levels, (price, volume) => {
      const row = this.#next();
      for (let i = 0; i < at; i++) columns[i]!.put(row, before[i]!);
      columns[at]!.put(row, side);
      columns[at + 1]!.put(row, price);
      columns[at + 2]!.put(row, volume);
      for (let i = 0; i < behind.length; i++) columns[at + 3 + i]!.put(row, behind[i]!);
    });
  }

  /** Takes what has accumulated. */
  take(): ColumnBatch {
    const { length: bytes } = this;
    const rows = this.#rows;
    this.#rows = 0;
    return { rows, columns: this.#columns.map((column) => column.take(rows)), bytes };
  }

  #next(): number {
    if (this.#rows === this.#room) {
      this.#room = Math.max(FIRST_ROWS, this.#room * 2);
      for (const column of this.#columns) column.grow(this.#room);
    }
    this.records++;
    return this.#rows++;
  }
}
