import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, readdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Where Debian keeps PostgreSQL's programs, one folder a version. */
const DEBIAN = '/usr/lib/postgresql';

/** The servers that several nodes need, as far as they are installed. */
export interface ServerPrograms {
  /** Path of `nats-server`. */
  readonly nats: string;
  /** Folder of `initdb` and `postgres`. */
  readonly postgresql: string;
}

/** What is missing, in one line: what to install. */
export class MissingProgramsError extends Error {}

/** Finds the programs. @throws {MissingProgramsError} */
export function findPrograms(): ServerPrograms {
  const nats = findNats();
  const postgresql = findPostgresql();
  const missing = [
    ...(nats === null ? ['nats-server'] : []),
    ...(postgresql === null ? ['postgresql'] : []),
  ];
  if (nats === null || postgresql === null) {
    throw new MissingProgramsError(
      `${missing.join(' and ')} ${missing.length === 1 ? 'is' : 'are'} not installed; on Debian: apt-get install ${missing.join(' ')}`,
    );
  }
  return { nats, postgresql };
}

/** Path of `nats-server`; null when it is not installed. */
export function findNats(): string | null {
  const folder = folderOf('nats-server', pathFolders());
  return folder === null ? null : join(folder, 'nats-server');
}

/** Folder of PostgreSQL's newest programs; null when it is not installed. */
export function findPostgresql(): string | null {
  const versions = existsSync(DEBIAN) ? readdirSync(DEBIAN) : [];
  const newest = versions.sort((a, b) => Number(b) - Number(a));
  return folderOf('initdb', [...newest.map((v) => join(DEBIAN, v, 'bin')), ...pathFolders()]);
}

/** As whom a server runs that refuses to run as root; nothing = as this process. */
export function unprivileged(): { uid?: number; gid?: number } {
  if (process.getuid?.() !== 0) return {};
  for (const user of ['postgres', 'nobody']) {
    const asked = ['-u', '-g'].map((flag) => spawnSync('id', [flag, user], { encoding: 'utf8' }));
    const [uid, gid] = asked.map(({ stdout }) => Number(stdout));
    if (asked.every(({ status }) => status === 0)) return { uid: uid!, gid: gid! };
  }
  return {};
}

function pathFolders(): string[] {
  // `sbin` is where servers lie, and not on the path of every user.
  return [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin'];
}

function folderOf(program: string, folders: readonly string[]): string | null {
  const found = folders.find((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK);
      return folder !== '';
    } catch {
      return false;
    }
  });
  return found ?? null;
}
