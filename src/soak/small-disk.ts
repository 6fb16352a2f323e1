import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, statfsSync } from 'node:fs';
import { join } from 'node:path';

/** A separate disk for the recorder's database, which the soak can fill (Linux, root). */
export class SmallDisk {
  readonly path: string;
  readonly #ballast: string;

  private constructor(path: string) {
    this.path = path;
    this.#ballast = join(path, 'ballast');
  }

  /** Mounts one of some megabytes on a folder that it creates; null where that is not permitted. */
  static mount(path: string, megabytes: number): SmallDisk | null {
    mkdirSync(path, { recursive: true });
    try {
      const options = `size=${Math.ceil(megabytes)}m`;
      execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', path], { stdio: 'ignore' });
      return new SmallDisk(path);
    } catch {
      return null;
    }
  }

  /** Takes up all the free space. */
  fill(): void {
    const { bavail, bsize } = statfsSync(this.path);
    if (bavail === 0) return;
    execFileSync('fallocate', ['--length', String(bavail * bsize), this.#ballast]);
  }

  /** Gives back what {@link fill} took. */
  free(): void {
    rmSync(this.#ballast, { force: true });
  }

  /** Removes the disk with everything on it, even from under a process that still writes there. */
  unmount(): void {
    execFileSync('umount', ['-l', this.path]);
  }
}
