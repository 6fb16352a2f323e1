import type { Exchange } from '../../market/exchange.js';

/**
 * What the exchanges' times say of the system clock: of each exchange the newest (a quiet book's
 * time is old), of several the middle one (one may be wrong).
 */
export class ClockWitness {
  readonly #least = new Map<Exchange, number>();

  /** Takes the times of a book, Unix ms. */
  note(exchange: Exchange, exchangeTimestamp: number, receivedAt: number): void {
    const ahead = receivedAt - exchangeTimestamp;
    const least = this.#least.get(exchange);
    if (least === undefined || ahead < least) this.#least.set(exchange, ahead);
  }

  /** How far the system clock is ahead of the exchanges, ms; null when none is known. */
  get aheadMs(): number | null {
    const sorted = [...this.#least.values()].sort((a, b) => a - b);
    if (sorted.length === 0) return null;
    const low = sorted[(sorted.length - 1) >> 1]!;
    const high = sorted[sorted.length >> 1]!;
    return Math.abs(low) <= Math.abs(high) ? low : high;
  }

  /** How many exchanges have given their time. */
  get exchanges(): number {
    return this.#least.size;
  }

  /** Starts over: what was noted says nothing of the clock from now on. */
  forget(): void {
    this.#least.clear();
  }
}
