import { AsyncLocalStorage } from 'node:async_hooks';
import { it } from '@jest/globals';

const opened = new AsyncLocalStorage<(() => unknown)[]>();
// For native/threads.mjs, which is loaded once for all files.
Object.assign(globalThis, { [Symbol.for('opened at once')]: opened });

/** Closes something when the test of {@link atOnce} that opened it has ended, the last opened first. */
export function closeAfterTest(close: () => unknown): void {
  opened.getStore()!.push(close);
}

/**
 * A test after which all that it opened is closed, whatever fails meanwhile. One that exceeds Jest's timeout has not
 * ended by that: what it opened is closed once its own waits are over.
 * @throws the first that failed: the test, or what it opened last
 */
export function closing<T extends readonly unknown[]>(
  test: (...row: T) => Promise<void>,
): (...row: T) => Promise<void> {
  return (...row) =>
    opened.run([], async () => {
      const closes = opened.getStore()!;
      const errors: unknown[] = [];
      const run = async (step: () => unknown): Promise<void> => {
        try {
          await step();
        } catch (error) {
          errors.push(error);
        }
      };
      await run(() => test(...row));
      for (const close of closes.reverse()) await run(close);
      if (errors.length > 0) throw errors[0];
    });
}

/**
 * `it` for tests that wait for most of their time: those of one `describe` run beside each other, a few at once.
 * Each has a server of its own; no hook runs between them, so what one opens is closed by {@link closeAfterTest}.
 */
export function atOnce(name: string, test: () => Promise<void>, timeout?: number): void {
  it.concurrent(name, closing(test), timeout);
}

/** The same for one that needs the processor for itself, as it measures times. */
export function inTurn(name: string, test: () => Promise<void>, timeout?: number): void {
  it(name, closing(test), timeout);
}

/** As `it.each`. */
atOnce.each =
  <T extends readonly [unknown, ...unknown[]]>(rows: readonly T[]) =>
  (name: string, test: (...row: [...T]) => Promise<void>, timeout?: number): void =>
    it.concurrent.each(rows)(name, closing(test), timeout);
