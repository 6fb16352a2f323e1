import { join } from 'node:path';
import type { Exchange } from '../market/exchange.js';

/** A day, ms. Days are UTC, by the time of receipt. */
export const DAY_MS = 86_400_000;

/** What the archive keeps: a folder of Parquet files each. */
export const TABLE_NAMES = [
  'books',
  'trades',
  'gaps',
  'coverage',
  'recordings',
  'trade_spans',
] as const;

/** A kind of files of the archive. */
export type TableName = (typeof TABLE_NAMES)[number];

/** The UTC day of a time (Unix ms) as `2026-11-25`. */
export function dateOf(time: number): string {
  return new Date(time).toISOString().slice(0, 10);
}

/** The beginning of a day, Unix ms. */
export function startOf(date: string): number {
  return Date.parse(`${date}T00:00:00Z`);
}

/** Whether a text names a day as {@link dateOf} does. */
export function isDate(text: string): boolean {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return false;
  const start = startOf(text);
  return Number.isFinite(start) && dateOf(start) === text;
}

/**
 * Where a file lies; engines read `exchange` and `date` from the path.
 * @param part one more each time that a day gains books, trades or knowledge
 */
export function dataFile(table: TableName, exchange: Exchange, date: string, part: number): string {
  return join(table, `exchange=${exchange}`, `date=${date}`, `part-${part}.parquet`);
}

/** The folder of the manifests, which say of a day that it is archived. */
export const MANIFESTS = 'manifests';

/** Where the manifest of a day lies. */
export function manifestFile(date: string): string {
  return join(MANIFESTS, `date=${date}`, 'manifest.json');
}

/** The folder of what is not ready; its name keeps it out of every `**` pattern. */
export const WORK = '.work';
