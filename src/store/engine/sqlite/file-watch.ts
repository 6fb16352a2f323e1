import { stat } from 'node:fs/promises';

/** What identifies a file, whatever its name. */
interface Identity {
  readonly dev: bigint;
  readonly ino: bigint;
}

/** The identity of what is at a path now; null when nothing is there. */
async function identityOf(path: string): Promise<Identity | null> {
  const info = await stat(path, { bigint: true }).catch(() => null);
  return info === null ? null : { dev: info.dev, ino: info.ino };
}

/** What has become of a file: still the same, gone, or another one in its place. */
export type FileFate = 'same' | 'gone' | 'replaced';

/**
 * Knows an open file again. SQLite goes on with a file that was removed, moved or replaced as if
 * nothing had happened: all that is written then is lost with the process.
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

/** The files by which a database is open. */
export class DatabaseFiles {
  readonly #files: readonly FileWatch[];

  /** To be made while the database is open. @param path the database */
  constructor(path: string) {
    this.#files = ['', '-wal', '-shm'].map((suffix) => new FileWatch(path + suffix));
  }

  /** Whether the database itself was cut to nothing under its own name, as `> FILE` in a shell does. */
  async emptied(): Promise<boolean> {
    const info = await stat(this.#files[0]!.path).catch(() => null);
    return info?.size === 0;
  }

  /** Those that are no longer the files that are open. */
  async lost(): Promise<{ path: string; fate: FileFate }[]> {
    const looks = this.#files.map(async (file) => ({ path: file.path, fate: await file.look() }));
    return (await Promise.all(looks)).filter(({ fate }) => fate !== 'same');
  }
}
