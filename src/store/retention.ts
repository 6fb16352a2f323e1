import type { AgeClock } from './age-clock.js';
import type { ArchivedDay } from './archived.js';
import type { Space } from './engine/engine.js';
import type { RetireBound, RetireStep } from './retire.js';
import { pause } from '../util/wait.js';

const DAY_MS = 86_400_000;
/** Delay from opening to the first check, so that whoever opened it can listen first, ms. */
const FIRST_MS = 200;
/** Interval between checks of the age of books and of the log, ms. */
const AGE_MS = 600_000;
/** The same while the clock is not trusted, ms. */
const HELD_MS = 10_000;
/** Interval between checks of the file's size, ms. */
const SIZE_MS = 2_000;
/** Share of the maximum size down to which books are deleted once it is reached. */
const DOWN_TO = 0.95;
/** Share of the maximum size reserved for the log: its usual size, and a fifth of a small file. */
const LOG_BYTES = 20_000_000;
const LOG_SHARE = 0.2;
/** Pause between two steps, as a multiple of the last one and as a minimum, ms: time for the writer. */
const PAUSE_FACTOR = 2;
const LEAST_PAUSE_MS = 5;

/** The setting that caused a deletion. */
export type RetentionSetting = 'RETENTION_DAYS' | 'MAX_DB_GB';

/** Books deleted in a pass. */
export interface Retired {
  readonly books: number;
  readonly setting: RetentionSetting;
}

/** The clock has jumped and is not trusted, so age is measured by another time. */
export interface RetentionHeld {
  /** What the system clock shows, Unix ms. */
  readonly clock: number;
  /** The time against which age is measured, Unix ms. */
  readonly believed: number;
}

/** What retention needs from the writer; each call occupies it for a few milliseconds. */
export interface RetentionWriter {
  retireBefore(time: number, now: number, limit: RetireBound | null): Promise<RetireBound | null>;
  retireSlice(limit: RetireBound | null): Promise<RetireBound | null>;
  /** Up to where everything is archived ({@link archivedBound}). */
  archivedBound(days: readonly ArchivedDay[]): Promise<RetireBound>;
  retireStep(bound: RetireBound, cursor: number): Promise<RetireStep>;
  retireCoverage(time: number): Promise<{ more: boolean; heldMs: number }>;
  retireLogs(time: number): Promise<{ more: boolean; heldMs: number }>;
  giveBack(): Promise<{ more: boolean; heldMs: number }>;
  cutFile(): Promise<void>;
  space(): Promise<Space>;
  /** Records the trusted time, Unix ms ({@link AgeClock}). */
  believe(time: number): Promise<void>;
}

/** How long and how much is kept. */
interface RetentionOptions {
  /** Age at which books are old; 0 keeps all. */
  readonly days: number;
  /** Days that log records are kept; 0 keeps all. */
  readonly logKeepDays: number;
  /** Maximum bytes of the file and its log together; 0 = unlimited. */
  readonly maxBytes: number;
  /** The size of the database, bytes. */
  readonly size: () => Promise<number>;
  /** The days of the archive, without which nothing is deleted; undefined = there is no archive. */
  readonly archived?: (() => Promise<readonly ArchivedDay[]>) | undefined;
}

/**
 * Deletes old books while the store is open, in steps with pauses that leave the writer its time:
 * those older than some days, and the oldest ones while the file exceeds its maximum. Space is
 * returned to the file system. The log is always kept short.
 */
export class Retention {
  readonly #options: RetentionOptions;
  readonly #writer: RetentionWriter;
  readonly #age: AgeClock;
  readonly #onPass: (retired: Retired) => void;
  readonly #onHeld: (held: RetentionHeld | null) => void;
  readonly #onWaiting: (setting: RetentionSetting | null) => void;
  #held: RetentionHeld | null = null;
  #waiting: RetentionSetting | null = null;
  #timer: NodeJS.Timeout | undefined;
  #nextAge = 0;
  #closed = false;

  /**
   * @param onPass called with how many books a pass deleted, if any
   * @param onHeld called when deletion by age is suspended and resumed because the clock is in
   * doubt
   * @param onWaiting called when a setting would delete what is not archived yet, and when it no
   * longer does (null)
   */
  constructor(
    options: RetentionOptions,
    writer: RetentionWriter,
    age: AgeClock,
    onPass: (retired: Retired) => void,
    onHeld: (held: RetentionHeld | null) => void,
    onWaiting: (setting: RetentionSetting | null) => void,
  ) {
    this.#options = options;
    this.#writer = writer;
    this.#age = age;
    this.#onPass = onPass;
    this.#onHeld = onHeld;
    this.#onWaiting = onWaiting;
    this.#schedule(FIRST_MS);
  }

  /** Why no books are being deleted by age; null when all is well. */
  get held(): RetentionHeld | null {
    return this.#held;
  }

  /** Stops; the writer still finishes a step in progress. */
  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
  }

  #schedule(ms: number): void {
    if (this.#closed) return;
    this.#timer = setTimeout(() => void this.#look(), ms);
    this.#timer.unref();
  }

  async #look(): Promise<void> {
    try {
      if (performance.now() >= this.#nextAge) {
        await this.#retireByAge();
        await this.#retireLogs();
        this.#nextAge = performance.now() + this.#ageEveryMs;
      }
      const { size, maxBytes } = this.#options;
      if (maxBytes > 0 && (await size()) > maxBytes) await this.#retireBySize();
    } catch {
      // A disk that cannot be written is reported by the flusher; the next check tries again.
    }
    this.#schedule(this.#options.maxBytes > 0 ? SIZE_MS : this.#ageEveryMs);
  }

  get #ageEveryMs(): number {
    return this.#held === null ? AGE_MS : HELD_MS;
  }

  async #retireByAge(): Promise<void> {
    const { days } = this.#options;
    const now = Math.floor(this.#age.now());
    await this.#writer.believe(now);
    if (days === 0) return;
    this.#hold(this.#age.held ? { clock: Date.now(), believed: now } : null);
    const time = now - days * DAY_MS;
    const limit = await this.#limit();
    const bound = await this.#writer.retireBefore(time, now, limit);
    if (bound === null) return;
    let books = 0;
    try {
      await this.#retire(bound, (deleted) => (books += deleted));
      await this.#repeat(() => this.#writer.giveBack());
      if (books > 0 && !this.#closed) await this.#writer.cutFile();
    } finally {
      this.#report(books, 'RETENTION_DAYS');
    }
  }

  async #retireLogs(): Promise<void> {
    const { logKeepDays } = this.#options;
    if (logKeepDays === 0) return;
    const time = Math.floor(this.#age.now()) - logKeepDays * DAY_MS;
    await this.#repeat(() => this.#writer.retireLogs(time));
  }

  /** Up to where books may be deleted; null = there is no archive that must have them first. */
  async #limit(): Promise<RetireBound | null> {
    const { archived } = this.#options;
    // An unreadable archive vouches for nothing.
    return archived === undefined
      ? null
      : this.#writer.archivedBound(await archived().catch(() => []));
  }

  #wait(setting: RetentionSetting | null): void {
    if (setting === this.#waiting || this.#closed) return;
    this.#waiting = setting;
    this.#onWaiting(setting);
  }

  #hold(held: RetentionHeld | null): void {
    const changed = (held === null) !== (this.#held === null);
    this.#held = held;
    if (changed && !this.#closed) this.#onHeld(held);
  }

  async #retireBySize(): Promise<void> {
    const { maxBytes } = this.#options;
    const wanted = DOWN_TO * (maxBytes - Math.min(LOG_BYTES, LOG_SHARE * maxBytes));
    let books = 0;
    let waits = false;
    const limit = await this.#limit();
    try {
      await this.#repeat(() => this.#writer.giveBack());
      while (!this.#closed && (await this.#writer.space()).usedBytes > wanted) {
        const bound = await this.#writer.retireSlice(limit);
        waits = bound === null && limit !== null && limit.sequence < Number.MAX_SAFE_INTEGER;
        if (bound === null) break;
        await this.#retire(bound, (deleted) => (books += deleted));
        await this.#repeat(() => this.#writer.giveBack());
      }
      if (!this.#closed) await this.#writer.cutFile();
    } finally {
      this.#report(books, 'MAX_DB_GB');
      this.#wait(waits ? 'MAX_DB_GB' : null);
    }
  }

  async #retire(bound: RetireBound, count: (books: number) => void): Promise<void> {
    for (let cursor: number | null = 0; cursor !== null && !this.#closed;) {
      const step: RetireStep = await this.#writer.retireStep(bound, cursor);
      count(step.books);
      cursor = step.cursor;
      await pauseAfter(step.heldMs);
    }
    await this.#repeat(() => this.#writer.retireCoverage(bound.time));
  }

  async #repeat(step: () => Promise<{ more: boolean; heldMs: number }>): Promise<void> {
    for (let more = true; more && !this.#closed;) {
      const done = await step();
      more = done.more;
      await pauseAfter(done.heldMs);
    }
  }

  #report(books: number, setting: RetentionSetting): void {
    if (books > 0 && !this.#closed) this.#onPass({ books, setting });
  }
}

function pauseAfter(heldMs: number): Promise<void> {
  return pause(Math.max(LEAST_PAUSE_MS, heldMs * PAUSE_FACTOR));
}
