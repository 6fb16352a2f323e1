import type { LiveSubscription } from '../../live/live-streams.js';

/** Where a subscription that was let in is left for the transport that brought it. */
export class LiveSlot {
  #subscription: LiveSubscription | undefined;

  put(subscription: LiveSubscription): void {
    this.#subscription = subscription;
  }

  /** The subscription, once: its taker must start or discard it. */
  take(): LiveSubscription | undefined {
    const subscription = this.#subscription;
    this.#subscription = undefined;
    return subscription;
  }
}

/** What a transport (HTTP, WebSocket) hands over with an operation. */
export interface TransportContext {
  /** The `Authorization` value that came with it, if any. */
  readonly authorization: string | undefined;
  /** Takes the subscription, if the operation is one and was let in. */
  readonly live: LiveSlot;
}
