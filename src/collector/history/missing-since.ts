/** A message may come so long after its trade, and after those of trades that followed it, ms. */
const LAG_MS = 1_000;
/** No message is under way for longer, ms. */
const MOST_LAG_MS = 60_000;

/**
 * The exchange's time from which on trades may be missing of a stream of which nothing is had after
 * some moment: they may have happened before it, and have lain in a socket or waited to be handled.
 * Messages of a market come in order, so none of them is older than the newest trade that is had.
 * Where that one is old, or unknown, nothing but the longest way of a message bounds it.
 * @param lastAt last proof that the stream was had, Unix ms
 * @param newestTrade the exchange's time of the market's newest trade that is had, Unix ms; 0 = none is
 */
export function missingSince(lastAt: number, newestTrade: number): number {
  return Math.max(Math.min(lastAt, newestTrade) - LAG_MS, lastAt - MOST_LAG_MS);
}
