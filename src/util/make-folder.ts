import { closeSync, mkdirSync, openSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';

/** Mode of folders and files that the program makes: its user's alone. */
const PRIVATE_FOLDER = 0o700;
export const PRIVATE_FILE = 0o600;

/**
 * Makes a folder with all that is missing above it. Not `mkdir` with `recursive`: where the parent
 * exists but takes no folders (`/proc`), Node 20 never comes back from that.
 * What it makes is for this user alone; what is there already is left as it is.
 * @throws {Error} of the system when it cannot be made
 */
export function makeFolder(path: string): void {
  const missing: string[] = [];
  let at = resolve(path);
  while (statSync(at, { throwIfNoEntry: false }) === undefined) {
    missing.push(at);
    at = dirname(at);
  }
  for (const folder of missing.reverse()) {
    try {
      mkdirSync(folder, { mode: PRIVATE_FOLDER });
    } catch (error) {
      // Another process that starts with this one may just have made it.
      if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() !== true) throw error;
    }
  }
  // A file in the place of the folder: the attempt to make it again throws.
  if (missing.length === 0 && !statSync(at).isDirectory()) mkdirSync(at);
}

/**
 * Makes an empty file for this user alone, if there is none yet; one that is there is left as it is.
 * @throws {Error} of the system when it cannot be made
 */
export function makePrivateFile(path: string): void {
  closeSync(openSync(path, 'a', PRIVATE_FILE));
}
