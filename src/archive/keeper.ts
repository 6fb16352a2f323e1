import { type ChildProcess, fork } from 'node:child_process';
import { statfs } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { ArchivedDay } from '../store/archived.js';
import type { ArchiveStats } from '../store/store-types.js';
import type { ArchiveTask } from './archive.js';
import type { ArchiveMessage } from './child.js';
import type { ArchiveSize } from './size.js';
import { DAY_MS, startOf } from '../parquet/layout.js';
import { archivedDates, type Manifest, readManifest } from '../parquet/manifest.js';

/** Where the archive is and what goes into it. */
export type KeeperOptions = Pick<ArchiveTask, 'folder' | 'dbPath' | 'afterDays'> & {
  /** The present, Unix ms. */
  readonly now: () => number;
  /** First wait, and wait after a failure, ms; for tests. 15,000 and 600,000. */
  readonly firstMs?: number;
  readonly retryMs?: number;
};

/** Receives the events of archiving. */
export interface KeeperListener {
  onDay(day: Extract<ArchiveMessage, { date: string }>): void;
  /** Why archiving fails, once per reason; null when it works again. */
  onFailure(failure: string | null): void;
}

/** Maximum delay after the end of a day, so that many recorders do not all start at once, ms. */
const JITTER_MS = 1_800_000;
/** How often the free space of the archive's disk is checked, ms. */
const DISK_MS = 60_000;
/** Memory of the process on top of DuckDB's, MB. */
const HEAP_MB = 160;

/** Archives closed days at startup and after each midnight (UTC), in a low-priority process. */
export class ArchiveKeeper {
  readonly #options: KeeperOptions;
  readonly #listener: KeeperListener;
  #timer: NodeJS.Timeout | undefined;
  #diskTimer: NodeJS.Timeout | undefined;
  #child: ChildProcess | null = null;
  #days = 0;
  #failure: string | null = null;
  #size: ArchiveSize | null = null;
  #freeBytes: number | null = null;
  #closed = false;

  constructor(options: KeeperOptions, listener: KeeperListener) {
    this.#options = options;
    this.#listener = listener;
    const first = options.firstMs ?? 15_000;
    this.#schedule(first / 3 + Math.random() * first);
    void this.#lookAtDisk();
  }

  get stats(): ArchiveStats {
    return {
      days: this.#days,
      failure: this.#failure,
      allDays: this.#size?.allDays ?? null,
      bytes: this.#size?.bytes ?? null,
      freeBytes: this.#freeBytes,
    };
  }

  /** Ends the process, wherever it is; the next run resumes. */
  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    clearTimeout(this.#diskTimer);
    this.#child?.kill('SIGKILL');
  }

  async #lookAtDisk(): Promise<void> {
    // A folder that does not exist (yet, or any more) has no known free space.
    const disk = await statfs(this.#options.folder).catch(() => null);
    this.#freeBytes = disk === null ? null : disk.bavail * disk.bsize;
    if (this.#closed) return;
    this.#diskTimer = setTimeout(() => void this.#lookAtDisk(), DISK_MS);
    this.#diskTimer.unref();
  }

  #schedule(ms: number): void {
    if (this.#closed) return;
    this.#timer = setTimeout(() => this.#run(), ms);
    this.#timer.unref();
  }

  #run(): void {
    const { folder, dbPath, afterDays, now } = this.#options;
    const task: ArchiveTask = { folder, dbPath, afterDays, now: now() };
    let ended = false;
    const end = (failure: string | null): void => {
      if (ended || this.#closed) return;
      ended = true;
      this.#child = null;
      this.#note(failure);
      const midnight = DAY_MS - (now() % DAY_MS);
      const retry = this.#options.retryMs ?? 600_000;
      this.#schedule(failure === null ? midnight + Math.random() * JITTER_MS : retry);
    };
    const entry = fileURLToPath(new URL('./child.js', import.meta.url));
    // Not as an argument, which everyone on the machine can see: the database address contains a password.
    const child = fork(entry, [], {
      // Otherwise the C library keeps a memory arena for each thread that ever allocated.
      env: { ...process.env, MALLOC_ARENA_MAX: '2', ARCHIVE_TASK: JSON.stringify(task) },
      execArgv: [`--max-old-space-size=${HEAP_MB}`],
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    this.#child = child;
    child.unref();
    child.channel?.unref();
    let said = '';
    child.stderr?.on('data', (data: Buffer) => (said = (said + data.toString()).slice(-2_000)));
    child.on('message', (message: ArchiveMessage) => {
      if ('failure' in message) {
        this.#size = message.size ?? this.#size;
        return end(message.failure);
      }
      this.#days++;
      if (!this.#closed) this.#listener.onDay(message);
    });
    child.on('error', (error) => end(error.message));
    child.on('exit', (code, signal) => {
      const last = said.trim().split('\n').at(-1) ?? '';
      end(`the process ended (${signal ?? code})${last === '' ? '' : `: ${last}`}`);
    });
  }

  #note(failure: string | null): void {
    if (failure !== this.#failure) this.#listener.onFailure(failure);
    this.#failure = failure;
  }
}

/** The days of an archive, ascending; those with unreadable manifests are left out. */
export async function archivedDays(folder: string): Promise<ArchivedDay[]> {
  const days: ArchivedDay[] = [];
  for (const date of await archivedDates(folder)) {
    const manifest = await readManifest(folder, date).catch(() => null);
    if (manifest === null) continue;
    days.push({
      database: manifest.database,
      ranges: manifest.ranges,
      previous: manifest.previous === null ? null : startOf(manifest.previous) + DAY_MS,
      trades: manifest.trades ?? null,
      lastGap: lastGapOf(manifest),
      end: startOf(date) + DAY_MS,
    });
  }
  return days;
}

/** Highest gap id of a day. */
function lastGapOf({ files }: Manifest): number {
  const gaps = files.filter(({ table }) => table === 'gaps');
  const digests = gaps.flatMap(({ markets }) => Object.values(markets));
  return digests.reduce((greatest, { last }) => Math.max(greatest, last), 0);
}
