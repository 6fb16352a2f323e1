import { mkdirSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';

/**
 * Makes a folder with all that is missing above it. Not `mkdir` with `recursive`: where the parent
 * exists but takes no folders (`/proc`), Node 20 never comes back from that.
 * @throws {Error} of the system when it cannot be made
 */
export function makeFolder(path: string, mode = 0o777): void {
  const missing: string[] = [];
  let at = resolve(path);
  while (statSync(at, { throwIfNoEntry: false }) === undefined) {
    missing.push(at);
    at = dirname(at);
  }
  for (const folder of missing.reverse()) mkdirSync(folder, { mode });
  // A file in the place of the folder is told by the attempt to use it, as ENOTDIR.
  if (missing.length === 0 && !statSync(at).isDirectory()) mkdirSync(at);
}
