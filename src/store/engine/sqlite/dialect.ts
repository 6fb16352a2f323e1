import type { Dialect } from '../engine.js';
import { raw, sql } from '../sql.js';
import { JsonbRows } from './book-rows.js';

/** SQLite's versions of what the engines write differently. */
export const sqliteDialect: Dialect = {
  table: (rows, columns) => {
    const names = Object.keys(columns).map((name, i) => `value ->> ${i} AS "${name}"`);
    return sql`(SELECT ${raw(names.join(', '))} FROM json_each(${JSON.stringify(rows)}))`;
  },
  numbers: (values) => sql`(SELECT value FROM json_each(${JSON.stringify(values)}))`,
  greater: (a, b) => raw(`max(${a}, ${b})`),
  // As BigInt: the driver binds a number as a float, and halving must stay integral.
  integer: (value) => sql`${BigInt(value)}`,
  thenJoin: raw('CROSS JOIN'),
  thenOrder: () => raw(''),
  packsTrades: true,
  encoder: () => new JsonbRows(),
  // With `jsonb_each`, since `json_each` would render each row as text for the next function to parse.
  insertBooks: (rows) => sql`
    INSERT OR IGNORE INTO book (sequence, market_id, timestamp, exchange_timestamp, base, asks, bids)
    SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6
      FROM jsonb_each(${rows})`,
  // SQLite counts from the value in this table.
  beginIdsAbove: (table, last) => [
    sql`UPDATE sqlite_sequence SET seq = max(seq, ${BigInt(last)}) WHERE name = ${table}`,
    sql`INSERT INTO sqlite_sequence (name, seq) SELECT ${table}, ${BigInt(last)}
         WHERE NOT EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = ${table})`,
  ],
};
