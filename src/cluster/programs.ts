import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, readdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Where Debian keeps PostgreSQL's programs, one folder per version. */
const DEBIAN = '/usr/lib/postgresql';

/** The servers that several nodes need, if installed. */
export interface ServerPrograms {
  /** Path of `nats-server`. */
  readonly nats: string;
  /** Folder of `initdb` and `postgres`. */
  readonly postgresql: string;
}

/** What is missing, in one line: what to install. */
export class MissingProgramsError extends Error {}

/** Finds the programs in some folders. @throws {MissingProgramsError} */
export function findPrograms(folders: readonly string[] = serverFolders()): ServerPrograms {
  const nats = findNats(folders);
  const postgresql = findPostgresql(folders);
  if (nats !== null && postgresql !== null) return { nats, postgresql };
  const missing = [
    ...(nats === null ? ['nats-server'] : []),
    ...(postgresql === null ? ['postgresql'] : []),
  ];
  throw new MissingProgramsError(
    `${missing.join(' and ')} ${missing.length === 1 ? 'is' : 'are'} not installed; on Debian: apt-get install ${missing.join(' ')}`,
  );
}

/** Path of `nats-server`; null when it is not installed. */
export function findNats(folders: readonly string[] = serverFolders()): string | null {
  const folder = folderOf('nats-server', folders);
  return folder === null ? null : join(folder, 'nats-server');
}

/** Folder of PostgreSQL's `initdb` and `postgres`; null when they are not installed. */
export function findPostgresql(folders: readonly string[] = serverFolders()): string | null {
  return folderOf('initdb', folders);
}

/** The user for a server that refuses to run as root; empty = this process's user. */
export function unprivileged(): { uid?: number; gid?: number } {
  if (process.getuid?.() !== 0) return {};
  for (const user of ['postgres', 'nobody']) {
    const asked = ['-u', '-g'].map((flag) => spawnSync('id', [flag, user], { encoding: 'utf8' }));
    const [uid, gid] = asked.map(({ stdout }) => Number(stdout));
    if (asked.every(({ status }) => status === 0)) return { uid: uid!, gid: gid! };
  }
  return {};
}

/** The newest PostgreSQL of Debian, then the PATH, then locations of servers not on it. */
function serverFolders(): string[] {
  const versions = existsSync(DEBIAN) ? readdirSync(DEBIAN) : [];
  const newest = versions.sort((a, b) => Number(b) - Number(a));
  return [
    ...newest.map((version) => join(DEBIAN, version, 'bin')),
    ...(process.env['PATH'] ?? '').split(delimiter),
    '/usr/sbin',
    '/usr/local/sbin',
  ];
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
