import { stat, statfs } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Disk usage of a database. */
export interface DiskUse {
  readonly databaseBytes: number;
  /** Free disk space; null for a server's database. */
  readonly freeBytes: number | null;
}

/** Size of an SQLite database on disk, its log included, bytes. */
export async function sizeOnDisk(path: string): Promise<number> {
  return (await sizeOf(path)) + (await sizeOf(`${path}-wal`));
}

/** Disk usage of an SQLite database. */
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
