import type { LiveSubscription } from '../../live/live-streams.js';

/** Where an accepted subscription waits for the transport it came in on. */
export class LiveSlot {
  #subscription: LiveSubscription | undefined;

  put(subscription: LiveSubscription): void {
    this.#subscription = subscription;
  }

  /** The subscription, once: the caller must start or discard it. */
  take(): LiveSubscription | undefined {
    const subscription = this.#subscription;
    this.#subscription = undefined;
    return subscription;
  }
}

/** What a transport (HTTP, WebSocket) passes along with an operation. */
export interface TransportContext {
  /** The request's `Authorization` value, if any. */
  readonly authorization: string | undefined;
  /** Receives the subscription, if the operation is one and was accepted. */
  readonly live: LiveSlot;
}
