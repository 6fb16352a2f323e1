import type { Dialect } from './engine/engine.js';
import { raw, type Sql, sql } from './engine/sql.js';

const COUNTS = ['frames', 'changed', 'repeats', 'audits', 'audit_differences', 'late_books'];
const SUMS = COUNTS.map((name) => `${name} = coverage.${name} + excluded.${name}`).join(', ');
/** The columns of {@link COVERAGE_COLUMNS}, summed over everything new in a minute. */
const SUMMED = raw(
  'minute, market_id, sum(frames), sum(changed), sum(repeats), max(longest_silence_ms), sum(audits), sum(audit_differences), sum(late_books)',
);

/** Columns of `coverage`, in the order expected by {@link addCoverage}. */
export const COVERAGE_COLUMNS = raw(
  'minute, market_id, frames, changed, repeats, longest_silence_ms, audits, audit_differences, late_books',
);

/**
 * Adds newly received counts to those stored for the same minutes.
 * @param rows a query of {@link COVERAGE_COLUMNS}, possibly with several rows per minute
 */
export function addCoverage({ greater }: Dialect, rows: Sql): Sql {
  const longest = greater('coverage.longest_silence_ms', 'excluded.longest_silence_ms');
  return sql`
    INSERT INTO coverage (${COVERAGE_COLUMNS})
    SELECT ${SUMMED} FROM (${rows}) added WHERE true GROUP BY minute, market_id
        ON CONFLICT (minute, market_id) DO UPDATE SET longest_silence_ms = ${longest}, ${raw(SUMS)}`;
}
