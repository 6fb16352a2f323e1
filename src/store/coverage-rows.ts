import type { Dialect } from './engine/engine.js';
import { raw, type Sql, sql } from './engine/sql.js';

const COUNTS = ['frames', 'changed', 'repeats', 'audits', 'audit_differences', 'late_books'];
const SUMS = COUNTS.map((name) => `${name} = coverage.${name} + excluded.${name}`).join(', ');

/** Columns of `coverage`, in the order that {@link addCoverage} takes. */
export const COVERAGE_COLUMNS = raw(
  'minute, market_id, frames, changed, repeats, longest_silence_ms, audits, audit_differences, late_books',
);

/**
 * Adds what was received in minutes to what is known of them.
 * @param rows a query of {@link COVERAGE_COLUMNS} that ends with its conditions
 */
export function addCoverage({ greater }: Dialect, rows: Sql): Sql {
  const longest = greater('coverage.longest_silence_ms', 'excluded.longest_silence_ms');
  return sql`
    INSERT INTO coverage (${COVERAGE_COLUMNS}) ${rows}
        ON CONFLICT (minute, market_id) DO UPDATE SET longest_silence_ms = ${longest}, ${raw(SUMS)}`;
}
