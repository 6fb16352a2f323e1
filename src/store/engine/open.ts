import type { BookEncoder, Engine } from './engine.js';
import { JsonbRows } from './sqlite/book-rows.js';
import { canonicalPath } from './sqlite/paths.js';

/**
 * A database by its location: the path of an SQLite file. What is loaded is the engine of the location
 * alone.
 */
export async function openEngine(location: string): Promise<Engine> {
  const { SqliteEngine } = await import('./sqlite/engine.js');
  return new SqliteEngine(location);
}

/** One name for one database, so that two ways to it meet the same lock. */
export function canonicalLocation(location: string): Promise<string> {
  return canonicalPath(location);
}

/** What gathers books for the database of a location. */
export function bookEncoder(location: string): () => BookEncoder {
  void location;
  return () => new JsonbRows();
}
