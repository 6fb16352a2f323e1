import { resolve } from 'node:path';
import { databaseOf, type PastSettings } from '../settings/config.js';
import { archivedDates } from '../parquet/manifest.js';
import { canonicalLocation, openEngine } from './engine/open.js';
import type { ReaderOptions } from './reader-protocol.js';

/**
 * Where a command reads the past. A folder of the archive alone is enough: then the database is made,
 * empty, for what else it would answer.
 * @throws {StoreError} when there is no database that can be read, and no archive
 */
export async function openPast(past: PastSettings): Promise<ReaderOptions> {
  const place = await locatePast(past);
  await checkPast(place);
  return place;
}

/** Where it would be, whether there is anything or not. */
export async function locatePast(past: PastSettings): Promise<ReaderOptions> {
  const path = await canonicalLocation(databaseOf(past));
  const { archivePath } = past;
  return archivePath === '' ? { path } : { path, archivePath: resolve(archivePath) };
}

/** Does of {@link openPast} what is left once the place is known. @throws {StoreError} as there */
export async function checkPast({ path, archivePath }: ReaderOptions): Promise<void> {
  const engine = await openEngine(path);
  if (archivePath !== undefined && !(await engine.exists())) {
    if ((await archivedDates(archivePath).catch(() => [])).length > 0) await engine.make();
  }
  await engine.checkReadable();
}
