/**
 * How prices and volumes are represented in Parquet files: one type for all files, exchanges and
 * columns, so that queries over several of them need no cast. Eighteen decimals match the smallest
 * unit of any coin; twenty integer digits exceed any volume an exchange lists.
 */

/** Total digits, and digits after the point. */
const DECIMAL_WIDTH = 38;
export const DECIMAL_SCALE = 18;

/** The type in SQL and in the schema of a Parquet file. */
export const DECIMAL_COLUMN = `DECIMAL(${DECIMAL_WIDTH},${DECIMAL_SCALE})`;

/** Whether the column holds a Decimal text exactly; a cast would silently round others. */
export function fitsDecimalColumn(text: string): boolean {
  const point = text.indexOf('.');
  const start = text.startsWith('-') ? 1 : 0;
  const whole = (point === -1 ? text.length : point) - start;
  const decimals = point === -1 ? 0 : text.length - point - 1;
  return whole <= DECIMAL_WIDTH - DECIMAL_SCALE && decimals <= DECIMAL_SCALE;
}
