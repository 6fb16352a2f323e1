import { mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Where a file is written until it is complete. */
const growing = (path: string): string => `${path}.part`;

/** What a file, or a folder, holds is on the disk afterwards. */
export async function toDisk(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/**
 * Publishes a file under its name complete or not at all, and durably on disk.
 * @param write writes it to the path it is given
 */
export async function writeWhole(
  path: string,
  write: (growing: string) => Promise<void>,
): Promise<void> {
  const part = growing(path);
  await mkdir(dirname(path), { recursive: true });
  try {
    await write(part);
    await toDisk(part);
    await rename(part, path);
  } catch (error) {
    await rm(part, { force: true }).catch(() => undefined);
    throw error;
  }
  await toDisk(dirname(path));
}
