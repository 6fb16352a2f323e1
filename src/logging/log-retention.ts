import { readdir, stat, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { EXCHANGES } from '../market/exchange.js';

const DAY_MS = 86_400_000;
/** Interval between two checks of the folder, ms. */
const LOOK_MS = 10_000;

/** Names of the log files, without date, number and extension: one per exchange and the program's. */
export const LOG_NAMES = ['system', ...EXCHANGES.map((exchange) => exchange.toLowerCase())];

/** `upbit.2026-11-25.1.log`, as named by pino-roll. */
const LOG_FILE = new RegExp(`^(${LOG_NAMES.join('|')})\\.(\\d{4}-\\d\\d-\\d\\d)\\.(\\d+)\\.log$`);

/** How long and how much of the log files to keep. */
export interface LogBounds {
  /** Files of days longer ago than this are deleted; 0 keeps all. */
  readonly keepDays: number;
  /** Total bytes of all files, beyond which the oldest are deleted; 0 = unlimited. */
  readonly maxBytes: number;
}

/** An existing log file. */
export interface LogFile {
  readonly name: string;
  /** Local midnight at the start of its day, Unix ms. */
  readonly day: number;
  /** Its number among those of its exchange and day. */
  readonly number: number;
  readonly bytes: number;
}

/** Parses the name of a log file; null when it is not one of ours. */
export function readLogName(name: string): Omit<LogFile, 'bytes'> | null {
  const parts = LOG_FILE.exec(name);
  if (parts === null) return null;
  const [year, month, date] = parts[2]!.split('-').map(Number) as [number, number, number];
  return { name, day: new Date(year, month - 1, date).getTime(), number: Number(parts[3]) };
}

/**
 * The files to delete. The newest of each exchange stays: it is being written.
 * @param now Unix ms. Not trusted alone, since deletion is final: days are counted back from the
 * day after the newest file of an earlier day, so that a clock years ahead deletes nothing.
 */
export function superfluousLogs(
  files: readonly LogFile[],
  { keepDays, maxBytes }: LogBounds,
  now: number,
): LogFile[] {
  const oldestFirst = [...files].sort((a, b) => a.day - b.day || a.number - b.number);
  const newest = new Map(oldestFirst.map((file) => [file.name.split('.')[0], file]));
  const free = oldestFirst.filter((file) => newest.get(file.name.split('.')[0]) !== file);
  const today = new Date(now).setHours(0, 0, 0, 0);
  const earlier = oldestFirst.findLast(({ day }) => day < today)?.day ?? today;
  const from = Math.min(today, earlier + DAY_MS) - keepDays * DAY_MS;
  let bytes = files.reduce((sum, file) => sum + file.bytes, 0);
  const gone: LogFile[] = [];
  for (const file of free) {
    const old = keepDays > 0 && file.day < from;
    const much = maxBytes > 0 && bytes > maxBytes;
    if (!old && !much) continue;
    gone.push(file);
    bytes -= file.bytes;
  }
  return gone;
}

/** Keeps the log folder within its bounds, files of earlier runs included. */
export class LogRetention {
  readonly #folder: string;
  readonly #bounds: LogBounds;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(folder: string, bounds: LogBounds) {
    this.#folder = folder;
    this.#bounds = bounds;
    void this.#look();
  }

  /** Stops. */
  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
  }

  async #look(): Promise<void> {
    try {
      const gone = superfluousLogs(await this.#files(), this.#bounds, Date.now());
      for (const { name } of gone) await unlink(join(this.#folder, name));
    } catch {
      // A folder that is gone or not writable is reported by the log files; we retry later.
    }
    if (this.#closed) return;
    this.#timer = setTimeout(() => void this.#look(), LOOK_MS);
    this.#timer.unref();
  }

  async #files(): Promise<LogFile[]> {
    const files: LogFile[] = [];
    for (const name of await readdir(this.#folder)) {
      const known = readLogName(name);
      if (known === null) continue;
      const info = await stat(join(this.#folder, name)).catch(() => null);
      if (info?.isFile() === true) files.push({ ...known, bytes: info.size });
    }
    return files;
  }
}
