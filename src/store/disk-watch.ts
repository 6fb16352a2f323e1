import { Topic } from '../util/topic.js';
import type { Growth } from './growth.js';
import type { DiskUse } from './disk-use.js';
import type { DiskStats } from './store-types.js';
import { gigabytes } from '../util/gigabytes.js';

const DAY_MS = 86_400_000;
/** Interval between two samples, ms. */
const SAMPLE_MS = 60_000;
/** A disk that will be full within this many days warrants a warning. */
const WARN_DAYS = 7;

/** Limits and measurements of growth. */
interface DiskBounds {
  /** Measures the database's size and the free space. */
  readonly use: () => Promise<DiskUse>;
  /** Maximum bytes; 0 = unlimited. */
  readonly maxBytes: number;
  /** Days that books are kept; 0 = forever. */
  readonly retentionDays: number;
}

/** Days until the disk is full; null if never. @param now Unix ms */
export function daysUntilFull(
  figures: { databaseBytes: number; freeBytes: number; growth: Growth },
  bounds: Pick<DiskBounds, 'maxBytes' | 'retentionDays'>,
  now: number,
): number | null {
  const { databaseBytes, freeBytes, growth } = figures;
  const perDay = growth.bytesPerDay ?? 0;
  if (perDay <= 0) return null;
  if (bounds.maxBytes > 0 && bounds.maxBytes - databaseBytes <= freeBytes) return null;
  if (bounds.retentionDays > 0 && growth.oldestBook !== null) {
    const age = (now - growth.oldestBook) / DAY_MS;
    if (Math.max(0, bounds.retentionDays - age) * perDay <= freeBytes) return null;
  }
  return freeBytes / perDay;
}

/** Tracks the database's size and the free space of its disk, and warns in time. */
export class DiskWatch {
  readonly #warnings = new Topic<DiskStats>();
  readonly #bounds: DiskBounds;
  readonly #sample: () => Promise<Growth>;
  #stats: DiskStats;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  /** @param sample stores the current size and returns the growth */
  constructor(bounds: DiskBounds, sample: () => Promise<Growth>) {
    this.#bounds = bounds;
    this.#sample = sample;
    this.#stats = {
      databaseBytes: null,
      maxDatabaseBytes: bounds.maxBytes === 0 ? null : bounds.maxBytes,
      freeBytes: null,
      growthBytesPerDay: null,
      daysUntilFull: null,
      warning: null,
    };
    void this.#look();
  }

  /** The latest figures. */
  get stats(): DiskStats {
    return this.#stats;
  }

  /** Calls `listener` with the figures when a warning begins; immediately if there already is one. */
  onWarning(listener: (stats: DiskStats) => void): void {
    this.#warnings.on(listener);
    if (this.#stats.warning !== null) listener(this.#stats);
  }

  /** Stops. */
  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
  }

  async #look(): Promise<void> {
    try {
      await this.#update();
    } catch {
      // A database that cannot be written is reported by the flusher; the next check tries again.
    }
    if (this.#closed) return;
    this.#timer = setTimeout(() => void this.#look(), SAMPLE_MS);
    this.#timer.unref();
  }

  async #update(): Promise<void> {
    const growth = await this.#sample();
    const { databaseBytes, freeBytes } = await this.#bounds.use();
    const days =
      freeBytes === null
        ? null
        : daysUntilFull({ databaseBytes, freeBytes, growth }, this.#bounds, Date.now());
    const before = this.#stats.warning;
    this.#stats = {
      ...this.#stats,
      databaseBytes,
      freeBytes,
      growthBytesPerDay: growth.bytesPerDay,
      daysUntilFull: days,
      warning: days !== null && days < WARN_DAYS ? warningText(days, freeBytes ?? 0) : null,
    };
    if (before === null && this.#stats.warning !== null && !this.#closed) {
      this.#warnings.publish(this.#stats);
    }
  }
}

function warningText(days: number, freeBytes: number): string {
  return `the disk of the database will be full in ${days.toFixed(1)} days (${gigabytes(freeBytes)} GB free); free some space or set MAX_DB_GB or RETENTION_DAYS`;
}
