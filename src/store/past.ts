import { resolve } from 'node:path';
import { databaseOf, type PastSettings } from '../settings/config.js';
import { archivedDates } from '../parquet/manifest.js';
import { canonicalLocation, openEngine } from './engine/open.js';
import type { ReaderOptions } from './reader-protocol.js';

/**
 * Where a command reads past data. An archive folder alone is enough: an empty database is then
 * created for everything else.
 * @throws {StoreError} when there is no readable database and no archive
 */
export async function openPast(past: PastSettings): Promise<ReaderOptions> {
  const place = await locatePast(past);
  await checkPast(place);
  return place;
}

/** Where it would be, whether anything is there or not. */
export async function locatePast(past: PastSettings): Promise<ReaderOptions> {
  const path = await canonicalLocation(databaseOf(past));
  const { archivePath } = past;
  return archivePath === '' ? { path } : { path, archivePath: resolve(archivePath) };
}

/** The rest of {@link openPast} once the location is known. @throws {StoreError} as there */
export async function checkPast({ path, archivePath }: ReaderOptions): Promise<void> {
  const engine = await openEngine(path);
  if (archivePath !== undefined && !(await engine.exists())) {
    if ((await archivedDates(archivePath).catch(() => [])).length > 0) await engine.make();
  }
  await engine.checkReadable();
}
