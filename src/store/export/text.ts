import type { Level, Side } from '../../market/order-book.js';
import { isoText } from '../iso-text.js';
import { encodeLevels } from '../levels.js';
import { type Cell, type Column, type ColumnKind, eachLevel, type RecordSink } from './columns.js';

/** CSV without a header whose times are Unix ms: for a program that reads it at once. */
export const PLAIN_CSV = 'plain csv';

/** The forms of text that records are written in. */
export type TextFormat = 'json' | 'ndjson' | 'csv' | typeof PLAIN_CSV;

/** How a cell that is not null is written. */
type CellText = (cell: Cell) => string;

/** Keeps the text of what comes again and again. */
function remembered<T>(text: (value: T) => string, most = 10_000): (value: T) => string {
  const known = new Map<T, string>();
  return (value) => {
    let found = known.get(value);
    if (found === undefined) {
      if (known.size >= most) known.clear();
      found = text(value);
      known.set(value, found);
    }
    return found;
  };
}

/** The text of a side. Most changes touch one side: the other one, the same array, keeps its text. */
function levelsText(encode: (levels: readonly Level[]) => string): CellText {
  const known = new WeakMap<readonly Level[], string>();
  return (cell) => {
    const levels = cell as readonly Level[];
    let text = known.get(levels);
    if (text === undefined) {
      text = encode(levels);
      known.set(levels, text);
    }
    return text;
  };
}

/** A cell of CSV (RFC 4180): quoted where it must be. */
function csvText(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

const plain = String as CellText;

/** `000` to `999`. */
const THREE = Array.from({ length: 1_000 }, (_, i) => String(i).padStart(3, '0'));

/**
 * Makes times, Unix ms, text: one after the other they lie close together, and only when the second
 * changes is a number spelled.
 * @param end what follows each
 */
function timeText(end = ''): CellText {
  let second = NaN;
  let text = '';
  const ends = THREE.map((ms) => ms + end);
  return (cell) => {
    const ms = cell as number;
    const whole = Math.floor(ms / 1_000);
    if (whole !== second) {
      if (whole <= 0) return `${ms}${end}`;
      second = whole;
      text = String(whole);
    }
    return text + ends[ms - whole * 1_000]!;
  };
}

/** A time that a reader of numbers takes, in the unit of its column. */
function numberTime(kind: ColumnKind): CellText {
  return timeText(kind === 'micros' ? '000' : '');
}

function csvCell(kind: ColumnKind, plainTimes: boolean): CellText {
  if (kind === 'name') return remembered((cell: Cell) => csvText(cell as string));
  if (kind === 'text') return (cell) => csvText(cell as string);
  if (kind === 'time') return plainTimes ? numberTime(kind) : (isoText() as CellText);
  if (kind === 'levels') return levelsText((levels) => csvText(encodeLevels(levels)));
  return kind === 'micros' ? numberTime(kind) : plain;
}

function jsonCell(kind: ColumnKind): CellText {
  if (kind === 'name') return remembered((cell: Cell) => JSON.stringify(cell));
  if (kind === 'text') return (cell) => JSON.stringify(cell);
  // Decimal text and our own words need no escaping.
  if (kind === 'decimal' || kind === 'word') return (cell) => `"${cell as string}"`;
  if (kind === 'levels') return levelsText(encodeLevels);
  return kind === 'micros' || kind === 'time' ? numberTime(kind) : plain;
}

/** Takes records and gives their text. */
export interface RecordText extends RecordSink {
  /** Records taken. */
  readonly records: number;
  /** Takes what has gathered. */
  take(): string;
  /** Ends it; then {@link take} gives the rest. */
  finish(): void;
  /** Parquet: whether narrow decimals hold all that has gathered; to be asked for before {@link take}. */
  readonly narrow?: boolean;
}

/** Writes records as text: a JSON array, an object a line, or CSV with a header. */
export class TextSink implements RecordText {
  records = 0;
  readonly #csv: boolean;
  readonly #array: boolean;
  /** What stands before each cell, and what ends a record. */
  readonly #leads: readonly string[];
  readonly #end: string;
  readonly #none: string;
  readonly #cells: readonly CellText[];
  #text: string;
  #first = true;

  constructor(format: TextFormat, columns: readonly Column[]) {
    this.#csv = format === 'csv' || format === PLAIN_CSV;
    this.#array = format === 'json';
    const key = (name: string, i: number): string =>
      `${i === 0 ? '{' : ','}${JSON.stringify(name)}:`;
    this.#leads = columns.map(({ name }, i) => (this.#csv ? (i === 0 ? '' : ',') : key(name, i)));
    this.#end = this.#csv ? '\n' : this.#array ? '}' : '}\n';
    this.#none = this.#csv ? '' : 'null';
    this.#cells = columns.map(({ kind }) =>
      this.#csv ? csvCell(kind, format === PLAIN_CSV) : jsonCell(kind),
    );
    this.#text = format === 'csv' ? `${columns.map(({ name }) => csvText(name)).join(',')}\n` : '';
  }

  /** Length of what has gathered, UTF-16 units. */
  get length(): number {
    return this.#text.length;
  }

  add(cells: readonly Cell[]): void {
    this.#text += this.#begin() + this.#write(0, cells) + this.#end;
  }

  addLevels(
    before: readonly Cell[],
    side: Side,
    levels: string | readonly Level[],
    behind: readonly Cell[],
  ): void {
    if (levels.length === 0 || levels === '[]') return;
    const at = before.length;
    const head = this.#write(0, before) + this.#write(at, [side]) + this.#leads[at + 1]!;
    // What was put together is a tree of its parts, to be walked with each level; this makes it one.
    head.charCodeAt(0);
    const middle = this.#leads[at + 2]!;
    const tail = this.#write(at + 3, behind) + this.#end;
    const quote = this.#csv ? '' : '"';
    let text = '';
    eachLevel(levels, (price, volume) => {
      text += `${this.#begin()}${head}${quote}${price}${quote}${middle}${quote}${volume}${quote}${tail}`;
    });
    this.#text += text;
  }

  take(): string {
    const text = this.#text;
    this.#text = '';
    return text;
  }

  finish(): void {
    if (this.#array) this.#text += this.#first ? '[]\n' : '\n]\n';
  }

  /** What stands before the next record. */
  #begin(): string {
    this.records++;
    if (!this.#array) return '';
    if (!this.#first) return ',\n';
    this.#first = false;
    return '[\n';
  }

  #write(from: number, cells: readonly Cell[]): string {
    let text = '';
    for (let i = 0; i < cells.length; i++) {
      const cell = cells[i]!;
      text += this.#leads[from + i]!;
      text += cell === null ? this.#none : this.#cells[from + i]!(cell);
    }
    return text;
  }
}
