import { until as waitUntil } from '../../helpers/wait.js';

/** Waits until `condition` holds; the message says what was waited for when it never does. */
export function until(
  what: string,
  condition: () => boolean | Promise<boolean>,
  timeoutMs = 10_000,
): Promise<void> {
  return waitUntil(condition, what, timeoutMs);
}

/** Lets the event loop turn, so that what is due happens. */
export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
