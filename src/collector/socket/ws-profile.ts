import type { RateLimit } from '../limits/rate-limiter.js';

/** What docs/exchanges says of an exchange's sockets. Times in ms. */
export interface WSProfile {
  /** Most pairs one socket carries. */
  readonly maxPairs: number;
  /** A ping goes out this often; Infinity for an exchange that does all pinging itself. */
  readonly pingEveryMs: number;
  /** Without any frame, ping or pong for this long the socket is dead. */
  readonly silentAfterMs: number;
  /** A subscribed pair without a book for this long is reported. */
  readonly firstBookWithinMs: number;
  /** Limits of messages from client to server on one socket. */
  readonly messageLimits: readonly RateLimit[];
  /** Largest frame accepted, bytes. */
  readonly maxPayload: number;
}
