import type { BookEncoder, Engine } from './engine.js';
import { isPostgresql, parseAddress } from './postgresql/address.js';
import { JsonRows } from './postgresql/book-rows.js';
import { JsonbRows } from './sqlite/book-rows.js';
import { canonicalPath } from './sqlite/paths.js';

/** A database by its path (SQLite) or `postgresql://` address; only its engine is loaded. */
export async function openEngine(location: string): Promise<Engine> {
  if (isPostgresql(location)) {
    const { PostgresEngine } = await import('./postgresql/engine.js');
    return new PostgresEngine(location);
  }
  const { SqliteEngine } = await import('./sqlite/engine.js');
  return new SqliteEngine(location);
}

/** Whether a database is on a server rather than in a file. */
export function isServer(location: string): boolean {
  return isPostgresql(location);
}

/** A location without its password, for messages. */
export function shownLocation(location: string): string {
  return isPostgresql(location) ? parseAddress(location).name : location;
}

/** One canonical name per database, so that different paths to it use the same lock. */
export async function canonicalLocation(location: string): Promise<string> {
  return isPostgresql(location) ? location : canonicalPath(location);
}

/** Creates the book encoder for the database at a location. */
export function bookEncoder(location: string): () => BookEncoder {
  return isPostgresql(location) ? () => new JsonRows() : () => new JsonbRows();
}
