import type { RetireStep } from './retire.js';

const DAY_MS = 86_400_000;
/** Time between two passes, ms. */
const PASS_MS = 600_000;
/** Pause between two steps of a pass, in which the writer does its own work, ms. */
const PAUSE_MS = 50;

/** Deletes old books again and again while the store is open, in steps that never stall the writer. */
export class Retention {
  readonly #days: number;
  readonly #step: (before: number, cursor: number) => Promise<RetireStep>;
  readonly #onPass: (deleted: number) => void;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  /**
   * @param days age from which books are old; 0 keeps all
   * @param step deletes some; runs in the writer's thread
   * @param onPass told how many books a pass deleted, if any
   */
  constructor(
    days: number,
    step: (before: number, cursor: number) => Promise<RetireStep>,
    onPass: (deleted: number) => void,
  ) {
    this.#days = days;
    this.#step = step;
    this.#onPass = onPass;
    if (days > 0) this.#schedule(0);
  }

  /** Ends it; a step under way is still finished by the writer. */
  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
  }

  #schedule(ms: number): void {
    if (this.#closed) return;
    this.#timer = setTimeout(() => void this.#pass(), ms);
    this.#timer.unref();
  }

  async #pass(): Promise<void> {
    const before = Date.now() - this.#days * DAY_MS;
    let deleted = 0;
    try {
      for (let cursor: number | null = 0; cursor !== null && !this.#closed;) {
        const step: RetireStep = await this.#step(before, cursor);
        deleted += step.deleted;
        cursor = step.cursor;
        await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
      }
    } catch {
      // A disk that cannot be written is reported by the flusher; the next pass tries again.
    }
    if (deleted > 0 && !this.#closed) this.#onPass(deleted);
    this.#schedule(PASS_MS);
  }
}
