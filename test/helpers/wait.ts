import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A question that took some time is asked again after so many times of it: it must not hold up what it waits for. */
const REST = 9;
/** The longest rest between two questions, ms. */
const MAX_REST_MS = 1_000;
/** The longest wait, ms, unless a test says otherwise: many times what a quiet machine needs. */
const WAIT_MS = 40_000;

/** Pauses between two questions of a wait. @param began when the last one was asked, of `performance.now()` */
function rest(began: number, leastMs: number): Promise<void> {
  const ms = Math.max(leastMs, Math.min(MAX_REST_MS, REST * (performance.now() - began)));
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Waits until `condition` holds; fails with `what` after `ms`. */
export async function until(
  condition: () => boolean | Promise<boolean>,
  what: string,
  ms = WAIT_MS,
): Promise<void> {
  const end = Date.now() + ms;
  for (;;) {
    const began = performance.now();
    if (await condition()) return;
    if (Date.now() > end) throw new Error(`waited ${ms} ms in vain: ${what}`);
    await rest(began, 5);
  }
}

/** Like {@link until} for a condition that has to ask, every `everyMs` ms. */
export async function eventually<T>(
  ask: () => Promise<T>,
  accept: (value: T) => boolean,
  what: string,
  ms = WAIT_MS,
  everyMs = 20,
): Promise<T> {
  const end = Date.now() + ms;
  for (;;) {
    const began = performance.now();
    const value = await ask();
    if (accept(value)) return value;
    if (Date.now() > end)
      throw new Error(`waited ${ms} ms in vain: ${what}; last: ${JSON.stringify(value)}`);
    await rest(began, everyMs);
  }
}

/** A fresh folder for one test and its removal. */
export function temporaryFolder(): { path: string; remove: () => void } {
  const path = mkdtempSync(join(tmpdir(), 'orderbook-'));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}
