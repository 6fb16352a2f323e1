import type { Level, Side } from '../../market/order-book.js';
import { decodeLevels } from '../../market/level-text.js';

/**
 * What a column holds: `name` a text that recurs (a market's parts); `word` one that needs no
 * escaping; `text` any other; `decimal` Decimal text; `time` Unix ms; `micros` Unix ms that are
 * written as µs; `integer`; `truth` true or false; `ratio` a floating point number; `levels` a side of a
 * book.
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

/** What stands in a column of a record; null = nothing. */
export type Cell = string | number | boolean | readonly Level[] | null;

/** Takes the records of an export. */
export interface RecordSink {
  /** Whether so much has gathered in it that it is worth taking out. */
  readonly full: boolean;
  /** A whole record. */
  add(cells: readonly Cell[]): void;
  /**
   * A record for each level: cells before, side, price, volume, cells behind.
   * @param levels as they are, or the text in which they are stored
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
