/** Progress on a terminal: one line on standard error, redrawn at most ten times a second. */
export class ProgressBar {
  readonly #range: { low: number; high: number } | null;
  readonly #shown = process.stderr.isTTY === true;
  #next = 0;

  /** @param range sequences being exported; null = nothing to show */
  constructor(range: { low: number; high: number } | null) {
    this.#range = range;
  }

  /** Shows that everything up to a sequence has been written. */
  update(sequence: number): void {
    if (!this.#shown || this.#range === null || performance.now() < this.#next) return;
    this.#next = performance.now() + 100;
    const { low, high } = this.#range;
    this.#draw(high === low ? 1 : (sequence - low) / (high - low));
  }

  /** Shows completion. */
  end(): void {
    if (!this.#shown || this.#range === null) return;
    this.#draw(1);
    process.stderr.write('\n');
  }

  #draw(share: number): void {
    const full = Math.round(share * 30);
    const bar = '█'.repeat(full) + '░'.repeat(30 - full);
    process.stderr.write(`\r${bar} ${String(Math.floor(share * 100)).padStart(3)} %`);
  }
}
