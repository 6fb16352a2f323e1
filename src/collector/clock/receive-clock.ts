/** A step back of the system clock up to this long is bridged by standing still, ms. */
const BRIDGED_MS = 1000;

/**
 * Stamps received books, Unix ms. It never runs backwards for small corrections of the system
 * clock; it follows larger ones, of which the store keeps account.
 */
export function receiveClock(now: () => number = Date.now): () => number {
  let last = 0;
  return () => {
    const time = now();
    if (time < last && last - time <= BRIDGED_MS) return last;
    last = time;
    return time;
  };
}
