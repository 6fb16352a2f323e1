import { setFlagsFromString } from 'node:v8';
import type { Running } from './running.js';
import type { Config } from './settings/config.js';
import { startedWithNohup } from './hangup.js';
import { consoleStreams, flushConsole } from './logging/console.js';

/** Signals this close are one: under npm, Ctrl+C comes from the terminal and again from npm. */
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

/** A start that is not over this long after a signal is aborted, ms. */
const START_GRACE_MS = 1_500;
/** Longest wait for calls to the system that are still under way when all is closed, ms. */
const THREAD_GRACE_MS = 3_000;
/** Longest wait for a console to take the last lines, ms. */
const CONSOLE_GRACE_MS = 500;

/** The signals that stop the recorder in order. SIGHUP: its terminal was closed. */
const STOP_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * Runs the recorder as a process: SIGINT, SIGTERM or SIGHUP stops it in order with exit code 0, a
 * second signal ends it at once, and so does the first when the start does not come to an end. Under
 * `nohup` SIGHUP means nothing. An error that nothing caught stops it in order with exit code 1, for
 * its state cannot be trusted then.
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
      // A second signal ends at once; a second error must not keep the queue from being written.
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
  // Loaded only here, so that a wrong setting is reported without waiting for it.
  starting =
    config.busUrl === null
      ? import('./app.js').then(({ startApp }) => startApp(config))
      : import('./nodes/node.js').then(({ startNode }) =>
          startNode(config, false, {}, (error) => {
            errors.write(`cannot go on: ${error.message}\n`);
            stop('it cannot go on', 1);
          }),
        );
  try {
    const app = await starting;
    started = true;
    onStarted(app);
  } catch (error) {
    // The start was stopped on purpose, so its failure is no news; `stop` ends the process.
    if (stoppingSince === null) throw error;
    await new Promise(() => undefined);
  }
}

/**
 * Exits with this code once no thread is busy with a file or a name; when one does not come back (a
 * disk that is gone, a pipe without a reader), ends by the signal.
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
 * Ends the process as a signal does that nothing listens to. Not `process.exit`, which waits for the
 * threads: one of them may stand in a call of the system that does not come back.
 */
function endBySignal(signal: NodeJS.Signals): void {
  process.removeAllListeners(signal);
  process.kill(process.pid, signal);
}
