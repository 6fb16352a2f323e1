import { setFlagsFromString } from 'node:v8';
import type { Running } from './running.js';
import type { Config } from './settings/config.js';
import { startedWithNohup } from './hangup.js';
import { consoleStreams, flushConsole } from './logging/console.js';

/** Signals this close count as one: under npm, Ctrl+C comes from the terminal and again from npm. */
const SAME_SIGNAL_MS = 500;

/**
 * Heap growth that triggers a collection, percent. By default V8 lets the heap grow to four times
 * what is in use, which on the whole market is 150 MB more for no measurable gain.
 */
const HEAP_GROWING_PERCENT = 40;

/**
 * V8 memory flags that may be set at run time; how much may be young is fixed before that, so it is
 * with `npm start` (`--max-semi-space-size`). By default it allocates the levels of a book directly in old space, having seen
 * many of them grow old; but most are equal to known ones and die at once. On the whole market that
 * means a full collection every 3 s instead of every 8, with three times the event loop delay
 * during it.
 */
const MEMORY_FLAGS = [
  `--heap-growing-percent=${HEAP_GROWING_PERCENT}`,
  '--no-allocation-site-pretenuring',
];

/** A startup that has not finished this long after a signal is aborted, ms. */
const START_GRACE_MS = 1_500;
/** Longest wait for system calls still in progress when everything is closed, ms. */
const THREAD_GRACE_MS = 3_000;
/** Longest wait for a console to take the last lines, ms. */
const CONSOLE_GRACE_MS = 500;

/** Signals that stop the recorder cleanly. SIGHUP: its terminal was closed. */
const STOP_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * Runs the recorder as a process: SIGINT, SIGTERM or SIGHUP stops it cleanly with exit code 0, a
 * second signal ends it immediately, and so does the first if startup does not finish. Under
 * `nohup` SIGHUP is ignored. An uncaught error stops it cleanly with exit code 1, since its state
 * can no longer be trusted.
 * @param onStarted called once it serves
 * @param onStopped run after the recorder has closed, before the process ends
 * @throws {Error} when it cannot start
 */
export async function runUntilStopped(
  config: Config,
  onStarted: (app: Running) => void = () => undefined,
  onStopped: () => Promise<void> = async () => undefined,
): Promise<void> {
  for (const flag of MEMORY_FLAGS) setFlagsFromString(flag);
  const { errors } = consoleStreams();
  let stoppingSince: number | null = null;
  let starting: Promise<Running> | null = null;
  let started = false;
  const stop = (why: string, code: number, signal?: NodeJS.Signals): void => {
    if (stoppingSince !== null) {
      // A second signal ends it immediately; a second error must not keep the queue from being written.
      const second = performance.now() - stoppingSince > SAME_SIGNAL_MS;
      if (signal !== undefined && second) endBySignal(signal);
      return;
    }
    stoppingSince = performance.now();
    if (!started) setTimeout(() => started || endBySignal(signal ?? 'SIGTERM'), START_GRACE_MS);
    const end = async (): Promise<void> => {
      const app = await starting?.catch(() => null);
      started = true;
      await app?.close(why);
      await onStopped();
    };
    void end()
      .catch((error: unknown) => {
        errors.write(
          `error while stopping: ${error instanceof Error ? error.message : String(error)}\n`,
        );
        code = 1;
      })
      .then(() => flushConsole(CONSOLE_GRACE_MS))
      .finally(() => exitBy(code, signal ?? 'SIGTERM'));
  };
  const nohup = startedWithNohup(process.env);
  for (const signal of STOP_SIGNALS) {
    process.on(signal, () => {
      if (signal !== 'SIGHUP' || !nohup) stop(signal, 0, signal);
    });
  }
  const fatal = (error: unknown): void => {
    errors.write(`unexpected error: ${error instanceof Error ? error.stack : String(error)}\n`);
    stop('unexpected error', 1);
  };
  process.on('uncaughtException', fatal);
  process.on('unhandledRejection', fatal);
  // Loaded only here, so that an invalid setting is reported without waiting for it.
  starting =
    config.busUrl === null
      ? import('./app.js').then(({ startApp }) => startApp(config))
      : import('./nodes/node.js').then(({ startNode }) =>
          startNode(config, false, {}, (error) => {
            errors.write(`cannot continue: ${error.message}\n`);
            stop('it cannot continue', 1);
          }),
        );
  try {
    const app = await starting;
    started = true;
    onStarted(app);
  } catch (error) {
    // Startup was stopped on purpose, so its failure is expected; `stop` ends the process.
    if (stoppingSince === null) throw error;
    await new Promise(() => undefined);
  }
}

/**
 * Exits with this code once no thread is busy with a file or a name; if one does not return (a disk
 * that is gone, a pipe without a reader), ends by the signal.
 */
function exitBy(code: number, signal: NodeJS.Signals): void {
  const since = performance.now();
  const look = (): void => {
    const busy = process.getActiveResourcesInfo().some((kind) => /^(FSReq|GetAddr)/.test(kind));
    if (!busy) process.exit(code);
    if (performance.now() - since > THREAD_GRACE_MS) endBySignal(signal);
    else setTimeout(look, 20);
  };
  look();
}

/**
 * Ends the process like an unhandled signal. Not `process.exit`, which waits for the threads: one
 * of them may be stuck in a system call that never returns.
 */
function endBySignal(signal: NodeJS.Signals): void {
  process.removeAllListeners(signal);
  process.kill(process.pid, signal);
}
