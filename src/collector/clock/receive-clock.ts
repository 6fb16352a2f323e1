/** A step back of the system clock up to this long is bridged by standing still, ms. */
const BRIDGED_MS = 1000;

/**
 * The clock that stamps received books, Unix ms. Small corrections of the system clock (time
 * synchronisation) never make it run backwards; after a larger step back it follows the system, for
 * a wrong time for hours would be worse. The store keeps account of such steps.
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
