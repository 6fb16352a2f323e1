/** A backward step of the system clock up to this long is bridged by holding the time, ms. */
const BRIDGED_MS = 1000;

/**
 * Stamps received books, Unix ms. Small corrections of the system clock never make it run
 * backwards; larger ones it follows, and the store accounts for them.
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
