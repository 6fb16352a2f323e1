import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Waits until `condition` holds; fails with `what` after `ms`. */
export async function until(condition: () => boolean, what: string, ms = 15_000): Promise<void> {
  const end = Date.now() + ms;
  while (!condition()) {
    if (Date.now() > end) throw new Error(`waited ${ms} ms in vain: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** Like {@link until} for a condition that has to ask, every `everyMs` ms. */
export async function eventually<T>(
  ask: () => Promise<T>,
  accept: (value: T) => boolean,
  what: string,
  ms = 15_000,
  everyMs = 20,
): Promise<T> {
  const end = Date.now() + ms;
  for (;;) {
    const value = await ask();
    if (accept(value)) return value;
    if (Date.now() > end)
      throw new Error(`waited ${ms} ms in vain: ${what}; last: ${JSON.stringify(value)}`);
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
}

/** A fresh folder for one test and its removal. */
export function temporaryFolder(): { path: string; remove: () => void } {
  const path = mkdtempSync(join(tmpdir(), 'orderbook-'));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}
