import { batch, signal } from '@preact/signals';

const waiting = new Set<() => void>();
let asked = false;

/**
 * Runs `update` (always the same function for the same work) once with the next frame; a hidden tab
 * has none, so it does not change.
 */
export function withNextFrame(update: () => void): void {
  waiting.add(update);
  if (asked) return;
  asked = true;
  requestAnimationFrame(() => {
    asked = false;
    const updates = [...waiting];
    waiting.clear();
    batch(() => {
      for (const each of updates) each();
    });
  });
}

/** How far the server's clock is ahead of ours, ms. */
let serverAhead = 0;

/** Notes the server's time, as it came with a message just now. */
export function noteServerTime(serverNow: number): void {
  serverAhead = serverNow - Date.now();
}

/** The server's time as well as we know it, Unix ms. */
export function serverNow(): number {
  return Date.now() + serverAhead;
}

/** The server's time, moved on twice a second: what ages are counted from. */
export const now = signal(Date.now());

const tick = (): void => {
  now.value = serverNow();
};
setInterval(() => withNextFrame(tick), 500);
