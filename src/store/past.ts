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
  const { archivePath } = past;
  const path = await canonicalLocation(databaseOf(past));
  const engine = await openEngine(path);
  if (archivePath === '') {
    await engine.checkReadable();
    return { path };
  }
  const folder = resolve(archivePath);
  if (!(await engine.exists()) && (await archivedDates(folder).catch(() => [])).length > 0) {
    await engine.make();
  }
  await engine.checkReadable();
  return { path, archivePath: folder };
}
