import type { ColumnType, Dialect } from '../engine.js';
import { raw, sql } from '../sql.js';
import { storableText } from '../storable.js';
import { JsonRows } from './book-rows.js';

const TYPES: Readonly<Record<ColumnType, string>> = {
  integer: 'bigint',
  text: 'text',
  boolean: 'boolean',
};

function storable(value: unknown): unknown {
  return typeof value === 'string' ? storableText(value) : value;
}

/** PostgreSQL's versions of what the engines write differently. */
export const postgresDialect: Dialect = {
  table: (rows, columns) => {
    const names = Object.keys(columns);
    const objects = rows.map((row) =>
      Object.fromEntries(names.map((name, i) => [name, storable(row[i])])),
    );
    const types = Object.entries(columns).map(([name, type]) => `"${name}" ${TYPES[type]}`);
    return sql`(SELECT * FROM json_to_recordset(${JSON.stringify(objects)}::json)
                AS r(${raw(types.join(', '))}))`;
  },
  numbers: (values) =>
    sql`(SELECT value::bigint FROM json_array_elements_text(${JSON.stringify(values)}::json))`,
  greater: (a, b) => raw(`greatest(${a}, ${b})`),
  integer: (value) => sql`CAST(${BigInt(value)} AS bigint)`,
  thenJoin: raw('JOIN'),
  thenOrder: (column) => raw(`ORDER BY ${column}`),
  // Deleting the packed rows costs more than packing saves.
  packsTrades: false,
  encoder: () => new JsonRows(),
  insertBooks: (rows) => sql`
    INSERT INTO book (sequence, market_id, timestamp, exchange_timestamp, base, asks, bids)
    SELECT s, m, t, e, b, a, i FROM json_to_recordset(convert_from(${rows}, 'UTF8')::json)
        AS r(s bigint, m integer, t bigint, e bigint, b bigint, a text, i text)
        ON CONFLICT DO NOTHING`,
  beginIdsAbove: (table, last) => [
    sql`SELECT setval(pg_get_serial_sequence(${table}, 'id'), greatest(${last}::bigint,
               (SELECT last_value FROM ${raw(`${table}_id_seq`)})))`,
  ],
};
