import { stat } from 'node:fs/promises';

/** Identity of a file, independent of its name. */
interface Identity {
  readonly dev: bigint;
  readonly ino: bigint;
}

/** The identity of what is at a path now; null when nothing is there. */
async function identityOf(path: string): Promise<Identity | null> {
  const info = await stat(path, { bigint: true }).catch(() => null);
  return info === null ? null : { dev: info.dev, ino: info.ino };
}

/** What happened to a file: unchanged, gone, or replaced by another. */
export type FileFate = 'same' | 'gone' | 'replaced';

/**
 * Recognises an open file. SQLite continues with a file that was removed, moved or replaced as if
 * nothing had happened: everything written after that is lost with the process.
 */
export class FileWatch {
  readonly path: string;
  #known: Identity | null = null;

  constructor(path: string) {
    this.path = path;
  }

  /** Compares the file at the path with the one that was there at the first call. */
  async look(): Promise<FileFate> {
    const now = await identityOf(this.path);
    this.#known ??= now;
    if (this.#known === null) return 'same';
    if (now === null) return 'gone';
    return now.dev === this.#known.dev && now.ino === this.#known.ino ? 'same' : 'replaced';
  }
}

/** The open files of a database. */
export class DatabaseFiles {
  readonly #files: readonly FileWatch[];

  /** To be created while the database is open. @param path the database */
  constructor(path: string) {
    this.#files = ['', '-wal', '-shm'].map((suffix) => new FileWatch(path + suffix));
  }

  /** Whether the database itself was truncated under its own name, as by `> FILE` in a shell. */
  async emptied(): Promise<boolean> {
    const info = await stat(this.#files[0]!.path).catch(() => null);
    return info?.size === 0;
  }

  /** The paths that no longer lead to the open files. */
  async lost(): Promise<{ path: string; fate: FileFate }[]> {
    const looks = this.#files.map(async (file) => ({ path: file.path, fate: await file.look() }));
    return (await Promise.all(looks)).filter(({ fate }) => fate !== 'same');
  }
}
