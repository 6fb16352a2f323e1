import type { AdaptiveLimit } from './adaptive-limit.js';

/**
 * How many pairs an exchange serves on one socket: halved by refusals, and doubled again by each
 * served socket, up to the number refused while others were served.
 */
export class SocketCapacity {
  readonly #limit: AdaptiveLimit;
  #served = false;
  /** Number of consecutive sockets served in part. */
  #proofs = 0;
  /** Smallest number refused since some were served. */
  #refused = Infinity;

  /** @param limit the number as kept and shown */
  constructor(limit: AdaptiveLimit) {
    this.#limit = limit;
  }

  /** The current maximum number of pairs on one socket. */
  get value(): number {
    return this.#limit.value;
  }

  /** Whether the next served socket may raise it. */
  get growing(): boolean {
    const { value } = this.#limit;
    return value < this.#limit.atStart && value * 2 < this.#refused;
  }

  /** A socket of this many pairs was refused. @param words what the exchange said */
  refused(words: string, pairs: number): void {
    if (this.#served) this.#refused = Math.min(this.#refused, pairs);
    this.#limit.refused(words, pairs);
  }

  /** Only this many of a socket's pairs were served. */
  servedOnly(pairs: number, words: string): void {
    this.#proofs++;
    this.#served = true;
    this.#refused = pairs + 1;
    this.#limit.refused(words, 2 * pairs);
  }

  /** A socket of this many pairs is served. */
  served(pairs: number): void {
    this.#served = true;
    if (this.growing && pairs >= this.value) this.#limit.widen(this.value * 2);
  }

  /** What looked like a refusal was not one: the usual number applies again, unless it recurred. */
  mistaken(): void {
    const proven = this.#proofs > 1;
    this.#proofs = 0;
    if (proven) return;
    this.#refused = Infinity;
    this.#limit.widen(this.#limit.atStart);
  }
}
