import { readlink, realpath } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';

/** Minimum number of chained links that a system follows. */
const MAX_LINKS = 32;

/**
 * One canonical name per file, so that different paths to it use the same lock: absolute, all links
 * followed, including a last one whose target does not exist yet.
 */
export async function canonicalPath(path: string): Promise<string> {
  let full = resolve(path);
  for (let links = 0; links < MAX_LINKS; links++) {
    try {
      return await realpath(full);
    } catch {
      // Nothing is there yet.
    }
    const target = await readlink(full).catch(() => null);
    if (target === null) break;
    full = resolve(dirname(full), target);
  }
  return join(await realpath(dirname(full)).catch(() => dirname(full)), basename(full));
}
