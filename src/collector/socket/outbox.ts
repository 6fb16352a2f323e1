import type { AdaptiveLimit } from '../limits/adaptive-limit.js';
import { type RateLimit, RateLimiter } from '../limits/rate-limiter.js';
import type { WSConnection } from './ws-connection.js';

/** Messages to the exchange: sent in order, within its message limits per socket. */
export class Outbox {
  readonly #limits: readonly RateLimit[];
  readonly #rate: AdaptiveLimit | null;
  readonly #onEmpty: () => void;
  #connection: WSConnection | null = null;
  #limiter: RateLimiter;
  #messages: string[] = [];
  #timer: NodeJS.Timeout | undefined;

  /** @param rate shared by an exchange's sockets. @param onEmpty called when the last message is sent */
  constructor(limits: readonly RateLimit[], rate: AdaptiveLimit | null, onEmpty: () => void) {
    this.#limits = limits;
    this.#rate = rate;
    this.#limiter = this.#unused();
    this.#onEmpty = onEmpty;
  }

  #unused(): RateLimiter {
    return new RateLimiter(this.#limits, () => performance.now(), this.#rate);
  }

  /** Starts over with a connection, whose limits are untouched; null = without one. */
  restart(connection: WSConnection | null): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#connection = connection;
    this.#messages = [];
    this.#limiter = this.#unused();
  }

  /** Drops what has not been sent yet. */
  drop(): void {
    this.#messages = [];
  }

  /** Sends messages as soon as the limits allow. */
  push(messages: readonly string[]): void {
    this.#messages.push(...messages);
    this.#pump();
  }

  #pump(): void {
    const connection = this.#connection;
    if (connection === null || !connection.open) return;
    let message: string | undefined;
    while ((message = this.#messages[0]) !== undefined) {
      if (!this.#limiter.tryTake()) {
        this.#timer ??= setTimeout(() => {
          this.#timer = undefined;
          this.#pump();
        }, Math.ceil(this.#limiter.waitMs()));
        return;
      }
      this.#messages.shift();
      connection.send(message);
    }
    this.#onEmpty();
  }
}
