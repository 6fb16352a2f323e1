import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { EXCHANGES } from '../market/exchange.js';
import { TABLE_NAMES } from '../parquet/layout.js';
import { archivedDates } from '../parquet/manifest.js';

/** Size of an archive. */
export interface ArchiveSize {
  /** Days with a manifest. */
  readonly allDays: number;
  /** Bytes of the data files. */
  readonly bytes: number;
}

/** Determines the size of an archive: a few dozen files a day. @throws {Error} when it is unreadable */
export async function sizeOf(folder: string): Promise<ArchiveSize> {
  let bytes = 0;
  for (const table of TABLE_NAMES) {
    for (const exchange of EXCHANGES) {
      const place = join(folder, table, `exchange=${exchange}`);
      const entries = await readdir(place, { recursive: true, withFileTypes: true }).catch(
        () => [],
      );
      for (const entry of entries) {
        if (entry.isFile()) bytes += (await stat(join(entry.parentPath, entry.name))).size;
      }
    }
  }
  return { allDays: (await archivedDates(folder)).length, bytes };
}
