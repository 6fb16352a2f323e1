import { MOST_LAG_MS } from '../../market/trade-span.js';

/** How far a message may lag behind its trade, and behind messages about later ones, ms. */
const LAG_MS = 1_000;

/**
 * The exchange's time from which trades may be missing from a lost stream. They may have happened before
 * the last proof of the stream and still have been waiting in a socket or a queue. A connection delivers
 * the messages about a market in order, so no missing trade is older than the newest one received. Where
 * that is old, unknown or of a future that cannot be, only the longest delay of a message is a bound.
 * @param lastAt last proof of the stream, Unix ms
 * @param streamedUntil the exchange's time of the newest trade or book of the market that was received
 * on the connection, Unix ms; 0 = unknown
 */
export function missingSince(lastAt: number, streamedUntil: number): number {
  const known = streamedUntil > lastAt + MOST_LAG_MS ? 0 : streamedUntil;
  return Math.max(Math.min(lastAt, known) - LAG_MS, lastAt - MOST_LAG_MS);
}
