import { type Signal, signal } from '@preact/signals';

/**
 * A value that the browser remembers, if it allows that.
 * @param read parses what was kept; null: nothing was, and it may come from another version
 * @param write null where nothing need be kept
 */
export function kept<T>(
  key: string,
  read: (text: string | null) => T,
  write: (value: T) => string | null,
): Signal<T> {
  let text: string | null = null;
  try {
    text = localStorage.getItem(key);
  } catch {
    // Storage may be blocked; the value then lasts as long as the page.
  }
  const value = signal<T>(read(text));
  value.subscribe((now) => {
    try {
      const next = write(now);
      if (next === null) localStorage.removeItem(key);
      else localStorage.setItem(key, next);
    } catch {
      // As above.
    }
  });
  return value;
}

/** One of some choices that the browser remembers. */
export function keptChoice<T extends string>(key: string, choices: readonly T[], fallback: T) {
  return kept<T>(
    key,
    (text) => choices.find((each) => each === text) ?? fallback,
    (value) => (value === fallback ? null : value),
  );
}
