import type { Exchange } from '../../market/exchange.js';

/**
 * What the exchanges' times say about the system clock: the newest time of each exchange (a quiet
 * book's time is old), and the median over exchanges (one may be wrong).
 */
export class ClockWitness {
  readonly #least = new Map<Exchange, number>();

  /** Records the times of a book, Unix ms. */
  note(exchange: Exchange, exchangeTimestamp: number, receivedAt: number): void {
    const ahead = receivedAt - exchangeTimestamp;
    const least = this.#least.get(exchange);
    if (least === undefined || ahead < least) this.#least.set(exchange, ahead);
  }

  /** How far the system clock is ahead of the exchanges, ms; null when unknown. */
  get aheadMs(): number | null {
    const sorted = [...this.#least.values()].sort((a, b) => a - b);
    if (sorted.length === 0) return null;
    const low = sorted[(sorted.length - 1) >> 1]!;
    const high = sorted[sorted.length >> 1]!;
    return Math.abs(low) <= Math.abs(high) ? low : high;
  }

  /** Number of exchanges whose time is known. */
  get exchanges(): number {
    return this.#least.size;
  }

  /** Starts over: earlier readings say nothing about the clock from now on. */
  forget(): void {
    this.#least.clear();
  }
}
