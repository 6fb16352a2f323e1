import { stat, statfs } from 'node:fs/promises';
import { dirname } from 'node:path';

/** What a database takes of its disk. */
export interface DiskUse {
  readonly databaseBytes: number;
  /** What is free on the disk; null where that is a server's matter. */
  readonly freeBytes: number | null;
}

/** Size of an SQLite database on the disk, its log included, bytes. */
export async function sizeOnDisk(path: string): Promise<number> {
  return (await sizeOf(path)) + (await sizeOf(`${path}-wal`));
}

/** What an SQLite database takes of its disk. */
export async function fileUse(path: string): Promise<DiskUse> {
  const { bavail, bsize } = await statfs(dirname(path));
  return { databaseBytes: await sizeOnDisk(path), freeBytes: bavail * bsize };
}

function sizeOf(file: string): Promise<number> {
  return stat(file).then(
    ({ size }) => size,
    () => 0,
  );
}
