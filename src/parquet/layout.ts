import { join } from 'node:path';
import type { Exchange } from '../market/exchange.js';

/** A day, ms. Days are UTC, by time of receipt. */
export const DAY_MS = 86_400_000;

/** The tables of the archive: a folder of Parquet files each. */
export const TABLE_NAMES = [
  'books',
  'trades',
  'gaps',
  'coverage',
  'recordings',
  'trade_spans',
] as const;

/** A table of the archive. */
export type TableName = (typeof TABLE_NAMES)[number];

/** The UTC day of a time (Unix ms), such as `2026-11-25`. */
export function dateOf(time: number): string {
  return new Date(time).toISOString().slice(0, 10);
}

/** Start of a day, Unix ms. */
export function startOf(date: string): number {
  return Date.parse(`${date}T00:00:00Z`);
}

/** Whether a text names a day in the format of {@link dateOf}. */
export function isDate(text: string): boolean {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return false;
  const start = startOf(text);
  return Number.isFinite(start) && dateOf(start) === text;
}

/**
 * Path of a file; engines read `exchange` and `date` from it.
 * @param part incremented each time a day gains books, trades or knowledge
 */
export function dataFile(table: TableName, exchange: Exchange, date: string, part: number): string {
  return join(table, `exchange=${exchange}`, `date=${date}`, `part-${part}.parquet`);
}

/** The folder of the manifests, which mark a day as archived. */
export const MANIFESTS = 'manifests';

/** Path of a day's manifest. */
export function manifestFile(date: string): string {
  return join(MANIFESTS, `date=${date}`, 'manifest.json');
}

/** The folder of unfinished work; its name keeps it out of every `**` pattern. */
export const WORK = '.work';
