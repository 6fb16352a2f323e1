import type { Cell, ColumnType, Rows } from '../engine/engine.js';
import { joined, raw, type Sql, sql } from '../engine/sql.js';
import { storableText } from '../engine/storable.js';
import { CLOCK_STEP, COVERAGE, LOG } from '../table-columns.js';

/** A table copied row by row: all except books and trades. */
export interface CopiedTable {
  readonly name: string;
  readonly columns: Readonly<Record<string, ColumnType>>;
  /** Columns that identify and order the rows; the others depend on them. */
  readonly key: readonly string[];
  /** How rows are copied: upserted because others refer to them, all replaced, or only pages that differ. */
  readonly way: 'over' | 'instead' | 'pages';
}

/** Rows per page. */
const PAGE = 4_000;

/** In copying order: what others refer to comes first. */
export const TABLES_BEFORE: readonly CopiedTable[] = [
  {
    name: 'exchange',
    columns: { name: 'text', enabled: 'boolean', listed_at: 'integer' },
    key: ['name'],
    way: 'over',
  },
  {
    name: 'market',
    columns: {
      id: 'integer',
      exchange: 'text',
      symbol: 'text',
      currency: 'text',
      code: 'text',
      korean_name: 'text',
      english_name: 'text',
      listed: 'boolean',
      wanted: 'boolean',
      recording: 'boolean',
    },
    key: ['id'],
    way: 'over',
  },
];

/** Copied after books and trades. */
export const TABLES_AFTER: readonly CopiedTable[] = [
  {
    name: 'wanted_pattern',
    columns: {
      id: 'integer',
      exchange: 'text',
      symbol: 'text',
      currency: 'text',
      wanted: 'boolean',
    },
    key: ['id'],
    way: 'instead',
  },
  {
    name: 'clock_step',
    columns: CLOCK_STEP,
    key: ['sequence'],
    way: 'instead',
  },
  {
    name: 'trade_span',
    columns: {
      market_id: 'integer',
      start: 'integer',
      end: 'integer',
      completeness: 'text',
      cause: 'text',
      detail: 'text',
      checked: 'integer',
    },
    key: ['market_id', 'start'],
    way: 'instead',
  },
  {
    name: 'recording_span',
    columns: { market_id: 'integer', start: 'integer', end: 'integer' },
    key: ['market_id', 'start'],
    way: 'instead',
  },
  {
    name: 'gap',
    columns: {
      id: 'integer',
      market_id: 'integer',
      start: 'integer',
      end: 'integer',
      cause: 'text',
      detail: 'text',
      attempts: 'integer',
    },
    key: ['id'],
    way: 'instead',
  },
  {
    name: 'coverage',
    columns: COVERAGE,
    key: ['minute', 'market_id'],
    way: 'pages',
  },
  {
    name: 'log',
    columns: { id: 'integer', ...LOG },
    key: ['id'],
    way: 'pages',
  },
];

/** Rows of a table between two keys, and the second key; null = they are the last ones. */
export interface TablePage {
  readonly rows: readonly (readonly unknown[])[];
  readonly upTo: readonly Cell[] | null;
}

/** Columns as a list of names. */
export function columnList(names: readonly string[]): Sql {
  return raw(names.map((name) => `"${name}"`).join(', '));
}

/** The condition that a row's key is after one key and not after another; null = unbounded. */
export function within(
  { key }: CopiedTable,
  after: readonly Cell[] | null,
  upTo: readonly Cell[] | null,
): Sql {
  const bounds = [
    ...(after === null ? [] : [sql`(${columnList(key)}) > (${joined(values(after))})`]),
    ...(upTo === null ? [] : [sql`(${columnList(key)}) <= (${joined(values(upTo))})`]),
  ];
  return bounds.length === 0 ? sql`1 = 1` : joined(bounds, ' AND ');
}

function values(key: readonly Cell[]): Sql[] {
  return key.map((value) => sql`${value}`);
}

/** The pages of a table, in key order. */
export async function* pagesOf(rows: Rows, table: CopiedTable): AsyncGenerator<TablePage> {
  for (let after: readonly Cell[] | null = null; ;) {
    const found: Cell[][] = await readRows(rows, table, within(table, after, null), PAGE);
    const last: Cell[] | undefined = found.length < PAGE ? undefined : found.at(-1);
    const upTo: Cell[] | null = last === undefined ? null : keyOf(table, last);
    yield { rows: found.map((row) => plain(table, row)), upTo };
    if (upTo === null) return;
    after = upTo;
  }
}

/** Rows of a table that meet a condition, in key order, at most `limit`. */
export function readRows(
  rows: Rows,
  { name, columns, key }: CopiedTable,
  where: Sql,
  limit: number,
): Promise<Cell[][]> {
  return rows(sql`
    SELECT ${columnList(Object.keys(columns))} FROM ${raw(`"${name}"`)}
     WHERE ${where} ORDER BY ${columnList(key)} LIMIT ${limit}`);
}

function keyOf({ columns, key }: CopiedTable, row: readonly Cell[]): Cell[] {
  const names = Object.keys(columns);
  return key.map((name) => row[names.indexOf(name)]!);
}

/**
 * A row that every engine can store: SQLite's booleans are numbers, and its texts may contain any
 * characters.
 */
export function plain({ columns }: CopiedTable, row: readonly Cell[]): unknown[] {
  const types = Object.values(columns);
  return row.map((value, i) => {
    if (typeof value === 'string') return storableText(value);
    return types[i] === 'boolean' && value !== null ? Boolean(value) : value;
  });
}
