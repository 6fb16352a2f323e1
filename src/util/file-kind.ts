import { lstatSync, readlinkSync, type Stats, statSync } from 'node:fs';

/** What a thing in the file system is, if neither file nor folder, in words; null if one of these. */
export function specialKind(stats: Stats): string | null {
  if (stats.isFIFO()) return 'a named pipe (FIFO)';
  if (stats.isSocket()) return 'a socket';
  if (stats.isCharacterDevice() || stats.isBlockDevice()) return 'a device';
  return null;
}

/** Where a dangling link at `path` leads; null when it is no link, or leads somewhere. */
export function danglingTarget(path: string): string | null {
  try {
    if (!lstatSync(path).isSymbolicLink()) return null;
    if (statSync(path, { throwIfNoEntry: false }) !== undefined) return null;
    return readlinkSync(path);
  } catch {
    // No entry, or one that cannot be looked at: its use says why.
    return null;
  }
}
