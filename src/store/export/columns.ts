import type { Level, Side } from '../../market/order-book.js';
import { decodeLevels } from '../../market/level-text.js';

/**
 * Type of a column: `name` a recurring text (a market's parts); `word` one that needs no escaping;
 * `text` any other; `decimal` Decimal text; `time` Unix ms; `micros` Unix ms written as µs;
 * `integer`; `truth` true or false; `ratio` a floating point number; `levels` a side of a book.
 */
export type ColumnKind =
  | 'name'
  | 'word'
  | 'text'
  | 'decimal'
  | 'time'
  | 'micros'
  | 'integer'
  | 'truth'
  | 'ratio'
  | 'levels';

/** A column of an export. */
export interface Column {
  readonly name: string;
  readonly kind: ColumnKind;
}

/** The value of a column in a record; null = none. */
export type Cell = string | number | boolean | readonly Level[] | null;

/** Receives the records of an export. */
export interface RecordSink {
  /** Whether enough has accumulated to be worth taking. */
  readonly full: boolean;
  /** Adds a whole record. */
  add(cells: readonly Cell[]): void;
  /**
   * Adds a record per level: preceding cells, side, price, volume, following cells.
   * @param levels parsed, or as stored text
   */
  addLevels(
    before: readonly Cell[],
    side: Side,
    levels: string | readonly Level[],
    behind: readonly Cell[],
  ): void;
}

/** Calls `take` for each level; see {@link RecordSink.addLevels}. */
export function eachLevel(
  levels: string | readonly Level[],
  take: (price: string, volume: string) => void,
): void {
  const read = typeof levels === 'string' ? decodeLevels(levels) : levels;
  for (const [price, volume] of read) take(price, volume);
}

/** Columns of the given kinds, named in one text. */
export function columns(kind: ColumnKind, names: string): Column[] {
  return names.split(' ').map((name) => ({ name, kind }));
}

/** The market of a record. */
export const MARKET_COLUMNS: readonly Column[] = columns('name', 'exchange symbol currency');
