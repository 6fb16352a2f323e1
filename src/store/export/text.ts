import type { Level, Side } from '../../market/order-book.js';
import { TextBytes } from '../../util/text-bytes.js';
import { isoText } from '../iso-text.js';
import { encodeLevels } from '../../market/level-text.js';
import { type Cell, type Column, type ColumnKind, eachLevel, type RecordSink } from './columns.js';

/** Length of accumulated text worth taking. */
const FULL = 128 * 1024;

/** Text formats of records. */
export type TextFormat = 'json' | 'ndjson' | 'csv';

/** Formats a cell that is not null. */
type CellText = (cell: Cell) => string;
type CellWriter = (out: TextBytes, cell: Cell) => void;

/** Caches the text of recurring values. */
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

/** A cell of CSV (RFC 4180): quoted where necessary. */
function csvText(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** Writes formatted text. */
function spelled(text: CellText): CellWriter {
  return (out, cell) => out.text(text(cell));
}

const word: CellWriter = (out, cell) => out.text(cell as string);
const plain = spelled(String as CellText);
const quoted: CellWriter = (out, cell) => {
  out.text('"');
  out.text(cell as string);
  out.text('"');
};
const integer: CellWriter = (out, cell) => {
  if ((cell as number) >= 0) out.whole(cell as number);
  else out.text(String(cell));
};
/** Unix ms as µs. */
const micros: CellWriter = (out, cell) => {
  integer(out, cell);
  if (cell !== 0) out.text('000');
};

function csvCell(kind: ColumnKind): CellWriter {
  switch (kind) {
    case 'name':
      return spelled(remembered((cell: Cell) => csvText(cell as string)));
    case 'text':
      return spelled((cell) => csvText(cell as string));
    case 'time':
      return spelled(isoText() as CellText);
    case 'levels':
      return spelled(levelsText((levels) => csvText(encodeLevels(levels))));
    case 'decimal':
    case 'word':
      return word;
    default:
      return numberCell(kind);
  }
}

function jsonCell(kind: ColumnKind): CellWriter {
  switch (kind) {
    case 'name':
      return spelled(remembered((cell: Cell) => JSON.stringify(cell)));
    case 'text':
      return spelled((cell) => JSON.stringify(cell));
    // Decimal text and our own words need no escaping.
    case 'decimal':
    case 'word':
      return quoted;
    case 'levels':
      return spelled(levelsText(encodeLevels));
    case 'time':
      return integer;
    default:
      return numberCell(kind);
  }
}

function numberCell(kind: ColumnKind): CellWriter {
  if (kind === 'integer') return integer;
  return kind === 'micros' ? micros : plain;
}

/** Writes records as text: a JSON array, one object per line, or CSV with a header. */
export class TextSink implements RecordSink {
  /** Records taken. */
  records = 0;
  readonly #csv: boolean;
  readonly #array: boolean;
  /** What precedes each cell, and what ends a record. */
  readonly #leads: readonly string[];
  readonly #end: string;
  readonly #none: string;
  readonly #cells: readonly CellWriter[];
  readonly #out = new TextBytes();
  #first = true;

  constructor(format: TextFormat, columns: readonly Column[]) {
    this.#csv = format === 'csv';
    this.#array = format === 'json';
    const key = (name: string, i: number): string =>
      `${i === 0 ? '{' : ','}${JSON.stringify(name)}:`;
    this.#leads = columns.map(({ name }, i) => (this.#csv ? (i === 0 ? '' : ',') : key(name, i)));
    this.#end = this.#csv ? '\n' : this.#array ? '}' : '}\n';
    this.#none = this.#csv ? '' : 'null';
    this.#cells = columns.map(({ kind }) => (this.#csv ? csvCell(kind) : jsonCell(kind)));
    if (this.#csv) {
      this.#out.text(`${columns.map(({ name }) => csvText(name)).join(',')}\n`);
    }
  }

  /** Length of accumulated text, bytes. */
  get length(): number {
    return this.#out.length;
  }

  get full(): boolean {
    return this.#out.length >= FULL;
  }

  add(cells: readonly Cell[]): void {
    this.#begin();
    this.#write(0, cells);
    this.#out.text(this.#end);
  }

  addLevels(
    before: readonly Cell[],
    side: Side,
    levels: string | readonly Level[],
    behind: readonly Cell[],
  ): void {
    const out = this.#out;
    const at = before.length;
    const quote = this.#csv ? '' : '"';
    const lead = `${this.#leads[at + 1]!}${quote}`;
    const middle = `${quote}${this.#leads[at + 2]!}${quote}`;
    // Offsets of the common prefix and suffix of all levels, once written.
    let [head, headEnd, tail, tailEnd] = [-1, 0, 0, 0];
    eachLevel(levels, (price, volume) => {
      this.#begin();
      if (head >= 0) out.again(head, headEnd);
      else {
        head = out.length;
        this.#write(0, before);
        this.#write(at, [side]);
        out.text(lead);
        headEnd = out.length;
      }
      out.text(price);
      out.text(middle);
      out.text(volume);
      if (tail > 0) out.again(tail, tailEnd);
      else {
        tail = out.length;
        out.text(quote);
        this.#write(at + 3, behind);
        out.text(this.#end);
        tailEnd = out.length;
      }
    });
  }

  /** Takes what has accumulated. */
  take(): string {
    return this.#out.take();
  }

  /** Ends it; {@link take} then returns the rest. */
  finish(): void {
    if (this.#array) this.#out.text(this.#first ? '[]\n' : '\n]\n');
  }

  /** Writes what precedes the next record. */
  #begin(): void {
    this.records++;
    if (!this.#array) return;
    this.#out.text(this.#first ? '[\n' : ',\n');
    this.#first = false;
  }

  #write(from: number, cells: readonly Cell[]): void {
    const out = this.#out;
    for (let i = 0; i < cells.length; i++) {
      const cell = cells[i]!;
      out.text(this.#leads[from + i]!);
      if (cell === null) out.text(this.#none);
      else this.#cells[from + i]!(out, cell);
    }
  }
}
