import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setPriority } from 'node:os';
import { fileURLToPath } from 'node:url';
import { isServer } from '../engine/open.js';
import { StoreError } from '../errors.js';
import type { ReaderOptions } from '../reader-protocol.js';
import type { ExportOptions } from '../reader-types.js';

const COMMAND = fileURLToPath(new URL('./command.js', import.meta.url));
/** Below everything that records. */
const PRIORITY = 10;

/** The settings that name a database. */
function databaseEnv(location: string): NodeJS.ProcessEnv {
  return isServer(location) ? { DATABASE_URL: location } : { DATABASE_URL: '', DB_PATH: location };
}

/**
 * Writes an export into `file` in a separate process, so that it takes neither memory nor time from
 * the recorder.
 * @param reader the database and its archive
 * @throws {StoreError} with the process's message
 */
export async function exportInChild(
  { path, archivePath = '' }: ReaderOptions,
  options: ExportOptions,
  file: string,
  signal: AbortSignal,
): Promise<void> {
  const { exchanges, ...flags } = options;
  const given = Object.entries(flags).filter(([, value]) => value !== undefined);
  const args = given.flatMap(([name, value]) => [`--${name}`, String(value)]);
  const child = spawn(process.execPath, [COMMAND, ...exchanges, ...args, '--out', file], {
    env: { ...process.env, ...databaseEnv(path), ARCHIVE_PATH: archivePath },
    stdio: ['ignore', 'ignore', 'pipe'],
    signal,
  });
  let said = '';
  child.stderr.on('data', (data: Buffer) => (said = (said + data.toString()).slice(-2_000)));
  const closed = once(child, 'close') as Promise<[number | null]>;
  try {
    setPriority(child.pid!, PRIORITY);
  } catch {
    // It may have ended already.
  }
  const [code] = await closed;
  if (code !== 0) throw new StoreError(said.trim().split('\n').at(-1) ?? 'the export ended');
}
