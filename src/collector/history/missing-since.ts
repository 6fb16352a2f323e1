/** A message may come so long after its trade, and after messages of what followed it, ms. */
const LAG_MS = 1_000;
/** No message is under way for longer, ms. */
const MOST_LAG_MS = 60_000;

/**
 * The exchange's time from which on trades may be missing of a stream of which nothing is had after
 * some moment: they may have happened before it, and have lain in a socket or waited to be handled.
 * What a connection says of a market comes in order, so none of them is older than the newest that is
 * had. Where that is old, or unknown, nothing but the longest way of a message bounds it.
 * @param lastAt last proof that the stream was had, Unix ms
 * @param streamedUntil the exchange's time of the newest that the connection said of the market, a trade or
 * a book, Unix ms; 0 = it is not known
 */
export function missingSince(lastAt: number, streamedUntil: number): number {
  return Math.max(Math.min(lastAt, streamedUntil) - LAG_MS, lastAt - MOST_LAG_MS);
}
