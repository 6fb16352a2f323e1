import { batch, signal } from '@preact/signals';

const waiting = new Set<() => void>();
let asked = false;

/**
 * Runs `update` (always the same function for the same work) once with the next frame; a hidden tab
 * has no frames, so it does not change.
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

/** Records the server's time from a message just received. */
export function noteServerTime(serverNow: number): void {
  serverAhead = serverNow - Date.now();
}

/** The best estimate of the server's time, Unix ms. */
export function serverNow(): number {
  return Date.now() + serverAhead;
}

/** The server's time, updated twice a second: the base of displayed ages. */
export const now = signal(Date.now());

const tick = (): void => {
  now.value = serverNow();
};
setInterval(() => withNextFrame(tick), 500);
