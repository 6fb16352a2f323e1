import { setTimeout as pause } from 'node:timers/promises';

/** Waits until `condition` holds; the message says what was waited for when it never does. */
export async function until(
  what: string,
  condition: () => boolean | Promise<boolean>,
  timeoutMs = 10_000,
): Promise<void> {
  const end = Date.now() + timeoutMs;
  while (!(await condition())) {
    if (Date.now() > end) throw new Error(`waited ${timeoutMs} ms in vain: ${what}`);
    await pause(5);
  }
}

/** Lets the event loop turn, so that what is due happens. */
export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
