import { DECIMAL_COLUMN } from '../market/decimal-column.js';
import type { TableName } from './layout.js';

/** The representation of a column in the database, and hence in its row's text, and in a file. */
type ColumnKind = 'integer' | 'time' | 'text' | 'decimal' | 'levels';

interface Column {
  readonly name: string;
  readonly kind: ColumnKind;
}

/** A table: its columns after `symbol` and `currency`. */
export interface Table {
  readonly columns: readonly Column[];
  /** The sort key within a market, an integer or a time. */
  readonly key: string;
}

const integer = (name: string): Column => ({ name, kind: 'integer' });
const time = (name: string): Column => ({ name, kind: 'time' });
const text = (name: string): Column => ({ name, kind: 'text' });
const decimalOf = (name: string): Column => ({ name, kind: 'decimal' });
const levels = (name: string): Column => ({ name, kind: 'levels' });

/** The tables of the archive. The order of columns is that of a row's text, and so of its digest. */
export const TABLES: Readonly<Record<TableName, Table>> = {
  books: {
    columns: [
      integer('sequence'),
      time('timestamp'),
      time('exchange_timestamp'),
      integer('base'),
      levels('asks'),
      levels('bids'),
    ],
    key: 'sequence',
  },
  trades: {
    columns: [
      integer('sequence'),
      time('timestamp'),
      time('exchange_timestamp'),
      time('message_timestamp'),
      integer('resolution_ms'),
      text('trade_id'),
      text('trade_id_kind'),
      text('side'),
      decimalOf('price'),
      decimalOf('volume'),
      text('origin'),
    ],
    key: 'exchange_timestamp',
  },
  gaps: {
    columns: [
      integer('id'),
      time('start'),
      time('end'),
      text('cause'),
      text('detail'),
      integer('attempts'),
    ],
    key: 'id',
  },
  coverage: {
    columns: [
      time('minute'),
      integer('frames'),
      integer('changed'),
      integer('repeats'),
      integer('longest_silence_ms'),
    ],
    key: 'minute',
  },
  recordings: { columns: [time('start'), time('end')], key: 'start' },
  trade_spans: {
    columns: [
      time('start'),
      time('end'),
      text('completeness'),
      text('cause'),
      text('detail'),
      integer('checked'),
    ],
    key: 'start',
  },
};

const name = (column: string): string => `"${column}"`;

/** Casts to the decimal column, via the narrow one, forty times as fast, where it holds every digit. */
function decimal(text: string): string {
  const point = `strpos(${text}, '.')`;
  const narrow =
    `(${point} = 0 AND length(${text}) <= 10) OR ` +
    `(${point} BETWEEN 1 AND 11 AND length(${text}) - ${point} <= 8)`;
  return (
    `CASE WHEN ${narrow} THEN ${text}::DECIMAL(18,8)::${DECIMAL_COLUMN}` +
    ` ELSE ${text}::${DECIMAL_COLUMN} END`
  );
}

/** A decimal as Decimal text. */
function decimalText(value: string): string {
  return `rtrim(rtrim(${value}::VARCHAR, '0'), '.')`;
}

/** A staged column in the file's representation. */
function toFile({ name: column, kind }: Column): string {
  switch (kind) {
    case 'time':
      return `make_timestamp(${name(column)} * 1000)::TIMESTAMPTZ AS ${name(column)}`;
    case 'decimal':
      return `${decimal(name(column))} AS ${name(column)}`;
    case 'levels':
      return (
        `list_transform(from_json(${name(column)}, '[["VARCHAR"]]'), lambda l: ` +
        `{'price': ${decimal('l[1]')}, 'volume': ${decimal('l[2]')}}) AS ${name(column)}`
      );
    default:
      return name(column);
  }
}

/** A file's column in the database's representation: integers, Unix ms, the text of levels. */
function fromFile({ name: column, kind }: Column): string {
  switch (kind) {
    case 'time':
      return `epoch_ms(${name(column)})`;
    case 'decimal':
      return decimalText(name(column));
    case 'levels': {
      const level = `${decimalText('l.price')} || '","' || ${decimalText('l.volume')}`;
      const list = `array_to_string(list_transform(${name(column)}, lambda l: ${level}), '"],["')`;
      return `CASE WHEN len(${name(column)}) = 0 THEN '[]' ELSE '[["' || ${list} || '"]]' END`;
    }
    default:
      return name(column);
  }
}

/** The statement that creates the staging table for a file's rows. */
export function stagingSql(table: Table, staging: string): string {
  const columns = table.columns.map(({ name: column, kind }) => {
    return `${name(column)} ${kind === 'integer' || kind === 'time' ? 'BIGINT' : 'VARCHAR'}`;
  });
  return `CREATE OR REPLACE TABLE ${staging} (market_id INTEGER, ${columns.join(', ')})`;
}

/** The staged rows in the file's representation, sorted so that a market's rows are together. */
export function fileSql(table: Table, staging: string): string {
  const numbered = table.columns.some(({ name: column }) => column === 'sequence');
  const order = new Set([table.key, ...(numbered ? ['sequence'] : [])]);
  return (
    `SELECT symbol, currency, ${table.columns.map(toFile).join(', ')}` +
    ` FROM ${staging} JOIN market ON market.number = market_id` +
    ` ORDER BY symbol, currency, ${[...order].map(name).join(', ')}`
  );
}

/** The columns of a file in the database's representation, each under its name, for a SELECT. */
export function storedColumns(table: Table): string {
  return table.columns.map((column) => `${fromFile(column)} AS ${name(column.name)}`).join(', ');
}

/** Names and types of a file's columns, as DuckDB describes them. */
export function describedColumns(table: Table): string[] {
  const types: Readonly<Record<ColumnKind, string>> = {
    integer: 'BIGINT',
    time: 'TIMESTAMP WITH TIME ZONE',
    text: 'VARCHAR',
    decimal: DECIMAL_COLUMN,
    levels: `STRUCT(price ${DECIMAL_COLUMN}, volume ${DECIMAL_COLUMN})[]`,
  };
  const own = table.columns.map(({ name: column, kind }) => `${column} ${types[kind]}`);
  return ['symbol VARCHAR', 'currency VARCHAR', ...own];
}

/** By market: rows, lowest and highest key, digest as a number. */
export function digestSql(table: Table, source: string): string {
  const key = table.columns.find((column) => column.name === table.key)!;
  const parts = table.columns.map((column) => `coalesce((${fromFile(column)})::VARCHAR, '')`);
  return (
    `SELECT symbol, currency, count(*) AS rows, min(${fromFile(key)}) AS first, max(${fromFile(key)}) AS last,` +
    ` bit_xor(md5_number(${parts.join(` || '|' || `)})) AS digest FROM ${source} GROUP BY symbol, currency`
  );
}
