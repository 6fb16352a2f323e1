import { setFlagsFromString } from 'node:v8';
import { type App, startApp } from './app.js';
import type { Config } from './config.js';

/**
 * Signals this close together are one: Ctrl+C reaches the program from the terminal and, under npm,
 * again from npm.
 */
const SAME_SIGNAL_MS = 500;

/**
 * Growth of the heap after which it is collected again, percent. Left to itself V8 lets it grow to four
 * times of what is in use, which on the whole market is 150 MB more for no measurable speed.
 */
const HEAP_GROWING_PERCENT = 40;

/**
 * How V8 is to keep memory. Left to itself it makes the levels of a book directly among the old
 * objects, for it has seen many of them grow old; but most are equal to known ones and die at once.
 * On the whole market that is a full collection every 3 s instead of every 8, and three times the
 * delay of the event loop while it goes on.
 */
const MEMORY_FLAGS = [
  `--heap-growing-percent=${HEAP_GROWING_PERCENT}`,
  '--no-allocation-site-pretenuring',
];

/**
 * Runs the recorder as a process: SIGINT or SIGTERM stops it in order with exit code 0, a second
 * signal ends it at once. An error that nothing caught stops it in order with exit code 1, for its
 * state cannot be trusted then.
 * @param onStarted told once it serves
 * @param onStopped run after the recorder has closed, before the process ends
 * @throws {Error} when it cannot start
 */
export async function runUntilStopped(
  config: Config,
  onStarted: (app: App) => void = () => undefined,
  onStopped: () => Promise<void> = async () => undefined,
): Promise<void> {
  for (const flag of MEMORY_FLAGS) setFlagsFromString(flag);
  let stoppingSince: number | null = null;
  let starting: Promise<App> | null = null;
  const stop = (why: string, code: number): void => {
    if (stoppingSince !== null) {
      // A second signal ends at once; a second error must not keep the queue from being written.
      const second = performance.now() - stoppingSince > SAME_SIGNAL_MS;
      if (code === 0 && second) process.exit(130);
      return;
    }
    stoppingSince = performance.now();
    const end = async (): Promise<void> => {
      const app = await starting?.catch(() => null);
      await app?.close(why);
      await onStopped();
    };
    end().then(
      () => process.exit(code),
      (error: unknown) => {
        process.stderr.write(`error while stopping: ${String(error)}\n`);
        process.exit(1);
      },
    );
  };
  process.on('SIGINT', () => stop('SIGINT', 0));
  process.on('SIGTERM', () => stop('SIGTERM', 0));
  const fatal = (error: unknown): void => {
    process.stderr.write(
      `unexpected error: ${error instanceof Error ? error.stack : String(error)}\n`,
    );
    stop('unexpected error', 1);
  };
  process.on('uncaughtException', fatal);
  process.on('unhandledRejection', fatal);
  process.stderr.on('error', () => undefined);
  starting = startApp(config);
  onStarted(await starting);
}
