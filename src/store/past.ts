import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import type { PastSettings } from '../settings/config.js';
import { archivedDates } from '../parquet/manifest.js';
import { canonicalPath, checkReadable, prepareDatabase, prepareFolder } from './database.js';
import type { ReaderOptions } from './reader-protocol.js';

/**
 * Where a command reads the past. A folder of the archive alone is enough: then the database is made,
 * empty, for what else it would answer.
 * @throws {StoreError} when there is no database that can be read, and no archive
 */
export async function openPast({ dbPath, archivePath }: PastSettings): Promise<ReaderOptions> {
  const path = await canonicalPath(dbPath);
  if (archivePath === '') {
    await checkReadable(path);
    return { path };
  }
  const folder = resolve(archivePath);
  if (!existsSync(path) && (await archivedDates(folder).catch(() => [])).length > 0) {
    await prepareFolder(path, false);
    await prepareDatabase(path);
  }
  await checkReadable(path);
  return { path, archivePath: folder };
}
