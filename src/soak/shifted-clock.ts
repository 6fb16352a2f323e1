import { closeSync, openSync, writeSync } from 'node:fs';

/** One setting of the recorder's clock. */
interface ClockSetting {
  /** From when it applies, Unix ms of the true clock. */
  readonly from: number;
  /** The recorder's clock minus the true one, ms. */
  readonly offset: number;
}

/** How long the recorder may take to notice a new setting while it runs, ms. */
const NOTICE_MS = 1000;

/**
 * The recorder's clock, which the soak sets through a file that `clock-preload.js` reads; every
 * setting is kept for the account.
 */
export class ShiftedClock {
  readonly #file: number;
  readonly #settings: ClockSetting[] = [{ from: -Infinity, offset: 0 }];
  /** Node's arguments that give the recorder this clock. */
  readonly nodeArguments: readonly string[];
  /** Environment that gives the recorder this clock. */
  readonly env: Readonly<Record<string, string>>;

  /** @param path the file for the offset; created here */
  constructor(path: string) {
    this.#file = openSync(path, 'w');
    this.nodeArguments = ['--import', new URL('./clock-preload.js', import.meta.url).href];
    this.env = { SOAK_CLOCK_FILE: path };
    this.#write(0);
  }

  /** The recorder's clock minus the true one, ms. */
  get offset(): number {
    return this.#settings.at(-1)!.offset;
  }

  /** Sets the recorder's clock `offset` ms from the true one; a clock shows whole ms. */
  set(offset: number): void {
    const whole = Math.round(offset);
    this.#settings.push({ from: Date.now(), offset: whole });
    this.#write(whole);
  }

  /** What the clock may have shown at a true moment (Unix ms): one reading, two near a change. */
  readings(at: number): number[] {
    const held = this.#settings.filter(({ from }, i) => {
      const until = this.#settings[i + 1]?.from ?? Infinity;
      return from - NOTICE_MS <= at && at <= until + NOTICE_MS;
    });
    return [...new Set(held.map(({ offset }) => at + offset))];
  }

  /** Whether the recorder's clock may have shown a time while it was wrong: then it proves no order. */
  doubtful(reading: number): boolean {
    return this.#settings.some(({ from, offset }, i) => {
      const until = this.#settings[i + 1]?.from ?? Date.now();
      return (
        offset !== 0 &&
        reading >= from + offset - NOTICE_MS &&
        reading <= until + offset + NOTICE_MS
      );
    });
  }

  /** All shifts that a date may have had when the clock was set, 0 included, ms. */
  get shifts(): number[] {
    const offsets = this.#settings.map(({ offset }) => offset);
    return [...new Set(offsets.flatMap((a) => offsets.map((b) => a - b)))];
  }

  /** Frees the file. */
  close(): void {
    closeSync(this.#file);
  }

  #write(offset: number): void {
    // Always of the same length, so that no reader ever sees half of it.
    writeSync(this.#file, String(offset).padStart(20), 0);
  }
}
