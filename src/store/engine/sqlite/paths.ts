import { readlink, realpath } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';

/** Links in a row that a system follows at least. */
const MAX_LINKS = 32;

/**
 * One name for one file, so that two ways to it meet the same lock: absolute, all links followed, the
 * last one also when nothing is at its end yet.
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
