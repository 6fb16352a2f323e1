/**
 * Waits this long, ms, but not beyond the abort of `signal`; does not keep the process alive by itself
 * where `hold` is false. Not `timers/promises`, which calls an abort an error, and whose timers no
 * test's clock moves.
 */
export function pause(ms: number, signal?: AbortSignal, hold = true): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted === true) return resolve();
    const end = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, Math.max(0, ms));
    if (!hold) timer.unref();
    signal?.addEventListener('abort', end);
  });
}

/** Settles as `work` does, or with what `late` gives when that takes longer than `ms`. */
export async function within<T, L>(work: Promise<T>, ms: number, late: () => L): Promise<T | L> {
  let timer: NodeJS.Timeout | undefined;
  const over = new Promise<L>((resolve) => {
    timer = setTimeout(() => resolve(late()), ms);
  });
  try {
    return await Promise.race([work, over]);
  } finally {
    clearTimeout(timer);
  }
}
