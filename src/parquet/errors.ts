/** Why the archive refuses or cannot continue; one line for users. */
export class ArchiveError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'ArchiveError';
  }
}

/** Errors of the system or DuckDB about an unusable file, and the remedy. */
const REASONS: readonly (readonly [RegExp, string])[] = [
  [/ENOSPC|No space left|Out of disk|disk is full/i, 'the disk is full; free some space'],
  [/EROFS|Read-only file system/i, 'the file system is read-only; make it writable'],
  [/EACCES|EPERM|Permission denied/i, 'access is denied; make the folder writable'],
  [/EDQUOT|Disk quota/i, 'the disk quota is used up; raise it or free some space'],
  [/EIO|Input\/output error/i, 'the disk cannot be read or written; check it'],
  [/ENOTDIR|Not a directory/i, 'there is a file where a folder must be; move it away'],
];

/** Why something failed, in one line for users. */
export function reasonOf(error: unknown): string {
  if (error instanceof ArchiveError) return error.message;
  const message = error instanceof Error ? error.message : String(error);
  const line = message.trim().split('\n')[0]!;
  const known = REASONS.find(([pattern]) => pattern.test(message));
  return known === undefined ? line : `${known[1]} (${line})`;
}
